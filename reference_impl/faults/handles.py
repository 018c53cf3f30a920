"""Faults of the ids by which snapshots are known: they change, or are not understood."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc

from ..driver.names import SnapshotHandle
from ..driver.refusals import Refusal
from ..wire import csi_pb2
from .fault import Fault
from .wrapping import Clean, wrap

if TYPE_CHECKING:
    from ..driver.services import Services


class HandleLookedUpByWrongKey(Fault):
    """A snapshot cannot be imported by its handle: the driver looks it up by another key."""

    name = "handle-looked-up-by-wrong-key"
    component = "driver"
    breaks = ("SNAP-PRE-001", "SNAP-PRE-006", "RPC-LIS-001", "RPC-GET-001")
    kind = "state"
    issue = "https://github.com/longhorn/longhorn/issues/10366"
    seen = "L07"

    def apply(self, target: Services) -> None:
        """ListSnapshots and GetSnapshot know an id only where the volume in it has the suffix of a release."""

        def wrong(clean: Clean, request: Any, context: Any) -> Any:
            handle = SnapshotHandle.parse(request.snapshot_id)
            if handle:
                request.snapshot_id = f"{handle.scheme}://{handle.volume}-00000000/{handle.name}"
            return clean(request, context)

        wrap(target.controller, "ListSnapshots", wrong)
        wrap(target.controller, "GetSnapshot", wrong)


class MalformedHandleBreaksDriver(Fault):
    """A content with a handle that has no slash breaks the driver down: the call ends in a panic."""

    name = "malformed-handle-breaks-driver"
    component = "driver"
    breaks = ("RPC-DES-001", "RPC-LIS-001", "RPC-GET-001", "SNAP-PRE-004")
    kind = "errors"
    seen = "L33"

    def apply(self, target: Services) -> None:
        """Whatever is asked with such an id is answered by the panic that it ends in."""

        def breaking(clean: Clean, request: Any, context: Any) -> Any:
            if request.snapshot_id and "/" not in request.snapshot_id.partition("://")[2]:
                raise Refusal(grpc.StatusCode.INTERNAL, "panic: index out of range [1] with length 1")
            return clean(request, context)

        for method in ("DeleteSnapshot", "ListSnapshots", "GetSnapshot"):
            wrap(target.controller, method, breaking)


class HandleDiffers(Fault):
    """A snapshot has one id in the first answer and another one in the next."""

    name = "handle-differs-between-calls"
    component = "driver"
    breaks = ("RPC-CRS-002", "RPC-CRS-003", "RPC-ALL-001")
    kind = "state"
    issue = "https://github.com/longhorn/longhorn/issues/11429"
    seen = "L06"

    def apply(self, target: Services) -> None:
        """A repeated CreateSnapshot answers with the id of a snapshot that is not there."""
        seen = set[str]()

        def renamed(clean: Clean, request: Any, context: Any) -> csi_pb2.CreateSnapshotResponse:
            answer: csi_pb2.CreateSnapshotResponse = clean(request, context)
            known = answer.snapshot.snapshot_id in seen
            seen.add(answer.snapshot.snapshot_id)
            if known:
                answer.snapshot.snapshot_id += "-done"
            return answer

        wrap(target.controller, "CreateSnapshot", renamed)
