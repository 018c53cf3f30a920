"""CSI and plugin registration messages and stubs, written by ``ci/generate_wire.py``; do not edit.

The protos lie with the reference implementation, which stands alone and therefore has the same stubs.
"""
