"""What becomes of the contract with many objects: run with ``--csi-stress N``, and only then."""
