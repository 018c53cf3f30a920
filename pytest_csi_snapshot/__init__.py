"""Conformance of CSI volume snapshots as a pytest plugin.

Importing this package costs nothing: the Kubernetes client and gRPC are imported by the modules
that need them, when they need them.
"""

__version__ = "0.1.0"
