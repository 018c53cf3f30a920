"""What the driver is told of a volume and a node: PV and CSINode in CSI terms. Only computes."""

from __future__ import annotations

from ...wire import csi_pb2
from ..csi import capabilities
from ..kube.client import Json
from ..parameters import SecretReference


class UnknownNodeError(Exception):
    """The node has no such driver (yet)."""


def node_id(csi_node: Json | None, node: str, driver: str) -> str:
    """The driver's name of a node. Raises UnknownNodeError while the driver is not registered there."""
    for entry in ((csi_node or {}).get("spec") or {}).get("drivers") or []:
        if entry["name"] == driver:
            return str(entry["nodeID"])
    raise UnknownNodeError(f"CSINode {node} does not contain driver {driver}")


def publish(volume: Json, node: str, *, finer_modes: bool) -> csi_pb2.ControllerPublishVolumeRequest:
    """ControllerPublishVolume of a PV to a node id; secrets are added later. Raises UnknownAccessModeError."""
    spec = volume["spec"]
    csi = spec["csi"]
    mode = capabilities.strongest(spec.get("accessModes") or [], finer=finer_modes)
    capability = capabilities.capability(
        mode, str(spec.get("volumeMode") or "Filesystem"), csi.get("fsType") or "", spec.get("mountOptions") or []
    )
    return csi_pb2.ControllerPublishVolumeRequest(
        volume_id=csi["volumeHandle"],
        node_id=node,
        volume_capability=capability,
        readonly=bool(csi.get("readOnly")),
        volume_context=csi.get("volumeAttributes") or {},
    )


def secret(volume: Json) -> SecretReference | None:
    """The secret of publish and unpublish."""
    reference = volume["spec"]["csi"].get("controllerPublishSecretRef")
    return SecretReference(reference["name"], reference["namespace"]) if reference else None
