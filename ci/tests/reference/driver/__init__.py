"""The driver over gRPC, with real loop devices and filesystems."""
