"""The tutorial's chapter on CSI snapshots: each of its commands run, each of its outputs checked, in its order.

Run with ``pytest --csi-walkthrough``; ``-s`` shows the commands and their outputs as they come.
"""
