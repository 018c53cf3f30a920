"""The csi-provisioner sidecar: makes volumes for claims (empty, restored, cloned) and deletes released ones."""
