"""Faults of DeleteSnapshot: what was to go stays, or comes back, or cannot go."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import grpc

from ..driver.names import SnapshotHandle
from ..driver.refusals import Refusal
from ..wire import csi_pb2
from .fault import Fault
from .wrapping import Clean, inner, wrap

if TYPE_CHECKING:
    from ..driver.backend import Backend
    from ..driver.services import Services


class DeleteLeavesSnapshot(Fault):
    """DeleteSnapshot answers OK while the snapshot stays in the backend."""

    name = "delete-leaves-snapshot"
    component = "driver"
    breaks = ("DEL-001", "DEL-016", "RPC-DES-001")
    kind = "lifecycle"

    def apply(self, target: Services) -> None:
        """Answer without asking the backend; a missing id is still refused."""

        def forgetful(clean: Clean, request: csi_pb2.DeleteSnapshotRequest, context: Any) -> Any:
            if not request.snapshot_id:
                return clean(request, context)
            return csi_pb2.DeleteSnapshotResponse()

        wrap(target.controller, "DeleteSnapshot", forgetful)


class LastSnapshotStays(Fault):
    """The last snapshot of a volume is never deleted: its blocks stay in the storage."""

    name = "last-snapshot-stays"
    component = "driver"
    breaks = ("DEL-001", "DEL-016")
    kind = "lifecycle"
    issue = "https://github.com/longhorn/longhorn/issues/2417"
    seen = "L20"

    def apply(self, target: Services) -> None:
        """DeleteSnapshot answers OK and does nothing where the volume has no other."""
        backend: Backend = inner(target.controller, "_backend")

        def sparing(clean: Clean, request: csi_pb2.DeleteSnapshotRequest, context: Any) -> Any:
            handle = SnapshotHandle.parse(request.snapshot_id)
            if handle is not None and len(backend.snapshots.all(handle.volume)) == 1:
                return csi_pb2.DeleteSnapshotResponse()
            return clean(request, context)

        wrap(target.controller, "DeleteSnapshot", sparing)


class DeletedSnapshotReappears(Fault):
    """A deleted snapshot is gone until its volume is snapshotted again, and is there again afterwards."""

    name = "deleted-snapshot-reappears"
    component = "driver"
    breaks = ("DEL-016", "DEL-001")
    kind = "lifecycle"
    issue = "https://github.com/longhorn/longhorn/issues/6298"
    seen = "L26"

    def apply(self, target: Services) -> None:
        """DeleteSnapshot hides the snapshot from ListSnapshots and GetSnapshot, and does no more."""
        guard, hidden = threading.Lock(), dict[str, set[str]]()

        def away(snapshot_id: str) -> bool:
            with guard:
                return any(snapshot_id in ids for ids in hidden.values())

        def hiding(clean: Clean, request: csi_pb2.DeleteSnapshotRequest, context: Any) -> Any:
            handle = SnapshotHandle.parse(request.snapshot_id)
            if handle is None:
                return clean(request, context)
            with guard:
                hidden.setdefault(handle.volume, set()).add(request.snapshot_id)
            return csi_pb2.DeleteSnapshotResponse()

        def cutting(clean: Clean, request: csi_pb2.CreateSnapshotRequest, context: Any) -> Any:
            with guard:
                hidden.pop(request.source_volume_id, None)
            return clean(request, context)

        def listed(clean: Clean, request: Any, context: Any) -> csi_pb2.ListSnapshotsResponse:
            answer: csi_pb2.ListSnapshotsResponse = clean(request, context)
            shown = [entry for entry in answer.entries if not away(entry.snapshot.snapshot_id)]
            return csi_pb2.ListSnapshotsResponse(entries=shown, next_token=answer.next_token)

        def got(clean: Clean, request: csi_pb2.GetSnapshotRequest, context: Any) -> Any:
            if away(request.snapshot_id):
                raise Refusal(grpc.StatusCode.NOT_FOUND, f"snapshot {request.snapshot_id} not found")
            return clean(request, context)

        wrap(target.controller, "DeleteSnapshot", hiding)
        wrap(target.controller, "CreateSnapshot", cutting)
        wrap(target.controller, "ListSnapshots", listed)
        wrap(target.controller, "GetSnapshot", got)


class DeleteRefusesMissing(Fault):
    """A snapshot that is gone from the storage cannot be deleted: its VolumeSnapshot stays Terminating."""

    name = "delete-refuses-missing-snapshot"
    component = "driver"
    breaks = ("RPC-DES-001",)
    kind = "errors"
    issue = "https://github.com/longhorn/longhorn/issues/4107"
    seen = "L08"

    def apply(self, target: Services) -> None:
        """DeleteSnapshot answers NOT_FOUND for an id of ours that nothing has."""
        backend: Backend = inner(target.controller, "_backend")

        def strict(clean: Clean, request: csi_pb2.DeleteSnapshotRequest, context: Any) -> Any:
            handle = SnapshotHandle.parse(request.snapshot_id)
            if handle is not None and backend.snapshots.find(handle.volume, handle.name) is None:
                raise Refusal(grpc.StatusCode.NOT_FOUND, f"snapshot {request.snapshot_id} not found")
            return clean(request, context)

        wrap(target.controller, "DeleteSnapshot", strict)


class DeleteNeedsBackupTarget(Fault):
    """No snapshot can be deleted as long as the backup target, which it does not use, has no address."""

    name = "delete-needs-backup-target"
    component = "driver"
    breaks = ("DEL-001", "RPC-DES-001", "RPC-CAP-001")
    kind = "lifecycle"
    issue = "https://github.com/longhorn/longhorn/issues/4979"
    seen = "L09"

    TARGET = "offsite"

    def apply(self, target: Services) -> None:
        """DeleteSnapshot asks for a target that is none of this installation."""
        backend: Backend = inner(target.controller, "_backend")

        def needy(clean: Clean, request: csi_pb2.DeleteSnapshotRequest, context: Any) -> Any:
            why = backend.backups.why_no_target(self.TARGET)
            if request.snapshot_id and why:
                text = f"cannot delete snapshot: backup target {self.TARGET} is not available: {why}"
                raise Refusal(grpc.StatusCode.INTERNAL, text)
            return clean(request, context)

        wrap(target.controller, "DeleteSnapshot", needy)


class DeleteNeedsSource(Fault):
    """A snapshot cannot be deleted once its source volume is gone."""

    name = "delete-needs-source-volume"
    component = "driver"
    breaks = ("DEL-019", "DEL-014", "RPC-DEV-001")
    kind = "lifecycle"
    issue = "https://github.com/longhorn/longhorn/issues/9252"
    seen = "L10"

    def apply(self, target: Services) -> None:
        """DeleteSnapshot looks the source up first."""
        backend: Backend = inner(target.controller, "_backend")

        def needy(clean: Clean, request: csi_pb2.DeleteSnapshotRequest, context: Any) -> Any:
            handle = SnapshotHandle.parse(request.snapshot_id)
            if handle and backend.snapshots.find(handle.volume, handle.name):
                try:
                    backend.volumes.get(handle.volume)
                except Refusal as refusal:
                    raise Refusal(grpc.StatusCode.INTERNAL, f"cannot get source: {refusal.message}") from refusal
            return clean(request, context)

        wrap(target.controller, "DeleteSnapshot", needy)
