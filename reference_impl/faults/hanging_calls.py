"""Faults of calls that give no answer."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import grpc

from ..driver.refusals import Refusal
from ..wire import csi_pb2
from .fault import Fault
from .wrapping import Clean, inner, wrap

if TYPE_CHECKING:
    from ..driver.backend import Backend
    from ..driver.services import Services


class DeleteHangsAfterRestore(Fault):
    """A snapshot that was restored once cannot be deleted: the call gives no answer."""

    name = "delete-of-restored-snapshot-hangs"
    component = "driver"
    breaks = ("DEL-015", "RPC-DES-002")
    kind = "concurrency"

    def apply(self, target: Services) -> None:
        """A restore never gives back its hold on the snapshot, and DeleteSnapshot waits for that."""
        held = set[str]()

        def holding(clean: Clean, request: csi_pb2.CreateVolumeRequest, context: Any) -> Any:
            answer = clean(request, context)
            held.add(request.volume_content_source.snapshot.snapshot_id)
            return answer

        def waiting(clean: Clean, request: csi_pb2.DeleteSnapshotRequest, context: Any) -> Any:
            while request.snapshot_id in held - {""}:
                if not context.is_active():
                    raise Refusal(grpc.StatusCode.ABORTED, f"snapshot {request.snapshot_id} is held")
                time.sleep(0.1)
            return clean(request, context)

        wrap(target.controller, "CreateVolume", holding)
        wrap(target.controller, "DeleteSnapshot", waiting)


class SnapshotOfUsedVolumeHangs(Fault):
    """A snapshot of a volume that a pod uses is never made: the call gives no answer."""

    name = "snapshot-of-used-volume-hangs"
    component = "driver"
    breaks = ("SNAP-DYN-006",)
    kind = "flaky"

    def apply(self, target: Services) -> None:
        """CreateSnapshot of an attached volume waits until its caller gives up."""
        backend: Backend = inner(target.controller, "_backend")

        def hanging(clean: Clean, request: csi_pb2.CreateSnapshotRequest, context: Any) -> Any:
            found = backend.volumes.find(request.source_volume_id) if request.source_volume_id else None
            while found and found.nodes and context.is_active():
                time.sleep(0.1)
            return clean(request, context)

        wrap(target.controller, "CreateSnapshot", hanging)


class ConcurrentRestoresDeadlock(Fault):
    """Two restores of one snapshot at the same time wait for each other for ever."""

    name = "concurrent-restores-deadlock"
    component = "driver"
    breaks = ("RES-017",)
    kind = "concurrency"

    def apply(self, target: Services) -> None:
        """Each shares the snapshot with others first, and then wants it for itself while it still shares it."""
        changed, sharing = threading.Condition(), dict[str, int]()

        def upgrading(clean: Clean, request: csi_pb2.CreateVolumeRequest, context: Any) -> Any:
            snapshot = request.volume_content_source.snapshot.snapshot_id
            if not snapshot:
                return clean(request, context)
            with changed:
                sharing[snapshot] = sharing.get(snapshot, 0) + 1
            time.sleep(0.2)  # what is read under the shared lock
            with changed:
                while sharing[snapshot] > 1 and context.is_active():
                    changed.wait(0.1)
                if sharing[snapshot] > 1:
                    raise Refusal(grpc.StatusCode.DEADLINE_EXCEEDED, f"waiting for snapshot {snapshot}")
            try:
                return clean(request, context)
            finally:
                with changed:
                    sharing[snapshot] -= 1
                    changed.notify_all()

        wrap(target.controller, "CreateVolume", upgrading)
