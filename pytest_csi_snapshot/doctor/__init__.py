"""What a cluster lacks for a driver to be judged in it: looked at, asked for by probes, told with a remedy.

Read in this order: ``survey`` and ``probes`` gather the evidence, ``ailments`` are the table of what can be wrong,
``examination`` holds one against the other, ``telling`` puts it into words.
"""
