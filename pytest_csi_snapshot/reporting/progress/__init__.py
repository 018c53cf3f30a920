"""How far a run is, told while it goes on: a line redrawn in place on a terminal, plain lines in a log.

``tally`` counts, ``pace`` estimates what is left, ``telling`` puts both into words, ``screen`` owns the line on
the terminal, ``hooks`` listens to pytest. What the tests wait for comes from ``standing``.
"""
