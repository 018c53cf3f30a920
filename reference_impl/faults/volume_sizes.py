"""Faults of CreateVolume: the size of a new volume, and the codes of refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc

from ..driver.refusals import Refusal
from ..wire import csi_pb2
from .fault import Fault
from .wrapping import Clean, wrap

if TYPE_CHECKING:
    from ..driver.services import Services


class CapacityClaimedOnly(Fault):
    """A restore into a larger claim is told to have the size asked for, and has that of the snapshot."""

    name = "larger-restore-claims-capacity"
    component = "driver"
    breaks = ("RES-006", "CLN-005", "RPC-CRV-003")
    kind = "state"
    seen = "L17"

    def apply(self, target: Services) -> None:
        """The volume is asked of the backend without a size, and the answer has the one asked for."""

        def claiming(clean: Clean, request: csi_pb2.CreateVolumeRequest, context: Any) -> Any:
            wanted = request.capacity_range.required_bytes
            if request.HasField("volume_content_source"):
                request.capacity_range.required_bytes = 0
                try:
                    answer: csi_pb2.CreateVolumeResponse = clean(request, context)
                finally:
                    request.capacity_range.required_bytes = wanted
                answer.volume.capacity_bytes = max(wanted, answer.volume.capacity_bytes)
                return answer
            return clean(request, context)

        wrap(target.controller, "CreateVolume", claiming)


class CapacityRoundedDown(Fault):
    """A volume whose size was rounded up is told, and recorded, with less than was asked for."""

    name = "capacity-rounded-down"
    component = "driver"
    breaks = ("RPC-CRV-002", "RES-005")
    kind = "state"
    issue = "https://github.com/longhorn/longhorn/issues/12916"
    seen = "L23"

    UNIT = 2 << 20

    def apply(self, target: Services) -> None:
        """capacity_bytes is what was required, cut to whole units of 2 MiB."""

        def down(clean: Clean, request: csi_pb2.CreateVolumeRequest, context: Any) -> Any:
            answer: csi_pb2.CreateVolumeResponse = clean(request, context)
            if wanted := request.capacity_range.required_bytes:
                answer.volume.capacity_bytes = max(wanted // self.UNIT, 1) * self.UNIT
            return answer

        wrap(target.controller, "CreateVolume", down)


class LimitIgnored(Fault):
    """A volume is made larger than the caller allowed."""

    name = "size-limit-ignored"
    component = "driver"
    breaks = ("RPC-CRV-002", "RPC-CRV-001")
    kind = "state"

    def apply(self, target: Services) -> None:
        """limit_bytes of CreateVolume counts for nothing, and sizes are rounded up to 64 MiB."""

        def unlimited(clean: Clean, request: csi_pb2.CreateVolumeRequest, context: Any) -> Any:
            asked = request.capacity_range
            asked.ClearField("limit_bytes")
            asked.required_bytes = -(-asked.required_bytes // (1 << 26)) * (1 << 26)
            return clean(request, context)

        wrap(target.controller, "CreateVolume", unlimited)


class WrongSizeIsInternal(Fault):
    """A restore or clone that is too small for its source is refused by a code that says try again."""

    name = "too-small-copy-has-wrong-code"
    component = "driver"
    breaks = ("RPC-CRV-001",)
    kind = "errors"
    issue = "https://github.com/longhorn/longhorn/issues/11961"
    seen = "L16"

    def apply(self, target: Services) -> None:
        """INTERNAL in the place of OUT_OF_RANGE."""
        wrap(target.controller, "CreateVolume", _recoded(grpc.StatusCode.OUT_OF_RANGE, grpc.StatusCode.INTERNAL))


class UnknownSourceIsInvalid(Fault):
    """A restore from a snapshot that is not there is refused as if the request were wrong, and not tried again."""

    name = "unknown-source-has-wrong-code"
    component = "driver"
    breaks = ("RPC-CRV-001",)
    kind = "errors"
    seen = "L34"

    def apply(self, target: Services) -> None:
        """INVALID_ARGUMENT in the place of NOT_FOUND."""
        codes = grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT
        wrap(target.controller, "CreateVolume", _recoded(*codes))


def _recoded(right: grpc.StatusCode, wrong: grpc.StatusCode) -> Any:
    def recoded(clean: Clean, request: Any, context: Any) -> Any:
        try:
            return clean(request, context)
        except Refusal as refusal:
            raise Refusal(wrong if refusal.code is right else refusal.code, refusal.message) from refusal

    return recoded
