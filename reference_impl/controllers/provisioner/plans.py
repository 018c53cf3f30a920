"""Turns a claim and its StorageClass into a CreateVolume request, and the answer into a PersistentVolume.

Sources: CSI CreateVolume; the PV as external-provisioner writes it (clauses FIN-008, SEC-001, SEC-007).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...wire import csi_pb2
from .. import markers, parameters, quantity
from ..csi import capabilities
from ..kube import objects
from ..kube.client import Json
from ..node_affinity import affinity
from ..parameters import ParameterError, SecretReference, SecretUse
from .cluster import requested_bytes, volume_mode

IDENTITY_ATTRIBUTE = "storage.kubernetes.io/csiProvisionerIdentity"

_PV_SECRETS: dict[str, SecretUse] = {
    "controllerPublishSecretRef": parameters.CONTROLLER_PUBLISH,
    "nodeStageSecretRef": parameters.NODE_STAGE,
    "nodePublishSecretRef": parameters.NODE_PUBLISH,
    "controllerExpandSecretRef": parameters.CONTROLLER_EXPAND,
    "nodeExpandSecretRef": parameters.NODE_EXPAND,
}
"""Field of ``spec.csi`` of a PV -> use of the secret in the StorageClass."""


@dataclass(frozen=True)
class Plan:
    """All that is known before the driver is called."""

    claim: Json
    storage_class: Json
    volume_name: str
    fs_type: str
    secret: SecretReference | None
    pv_secrets: dict[str, SecretReference]
    request: csi_pb2.CreateVolumeRequest


def plan(
    claim: Json, storage_class: Json, *, prefix: str, default_fs: str, finer_modes: bool, extra_metadata: bool
) -> Plan:
    """The plan for an empty volume. Raises ParameterError, UnknownAccessModeError."""
    name = f"{prefix}-{objects.uid(claim)}"
    given: dict[str, str] = storage_class.get("parameters") or {}
    tokens = _tokens(claim, name)
    secret = parameters.secret(parameters.PROVISIONER, given, *tokens)
    pv_secrets = {
        field: reference
        for field, use in _PV_SECRETS.items()
        if (reference := parameters.secret(use, given, *tokens)) is not None
    }
    values = parameters.for_driver(given, parameters.STORAGE_USES, parameters.FSTYPE)
    if extra_metadata:
        values[f"{parameters.PREFIX}pvc/name"] = objects.name(claim)
        values[f"{parameters.PREFIX}pvc/namespace"] = str(objects.namespace(claim))
        values[f"{parameters.PREFIX}pv/name"] = name
    fs_type = "" if volume_mode(claim) == "Block" else fs_type_of(given, default_fs)
    flags = storage_class.get("mountOptions") or []
    request = csi_pb2.CreateVolumeRequest(
        name=name,
        capacity_range=csi_pb2.CapacityRange(required_bytes=requested_bytes(claim)),
        volume_capabilities=[
            capabilities.capability(
                capabilities.access_mode(mode, finer=finer_modes), volume_mode(claim), fs_type, flags
            )
            for mode in claim["spec"]["accessModes"]
        ],
        parameters=values,
    )
    return Plan(claim, storage_class, name, fs_type, secret, pv_secrets, request)


def fs_type_of(given: Mapping[str, str], default: str) -> str:
    """The filesystem that a StorageClass asks for, by the reserved key or the old one without prefix."""
    found = [value for key, value in given.items() if key == parameters.FSTYPE or key.lower() == "fstype"]
    if len(found) > 1:
        raise ParameterError(f"fstype specified in parameters more than once: use {parameters.FSTYPE} alone")
    return found[0] if found else default


def persistent_volume(made: Plan, volume: csi_pb2.Volume, driver: str, identity: str) -> Json:
    """The PersistentVolume of a volume that the driver made."""
    claim, storage_class = made.claim, made.storage_class
    csi: dict[str, Any] = {
        "driver": driver,
        "volumeHandle": volume.volume_id,
        "volumeAttributes": {**volume.volume_context, IDENTITY_ATTRIBUTE: identity},
        **{field: reference.as_json() for field, reference in made.pv_secrets.items()},
    }
    if made.fs_type:
        csi["fsType"] = made.fs_type
    spec: dict[str, Any] = {
        "accessModes": claim["spec"]["accessModes"],
        "capacity": {"storage": quantity.from_bytes(volume.capacity_bytes or requested_bytes(claim))},
        "claimRef": {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "namespace": objects.namespace(claim),
            "name": objects.name(claim),
            "uid": objects.uid(claim),
            "resourceVersion": claim["metadata"]["resourceVersion"],
        },
        "csi": csi,
        "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy") or "Delete",
        "storageClassName": objects.name(storage_class),
        "volumeMode": volume_mode(claim),
    }
    if volume.accessible_topology:
        spec["nodeAffinity"] = affinity([dict(one.segments) for one in volume.accessible_topology])
    if storage_class.get("mountOptions"):
        spec["mountOptions"] = storage_class["mountOptions"]
    annotations = {
        markers.PROVISIONED_BY: driver,
        markers.VOLUME_SECRET_NAME: made.secret.name if made.secret else "",
        markers.VOLUME_SECRET_NAMESPACE: made.secret.namespace if made.secret else "",
    }
    meta = {"name": made.volume_name, "annotations": annotations, "finalizers": [markers.VOLUME_PROVISIONED]}
    return {"metadata": meta, "spec": spec}


def _tokens(claim: Json, volume: str) -> tuple[dict[str, str], dict[str, str]]:
    """Tokens for name and namespace templates of a StorageClass."""
    namespace = {"pv.name": volume, "pvc.namespace": str(objects.namespace(claim))}
    annotations: dict[str, str] = claim["metadata"].get("annotations") or {}
    quoted = {f"pvc.annotations['{key}']": value for key, value in annotations.items()}
    return {**namespace, **quoted, "pvc.name": objects.name(claim)}, namespace
