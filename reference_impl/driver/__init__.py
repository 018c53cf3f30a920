"""The CSI driver: all services of the interface on one socket, over the backend's REST API.

It keeps no state: what it must know it asks of the backend or of the kernel, so it can be killed at any moment.
"""
