"""Drivers that announce less."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from ..wire import csi_pb2
from .trait import Method, Trait, wrap

if TYPE_CHECKING:
    from ..driver.services import Services

_RPC = csi_pb2.ControllerServiceCapability.RPC


class NoListSnapshots(Trait):
    """Nobody can ask it for its snapshots: neither LIST_SNAPSHOTS nor GET_SNAPSHOT."""

    name = "no-list-snapshots"

    def apply(self, services: Services) -> None:
        _withhold(services, (_RPC.LIST_SNAPSHOTS, _RPC.GET_SNAPSHOT))
        for method in ("ListSnapshots", "GetSnapshot"):
            wrap(services.controller, method, _absent)


class NoClone(Trait):
    """It makes no volume of another volume: no CLONE_VOLUME."""

    name = "no-clone"

    def apply(self, services: Services) -> None:
        _withhold(services, (_RPC.CLONE_VOLUME,))


class NodeExpansion(Trait):
    """Volumes grow on their node alone: no EXPAND_VOLUME of the controller, the node tells the backend itself."""

    name = "node-expansion"

    def apply(self, services: Services) -> None:
        _withhold(services, (_RPC.EXPAND_VOLUME,))
        expand: Method = services.controller.ControllerExpandVolume
        wrap(services.controller, "ControllerExpandVolume", _absent)

        def grow(clean: Method, request: csi_pb2.NodeExpandVolumeRequest, context: Any) -> Any:
            whole = csi_pb2.ControllerExpandVolumeRequest(
                volume_id=request.volume_id,
                capacity_range=request.capacity_range,
                volume_capability=request.volume_capability,
            )
            expand(whole, context)
            return clean(request, context)

        wrap(services.node, "NodeExpandVolume", grow)


def _withhold(services: Services, kinds: Collection[int]) -> None:
    """Leave capabilities out of what the controller announces."""

    def fewer(clean: Method, request: Any, context: Any) -> csi_pb2.ControllerGetCapabilitiesResponse:
        announced = clean(request, context).capabilities
        return csi_pb2.ControllerGetCapabilitiesResponse(
            capabilities=[one for one in announced if one.rpc.type not in kinds]
        )

    wrap(services.controller, "ControllerGetCapabilities", fewer)


def _absent(clean: Method, request: Any, context: Any) -> Any:
    raise NotImplementedError
