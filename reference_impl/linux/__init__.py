"""What the backend and the driver need of Linux and Python does not offer: mounts, loop devices, freezing.

Nothing here knows of volumes, snapshots or CSI.
"""
