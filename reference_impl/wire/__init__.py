"""The interface on the wire: CSI and plugin registration, as generated from the protos beside this file.

Everything here but the protos is written by ``ci/generate_wire.py``.
"""
