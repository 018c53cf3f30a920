"""The csi-snapshotter sidecar: makes and deletes a driver's snapshots as VolumeSnapshotContents say."""
