"""How a volume of one driver grows: by the controller service, or by the node alone (clause EXP-024)."""

from __future__ import annotations

from dataclasses import dataclass

from ...wire import csi_pb2
from ..csi import capabilities, secrets
from ..csi.driver import NodeRpc, Rpc
from ..csi.sidecar import Peer
from ..kube.client import Json, KubeClient
from ..parameters import SecretReference
from ..work.process import StartError


@dataclass(frozen=True)
class Grown:
    """What the driver made of it: bytes, and whether the node has to follow."""

    size: int
    node_due: bool


class Expansion:
    """Asks the driver to grow a volume."""

    def __init__(self, peer: Peer, client: KubeClient) -> None:
        """Raises StartError where the driver can grow volumes in neither way."""
        self.peer = peer
        self._client = client
        self._by_controller = peer.abilities.can(Rpc.EXPAND_VOLUME)
        if not self._by_controller and not peer.driver.node_can(NodeRpc.EXPAND_VOLUME):
            raise StartError(f"driver {peer.name} supports neither controller nor node expansion")

    def grow(self, volume: Json, target: int) -> Grown:
        """Grow to at least ``target`` bytes. Raises CsiError, SecretError, UnknownAccessModeError."""
        if not self._by_controller:
            return Grown(target, True)
        spec = volume["spec"]
        csi = spec["csi"]
        reference = csi.get("controllerExpandSecretRef")
        finer = self.peer.abilities.can(Rpc.SINGLE_NODE_MULTI_WRITER)
        request = csi_pb2.ControllerExpandVolumeRequest(
            volume_id=csi["volumeHandle"],
            capacity_range=csi_pb2.CapacityRange(required_bytes=target),
            volume_capability=capabilities.capability(
                capabilities.strongest(spec.get("accessModes") or [], finer=finer),
                str(spec.get("volumeMode") or "Filesystem"),
                csi.get("fsType") or "",
                spec.get("mountOptions") or [],
            ),
            secrets=secrets.read(
                self._client, SecretReference(reference["name"], reference["namespace"]) if reference else None
            ),
        )
        answer = self.peer.driver.call(self.peer.driver.controller.ControllerExpandVolume, request)
        return Grown(answer.capacity_bytes or target, answer.node_expansion_required)
