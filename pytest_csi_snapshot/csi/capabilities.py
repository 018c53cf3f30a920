"""What a CSI plugin says it can, read once."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_csi_snapshot.csi.calls import Answer, Code, Line
from pytest_csi_snapshot.csi.wire import csi_pb2


class CapabilityError(Exception):
    """The plugin does not tell its capabilities."""


@dataclass(frozen=True)
class Capabilities:
    """Names as in the specification. A service that is not claimed is not asked."""

    services: frozenset[str]
    expansion: frozenset[str]
    """ONLINE or OFFLINE, of the plugin's VolumeExpansion; empty where it says nothing."""
    controller: frozenset[str]
    group: frozenset[str]
    node: frozenset[str]

    @property
    def has_group_service(self) -> bool:
        """Whether the plugin claims a group controller."""
        return "GROUP_CONTROLLER_SERVICE" in self.services


def read_capabilities(line: Line) -> Capabilities:
    """Ask every service that is claimed. Raises CapabilityError, DeadPluginError."""
    plugin = _must(line.ask(csi_pb2.GetPluginCapabilitiesRequest())).response.capabilities
    service, growing = csi_pb2.PluginCapability.Service.Type, csi_pb2.PluginCapability.VolumeExpansion.Type
    services = frozenset(_name(service, each.service.type) for each in plugin if each.HasField("service"))
    controller = group = frozenset[str]()
    if "CONTROLLER_SERVICE" in services:
        answer = _must(line.ask(csi_pb2.ControllerGetCapabilitiesRequest()))
        controller = _rpcs(csi_pb2.ControllerServiceCapability.RPC.Type, answer)
    if "GROUP_CONTROLLER_SERVICE" in services:
        answer = _must(line.ask(csi_pb2.GroupControllerGetCapabilitiesRequest()))
        group = _rpcs(csi_pb2.GroupControllerServiceCapability.RPC.Type, answer)
    # The node service is not announced: a socket of the controller alone may be without it.
    node = line.ask(csi_pb2.NodeGetCapabilitiesRequest())
    if node.code is not Code.UNIMPLEMENTED:
        _must(node)
    return Capabilities(
        services=services | ({"NODE_SERVICE"} if node.ok else set()),
        expansion=frozenset(
            _name(growing, each.volume_expansion.type) for each in plugin if each.HasField("volume_expansion")
        ),
        controller=controller,
        group=group,
        node=_rpcs(csi_pb2.NodeServiceCapability.RPC.Type, node),
    )


def _must(answer: Answer) -> Answer:  # type: ignore[type-arg]
    if not answer.ok:
        raise CapabilityError(f"{answer.method} was answered by {answer}")
    return answer


def _rpcs(names: object, answer: Answer) -> frozenset[str]:  # type: ignore[type-arg]
    return frozenset(_name(names, each.rpc.type) for each in answer.response.capabilities if each.HasField("rpc"))


def _name(names: object, number: int) -> str:
    """The name of an enum's value; a newer specification may have more of them."""
    try:
        return str(names.Name(number))  # type: ignore[attr-defined]
    except ValueError:
        return f"#{number}"
