"""Calls to a CSI driver over its socket, what its error codes mean, and the secrets that calls carry."""
