"""The snapshot-controller: binds VolumeSnapshots to contents and decides what is created and deleted.

It never talks to a driver; the csi-snapshotter sidecar does what the contents say.
"""
