"""Drivers that accept less: only so large, or only while nobody uses the volume."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc

from ..driver.refusals import Refusal
from ..driver.sizes import out_of_range
from ..wire import csi_pb2
from .trait import Method, Trait, wrap

if TYPE_CHECKING:
    from ..driver.services import Services

_GIB = 1 << 30


class _Limit(Trait):
    """A size in GiB above which something is refused with OUT_OF_RANGE."""

    argument = "GIB"

    def __init__(self, value: str = "") -> None:
        super().__init__(value)
        if not value.isdecimal() or not int(value):
            raise ValueError(f"{value!r} is not a number of GiB")
        self._most = int(value) * _GIB

    def _checked(self, clean: Method, request: Any, context: Any) -> Any:
        wanted = request.capacity_range.required_bytes
        if wanted > self._most:
            raise out_of_range(f"{wanted} bytes are more than the {self._most} that this driver can do")
        return clean(request, context)


class MaxSize(_Limit):
    """No volume becomes larger than so many GiB."""

    name = "max-size"

    def apply(self, services: Services) -> None:
        for method in ("CreateVolume", "ControllerExpandVolume"):
            wrap(services.controller, method, self._checked)


class MaxNodeSize(_Limit):
    """No filesystem becomes larger than so many GiB, although the controller makes such volumes."""

    name = "max-node-size"

    def apply(self, services: Services) -> None:
        wrap(services.node, "NodeExpandVolume", self._checked)


class OfflineExpansion(Trait):
    """Volumes grow only while no node has them: else FAILED_PRECONDITION."""

    name = "offline-expansion"

    def apply(self, services: Services) -> None:
        listed = services.controller.ListVolumes

        def expand(clean: Method, request: csi_pb2.ControllerExpandVolumeRequest, context: Any) -> Any:
            for entry in listed(csi_pb2.ListVolumesRequest(), context).entries:
                if entry.volume.volume_id == request.volume_id and entry.status.published_node_ids:
                    nodes = ", ".join(entry.status.published_node_ids)
                    raise Refusal(
                        grpc.StatusCode.FAILED_PRECONDITION,
                        f"volume {request.volume_id} is in use on {nodes}: it can be expanded when it is detached",
                    )
            return clean(request, context)

        def announce(clean: Method, request: Any, context: Any) -> csi_pb2.GetPluginCapabilitiesResponse:
            answer: csi_pb2.GetPluginCapabilitiesResponse = clean(request, context)
            for capability in answer.capabilities:
                if capability.HasField("volume_expansion"):
                    capability.volume_expansion.type = csi_pb2.PluginCapability.VolumeExpansion.OFFLINE
            return answer

        wrap(services.controller, "ControllerExpandVolume", expand)
        wrap(services.identity, "GetPluginCapabilities", announce)
