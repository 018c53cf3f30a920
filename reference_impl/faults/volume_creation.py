"""Faults of CreateVolume: what it accepts, what it says, and what becomes of calls that are repeated or meet."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import grpc

from ..driver.refusals import Refusal, invalid
from ..wire import csi_pb2
from .fault import Fault
from .wrapping import Clean, inner, wrap

if TYPE_CHECKING:
    from ..driver.backend import Backend
    from ..driver.services import Services


class OtherSourceAccepted(Fault):
    """A volume that is asked for again from another snapshot is answered with the one that is there."""

    name = "volume-name-with-other-source-accepted"
    component = "driver"
    breaks = ("RPC-CRV-001",)
    kind = "errors"
    seen = "L35"

    def apply(self, target: Services) -> None:
        """Whatever has the name is the answer."""
        backend: Backend = inner(target.controller, "_backend")

        def careless(clean: Clean, request: csi_pb2.CreateVolumeRequest, context: Any) -> Any:
            found = backend.volumes.find(request.name) if request.name else None
            if not found:
                return clean(request, context)
            volume = csi_pb2.Volume(
                volume_id=found.name, capacity_bytes=found.size, volume_context=request.parameters
            )
            if request.HasField("volume_content_source"):
                volume.content_source.CopyFrom(request.volume_content_source)
            return csi_pb2.CreateVolumeResponse(volume=volume)

        wrap(target.controller, "CreateVolume", careless)


class SourceNotRepeated(Fault):
    """No restore comes about: the driver does not say that it took the data from the snapshot."""

    name = "content-source-not-repeated"
    component = "driver"
    breaks = ("RPC-CRV-002", "RES-001")
    kind = "state"

    def apply(self, target: Services) -> None:
        """CreateVolume answers without content_source."""

        def silent(clean: Clean, request: csi_pb2.CreateVolumeRequest, context: Any) -> Any:
            answer: csi_pb2.CreateVolumeResponse = clean(request, context)
            answer.volume.ClearField("content_source")
            return answer

        wrap(target.controller, "CreateVolume", silent)


class ModesOfSourceOnly(Fault):
    """A restore may only have the access mode that new volumes mostly have."""

    name = "restore-takes-one-access-mode"
    component = "driver"
    breaks = ("RES-022",)
    kind = "errors"

    def apply(self, target: Services) -> None:
        """CreateVolume from a snapshot refuses all modes but those of one writer."""
        mode = csi_pb2.VolumeCapability.AccessMode
        good = {mode.SINGLE_NODE_WRITER, mode.SINGLE_NODE_MULTI_WRITER}

        def narrow(clean: Clean, request: csi_pb2.CreateVolumeRequest, context: Any) -> Any:
            modes = {each.access_mode.mode for each in request.volume_capabilities}
            if request.HasField("volume_content_source") and not modes <= good:
                raise invalid("a volume with a content source has the access mode of its source")
            return clean(request, context)

        wrap(target.controller, "CreateVolume", narrow)


class RetryOfRestoreRefused(Fault):
    """A restore whose first call got no answer in time is refused for ever after."""

    name = "restore-retry-refused"
    component = "driver"
    breaks = ("RES-001", "RPC-CAP-001", "RES-004")
    kind = "flaky"

    def apply(self, target: Services) -> None:
        """The first call for a restore makes the volume and answers UNAVAILABLE; later ones find it there."""
        guard, begun = threading.Lock(), set[str]()

        def impatient(clean: Clean, request: csi_pb2.CreateVolumeRequest, context: Any) -> Any:
            if not request.volume_content_source.HasField("snapshot"):
                return clean(request, context)
            with guard:
                again = request.name in begun
            if again:
                raise Refusal(grpc.StatusCode.ALREADY_EXISTS, f"volume {request.name} exists already")
            clean(request, context)
            with guard:
                begun.add(request.name)
            raise Refusal(grpc.StatusCode.UNAVAILABLE, "connection reset by peer")

        wrap(target.controller, "CreateVolume", impatient)
