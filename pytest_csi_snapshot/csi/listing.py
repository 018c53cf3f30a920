"""The snapshots that a driver on this machine has, asked of it past Kubernetes."""

from __future__ import annotations

import os
from pathlib import Path

CALL_SECONDS = 20.0


def snapshots_of(socket: Path, volume: str) -> list[str]:
    """The ids of all snapshots of a volume. Raises grpc.RpcError, OSError where there is no such folder."""
    import grpc

    from pytest_csi_snapshot.csi.wire import csi_pb2, csi_pb2_grpc

    # A socket's path has room for 107 characters, which a run directory may exceed.
    folder = os.open(socket.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with grpc.insecure_channel(f"unix:/proc/self/fd/{folder}/{socket.name}") as channel:
            request = csi_pb2.ListSnapshotsRequest(source_volume_id=volume)
            answer = csi_pb2_grpc.ControllerStub(channel).ListSnapshots(request, timeout=CALL_SECONDS)
    finally:
        os.close(folder)
    return [entry.snapshot.snapshot_id for entry in answer.entries]
