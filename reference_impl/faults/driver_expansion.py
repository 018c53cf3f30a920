"""Faults of growing a volume, in the backend and in the controller service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc

from ..driver.refusals import Refusal
from ..wire import csi_pb2
from .fault import Fault
from .wrapping import Clean, inner, wrap

if TYPE_CHECKING:
    from ..driver.backend import Backend
    from ..driver.services import Services

Request = csi_pb2.ControllerExpandVolumeRequest


class ExpandClaimedOnly(Fault):
    """A growth is reported as done, and the volume has its old size."""

    name = "expansion-claimed-not-made"
    component = "driver"
    breaks = ("EXP-020", "EXP-009", "EXP-008", "RPC-CEX-001", "RPC-NEX-001")
    kind = "expansion"
    issue = "https://github.com/longhorn/longhorn/issues/5513"
    seen = "L24"

    def apply(self, target: Services) -> None:
        """ControllerExpandVolume answers with the size asked for and asks nothing of the backend."""
        backend: Backend = inner(target.controller, "_backend")

        def claiming(clean: Clean, request: Request, context: Any) -> Any:
            found = backend.volumes.find(request.volume_id) if request.volume_id else None
            if not found or not request.HasField("capacity_range"):
                return clean(request, context)
            size = max(found.size, request.capacity_range.required_bytes)
            return csi_pb2.ControllerExpandVolumeResponse(capacity_bytes=size)

        wrap(target.controller, "ControllerExpandVolume", claiming)


class RepeatedExpandFails(Fault):
    """A growth that is asked for again, because its answer was lost, fails for ever."""

    name = "repeated-expansion-fails"
    component = "driver"
    breaks = ("RPC-CEX-001",)
    kind = "expansion"
    issue = "https://github.com/longhorn/longhorn/issues/13334"
    seen = "L24"

    def apply(self, target: Services) -> None:
        """ControllerExpandVolume to the size that the volume has is an error."""
        backend: Backend = inner(target.controller, "_backend")

        def once(clean: Clean, request: Request, context: Any) -> Any:
            found = backend.volumes.find(request.volume_id) if request.volume_id else None
            wanted = request.capacity_range.required_bytes
            if found and request.HasField("capacity_range") and wanted <= found.size:
                text = f"from existing capacity {found.size} to requested capacity {wanted} failed"
                raise Refusal(grpc.StatusCode.INTERNAL, text)
            return clean(request, context)

        wrap(target.controller, "ControllerExpandVolume", once)


class ExpandAnswersOldSize(Fault):
    """A volume grows, and the driver answers with the size from before."""

    name = "expansion-answers-old-size"
    component = "driver"
    breaks = ("RPC-CEX-001", "EXP-005")
    kind = "expansion"

    def apply(self, target: Services) -> None:
        """capacity_bytes is read before the backend is asked."""
        backend: Backend = inner(target.controller, "_backend")

        def early(clean: Clean, request: Request, context: Any) -> Any:
            before = backend.volumes.find(request.volume_id) if request.volume_id else None
            answer: csi_pb2.ControllerExpandVolumeResponse = clean(request, context)
            answer.capacity_bytes = before.size if before else answer.capacity_bytes
            return answer

        wrap(target.controller, "ControllerExpandVolume", early)


class NodeStepNotAsked(Fault):
    """A volume grows and its filesystem does not: nobody asks the node for its part."""

    name = "node-expansion-not-asked-for"
    component = "driver"
    breaks = ("EXP-009", "EXP-007")
    kind = "expansion"

    def apply(self, target: Services) -> None:
        """ControllerExpandVolume answers that no node has to follow."""

        def done(clean: Clean, request: Request, context: Any) -> Any:
            answer: csi_pb2.ControllerExpandVolumeResponse = clean(request, context)
            answer.node_expansion_required = False
            return answer

        wrap(target.controller, "ControllerExpandVolume", done)


class ImpossibleSizeIsInternal(Fault):
    """A size that the storage can never have is refused by a code that says try again."""

    name = "impossible-size-has-wrong-code"
    component = "driver"
    breaks = ("RPC-CEX-002", "EXP-013", "EXP-015")
    kind = "expansion"
    issue = "https://github.com/longhorn/longhorn/issues/4658"
    seen = "L24"

    def apply(self, target: Services) -> None:
        """ControllerExpandVolume answers INTERNAL in the place of OUT_OF_RANGE."""

        def wrong(clean: Clean, request: Request, context: Any) -> Any:
            try:
                return clean(request, context)
            except Refusal as refusal:
                if refusal.code is grpc.StatusCode.OUT_OF_RANGE:
                    raise Refusal(grpc.StatusCode.INTERNAL, refusal.message) from refusal
                raise

        wrap(target.controller, "ControllerExpandVolume", wrong)


class CopyCannotGrow(Fault):
    """A volume that was restored or cloned cannot be grown."""

    name = "copy-cannot-grow"
    component = "driver"
    breaks = ("EXP-021",)
    kind = "expansion"

    def apply(self, target: Services) -> None:
        """ControllerExpandVolume of a volume with a data source is refused."""
        backend: Backend = inner(target.controller, "_backend")

        def refusing(clean: Clean, request: Request, context: Any) -> Any:
            found = backend.volumes.find(request.volume_id) if request.volume_id else None
            if found and found.data_source:
                raise Refusal(grpc.StatusCode.INTERNAL, f"volume {found.name} is a copy: its size is its source's")
            return clean(request, context)

        wrap(target.controller, "ControllerExpandVolume", refusing)
