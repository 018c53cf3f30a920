"""What a driver on this machine says of its snapshots and volumes, asked of it past Kubernetes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CALL_SECONDS = 20.0

_AGAIN = {
    "maxAttempts": 5,
    "initialBackoff": "0.2s",
    "maxBackoff": "2s",
    "backoffMultiplier": 2,
    "retryableStatusCodes": ["UNAVAILABLE", "ABORTED"],
}
"""A call that the driver could not take is made again, as its sidecars do: each of CSI's may be."""
_OPTIONS = (("grpc.service_config", json.dumps({"methodConfig": [{"name": [{}], "retryPolicy": _AGAIN}]})),)

PAGE = 500
"""Snapshots, or volumes, that are asked for at one time where all are wanted."""


def snapshots_of(socket: Path, volume: str) -> list[str]:
    """The ids of all snapshots of a volume. Raises grpc.RpcError, OSError where there is no such folder."""
    from pytest_csi_snapshot.csi.wire import csi_pb2

    with _controller(socket) as controller:
        request = csi_pb2.ListSnapshotsRequest(source_volume_id=volume)
        answer = controller.ListSnapshots(request, timeout=CALL_SECONDS)
    return [entry.snapshot.snapshot_id for entry in answer.entries]


def all_snapshots(socket: Path) -> frozenset[str]:
    """The ids of all snapshots that the driver has, page by page. Raises as above."""
    from pytest_csi_snapshot.csi.wire import csi_pb2

    with _controller(socket) as controller:
        pages = _pages(controller.ListSnapshots, csi_pb2.ListSnapshotsRequest)
        return frozenset(entry.snapshot.snapshot_id for page in pages for entry in page)


def all_volumes(socket: Path) -> frozenset[str]:
    """The ids of all volumes that the driver has, page by page. Raises as above."""
    from pytest_csi_snapshot.csi.wire import csi_pb2

    with _controller(socket) as controller:
        pages = _pages(controller.ListVolumes, csi_pb2.ListVolumesRequest)
        return frozenset(entry.volume.volume_id for page in pages for entry in page)


def nodes_by_volume(socket: Path) -> dict[str, frozenset[str]]:
    """The ids of the nodes that each volume is published to, for all volumes. Raises as above."""
    from pytest_csi_snapshot.csi.wire import csi_pb2

    with _controller(socket) as controller:
        pages = _pages(controller.ListVolumes, csi_pb2.ListVolumesRequest)
        entries = [entry for page in pages for entry in page]
    return {entry.volume.volume_id: frozenset(entry.status.published_node_ids) for entry in entries}


def _pages(method: Any, request: Any) -> Iterator[Any]:
    token = ""
    while True:
        answer = method(request(max_entries=PAGE, starting_token=token), timeout=CALL_SECONDS)
        yield answer.entries
        token = answer.next_token
        if not token:
            return


def can_list(socket: Path) -> bool:
    """The driver claims LIST_SNAPSHOTS. Raises as above."""
    return _claims(socket, "LIST_SNAPSHOTS")


def can_list_volumes(socket: Path) -> bool:
    """The driver claims LIST_VOLUMES. Raises as above."""
    return _claims(socket, "LIST_VOLUMES")


def can_list_nodes(socket: Path) -> bool:
    """The driver claims LIST_VOLUMES_PUBLISHED_NODES. Raises as above."""
    return _claims(socket, "LIST_VOLUMES_PUBLISHED_NODES")


def _claims(socket: Path, capability: str) -> bool:
    from pytest_csi_snapshot.csi.wire import csi_pb2

    with _controller(socket) as controller:
        request = csi_pb2.ControllerGetCapabilitiesRequest()
        answer = controller.ControllerGetCapabilities(request, timeout=CALL_SECONDS)
    claimed = csi_pb2.ControllerServiceCapability.RPC.Type.Value(capability)
    return any(each.rpc.type == claimed for each in answer.capabilities)


@dataclass(frozen=True)
class Told:
    """What a driver tells of one snapshot: ``cut`` in nanoseconds since 1970 (0: not told), ``size`` in bytes."""

    ready: bool
    cut: int
    size: int


def told_of(socket: Path, handle: str) -> Told | None:
    """What the driver tells of a snapshot; None for one that it does not know. Raises as above."""
    from pytest_csi_snapshot.csi.wire import csi_pb2

    with _controller(socket) as controller:
        answer = controller.ListSnapshots(csi_pb2.ListSnapshotsRequest(snapshot_id=handle), timeout=CALL_SECONDS)
    for entry in answer.entries:
        found = entry.snapshot
        return Told(found.ready_to_use, found.creation_time.ToNanoseconds(), found.size_bytes)
    return None


def refusal_of(socket: Path, name: str, secrets: Mapping[str, str]) -> str:
    """What the driver says when it is to cut a volume that does not exist; "" where it cuts it. Raises OSError."""
    import grpc

    from pytest_csi_snapshot.csi.wire import csi_pb2

    request = csi_pb2.CreateSnapshotRequest(name=name, source_volume_id=f"{name}-of-nothing", secrets=secrets)
    with _controller(socket) as controller:
        try:
            controller.CreateSnapshot(request, timeout=CALL_SECONDS)
        except grpc.RpcError as error:
            return str(error.details())
    return ""


def cut(socket: Path, name: str, volume: str) -> str:
    """Have a volume cut; the id of the snapshot, which is new only where ``name`` is. Raises as above."""
    from pytest_csi_snapshot.csi.wire import csi_pb2

    request = csi_pb2.CreateSnapshotRequest(name=name, source_volume_id=volume)
    with _controller(socket) as controller:
        return str(controller.CreateSnapshot(request, timeout=CALL_SECONDS).snapshot.snapshot_id)


def delete(socket: Path, handle: str) -> None:
    """Have a snapshot deleted. Raises as above."""
    from pytest_csi_snapshot.csi.wire import csi_pb2

    with _controller(socket) as controller:
        controller.DeleteSnapshot(csi_pb2.DeleteSnapshotRequest(snapshot_id=handle), timeout=CALL_SECONDS)


def delete_group(socket: Path, handle: str, members: Sequence[str]) -> None:
    """Have a group snapshot deleted with its members, all of whose handles it takes. Raises as above."""
    from pytest_csi_snapshot.csi.wire import csi_pb2, csi_pb2_grpc

    request = csi_pb2.DeleteVolumeGroupSnapshotRequest(group_snapshot_id=handle, snapshot_ids=members)
    with _channel(socket) as channel:
        csi_pb2_grpc.GroupControllerStub(channel).DeleteVolumeGroupSnapshot(request, timeout=CALL_SECONDS)


@contextmanager
def _controller(socket: Path) -> Iterator[Any]:
    from pytest_csi_snapshot.csi.wire import csi_pb2_grpc

    with _channel(socket) as channel:
        yield csi_pb2_grpc.ControllerStub(channel)


@contextmanager
def _channel(socket: Path) -> Iterator[Any]:
    import grpc

    # A socket's path has room for 107 characters, which a run directory may exceed.
    folder = os.open(socket.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with grpc.insecure_channel(f"unix:/proc/self/fd/{folder}/{socket.name}", _OPTIONS) as channel:
            yield channel
    finally:
        os.close(folder)
