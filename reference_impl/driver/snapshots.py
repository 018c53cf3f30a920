"""The controller service: snapshots."""

# ruff: noqa: ARG002, N802  names and arguments of the methods are the interface's

from __future__ import annotations

from datetime import datetime

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from ..wire import csi_pb2, csi_pb2_grpc
from .backend import Backend, Snapshot
from .names import GroupHandle, SnapshotHandle, snapshot_name
from .paging import page
from .refusals import Refusal, invalid, need


class SnapshotCalls(csi_pb2_grpc.ControllerServicer):
    """Snapshots are ready when the call that makes them returns."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def CreateSnapshot(
        self, request: csi_pb2.CreateSnapshotRequest, context: grpc.ServicerContext
    ) -> csi_pb2.CreateSnapshotResponse:
        """Idempotent by name (RPC-CRS-001 to -003)."""
        volume = need(request.source_volume_id, "source volume id")
        name = snapshot_name(need(request.name, "snapshot name"))
        check_type(request.parameters.get("type", ""))
        snapshot = self._backend.create_snapshot(volume, name, dict(request.parameters))
        return csi_pb2.CreateSnapshotResponse(snapshot=message(snapshot))

    def DeleteSnapshot(
        self, request: csi_pb2.DeleteSnapshotRequest, context: grpc.ServicerContext
    ) -> csi_pb2.DeleteSnapshotResponse:
        """An unknown id is as good as a deleted one; a group's is refused (RPC-DES-001, -002)."""
        snapshot = self._find(need(request.snapshot_id, "snapshot id"))
        if snapshot is not None:
            self._backend.delete_snapshot(snapshot.name)
        return csi_pb2.DeleteSnapshotResponse()

    def GetSnapshot(
        self, request: csi_pb2.GetSnapshotRequest, context: grpc.ServicerContext
    ) -> csi_pb2.GetSnapshotResponse:
        snapshot = self._find(need(request.snapshot_id, "snapshot id"))
        if snapshot is None:
            raise Refusal(grpc.StatusCode.NOT_FOUND, f"snapshot {request.snapshot_id} not found")
        return csi_pb2.GetSnapshotResponse(snapshot=message(snapshot))

    def ListSnapshots(
        self, request: csi_pb2.ListSnapshotsRequest, context: grpc.ServicerContext
    ) -> csi_pb2.ListSnapshotsResponse:
        """All that the backend has, also those made past CSI (RPC-LIS-001, -002)."""
        if request.snapshot_id:
            one = self._find(request.snapshot_id)
            found = [one] if one and request.source_volume_id in ("", one.volume) else []
        else:
            found = self._backend.snapshots(request.source_volume_id)
        by_name = {snapshot.name: snapshot for snapshot in found}
        names, token = page(sorted(by_name), request.max_entries, request.starting_token)
        entries = [csi_pb2.ListSnapshotsResponse.Entry(snapshot=message(by_name[name])) for name in names]
        return csi_pb2.ListSnapshotsResponse(entries=entries, next_token=token)

    def _find(self, snapshot_id: str) -> Snapshot | None:
        handle = SnapshotHandle.parse(snapshot_id)
        snapshot = self._backend.find_snapshot(handle.name) if handle else None
        if handle is None or snapshot is None or snapshot.volume != handle.volume:
            return None
        return snapshot


def check_type(kind: str) -> None:
    """The class parameter ``type``: in-cluster snapshots only; a backup needs a backup target."""
    if kind in ("", "snap"):
        return
    if kind in ("bak", "bs"):
        raise Refusal(grpc.StatusCode.ABORTED, "backup target default is not available")
    raise invalid(f"invalid CSI snapshot type: {kind}. Must be snap or bak")


def message(snapshot: Snapshot) -> csi_pb2.Snapshot:
    """As the interface has it; the id of its group too, if it is in one."""
    return csi_pb2.Snapshot(
        snapshot_id=str(SnapshotHandle(snapshot.volume, snapshot.name)),
        source_volume_id=snapshot.volume,
        size_bytes=snapshot.size,
        creation_time=timestamp(snapshot.created),
        ready_to_use=snapshot.ready,
        group_snapshot_id=str(GroupHandle(snapshot.group)) if snapshot.group else "",
    )


def timestamp(moment: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp
