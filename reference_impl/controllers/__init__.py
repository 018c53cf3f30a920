"""The controllers: snapshot-controller and the four sidecars, after the behaviour of the upstream ones.

Each role is a package with ``main.main(argv)``. ``kube`` talks to the API server, ``work`` runs
level-triggered loops, ``csi`` calls the driver; none of the three knows what a role decides.
"""
