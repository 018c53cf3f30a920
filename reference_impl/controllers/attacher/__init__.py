"""The csi-attacher sidecar: attaches a driver's volumes to nodes, and detaches them, as VolumeAttachments say."""
