"""The storage backend: volumes as files in a reflink pool, attached as loop devices.

Its REST API has the shape of Longhorn's.
It knows nothing of CSI or Kubernetes. All its state is on disk and in the kernel, so that it can be killed
at any moment and started again while volumes are in use.
"""
