"""The controller service: snapshots, of either kind."""

# ruff: noqa: ARG002, N802  names and arguments of the methods are the interface's

from __future__ import annotations

import grpc

from ..profiles import Profile
from ..wire import csi_pb2, csi_pb2_grpc
from . import snapshot_class
from .backend import Backend
from .backup_snapshots import BackupSnapshots
from .inflight import InFlight
from .local_snapshots import LocalSnapshots
from .names import SNAPSHOT, SnapshotHandle, snapshot_name
from .paging import page
from .patience import Patience
from .refusals import Refusal, need


class SnapshotCalls(csi_pb2_grpc.ControllerServicer):
    """One call at a time per name or id: of two that find no backup both would begin one."""

    def __init__(self, backend: Backend, profile: Profile, patience: Patience) -> None:
        self._profile = profile
        self._local = LocalSnapshots(backend)
        self._backed_up = BackupSnapshots(backend, profile, patience)
        self._in_flight = InFlight()

    def CreateSnapshot(
        self, request: csi_pb2.CreateSnapshotRequest, context: grpc.ServicerContext
    ) -> csi_pb2.CreateSnapshotResponse:
        """Idempotent by name (RPC-CRS-001 to -003)."""
        volume = need(request.source_volume_id, "source volume id")
        name = snapshot_name(need(request.name, "snapshot name"))
        kind = snapshot_class.kind(request.parameters, self._profile)
        with self._in_flight.one(f"snapshot {name}"):
            if kind == SNAPSHOT:
                snapshot = self._local.create(volume, name, request.parameters)
            else:
                snapshot = self._backed_up.create(volume, name, request.parameters, context)
        return csi_pb2.CreateSnapshotResponse(snapshot=snapshot)

    def DeleteSnapshot(
        self, request: csi_pb2.DeleteSnapshotRequest, context: grpc.ServicerContext
    ) -> csi_pb2.DeleteSnapshotResponse:
        """An unknown id is as good as a deleted one; a group's is refused (RPC-DES-001, -002)."""
        handle = SnapshotHandle.parse(need(request.snapshot_id, "snapshot id"))
        if handle is not None:
            with self._in_flight.one(f"snapshot {handle}"):
                if self._is_local(handle):
                    self._local.delete(handle)
                else:
                    self._backed_up.delete(handle, context)
        return csi_pb2.DeleteSnapshotResponse()

    def GetSnapshot(
        self, request: csi_pb2.GetSnapshotRequest, context: grpc.ServicerContext
    ) -> csi_pb2.GetSnapshotResponse:
        self._check_lists()
        snapshot = self._find(need(request.snapshot_id, "snapshot id"))
        if snapshot is None:
            raise Refusal(grpc.StatusCode.NOT_FOUND, f"snapshot {request.snapshot_id} not found")
        return csi_pb2.GetSnapshotResponse(snapshot=snapshot)

    def ListSnapshots(
        self, request: csi_pb2.ListSnapshotsRequest, context: grpc.ServicerContext
    ) -> csi_pb2.ListSnapshotsResponse:
        """All that the backend has, also those made past CSI (RPC-LIS-001, -002)."""
        self._check_lists()
        if request.snapshot_id:
            one = self._find(request.snapshot_id)
            found = [one] if one and request.source_volume_id in ("", one.source_volume_id) else []
        else:
            backups, backed_up = self._backed_up.all(request.source_volume_id)
            found = [*backups, *self._local.all(request.source_volume_id, backed_up)]
        by_id = {snapshot.snapshot_id: snapshot for snapshot in found}
        ids, token = page(sorted(by_id), request.max_entries, request.starting_token)
        entries = [csi_pb2.ListSnapshotsResponse.Entry(snapshot=by_id[snapshot_id]) for snapshot_id in ids]
        return csi_pb2.ListSnapshotsResponse(entries=entries, next_token=token)

    def _find(self, snapshot_id: str) -> csi_pb2.Snapshot | None:
        handle = SnapshotHandle.parse(snapshot_id)
        if handle is None:
            return None
        return self._local.find(handle) if self._is_local(handle) else self._backed_up.find(handle)

    def _is_local(self, handle: SnapshotHandle) -> bool:
        """Where snapshots are not objects of their own, every handle is looked up as a backup's."""
        return handle.kind == SNAPSHOT and self._profile.snapshot_crs

    def _check_lists(self) -> None:
        if not self._profile.lists_snapshots:
            raise NotImplementedError
