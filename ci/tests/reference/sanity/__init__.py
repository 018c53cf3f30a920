"""The driver before csi-sanity, the conformance program of the CSI project."""
