"""The volume that a dynamic snapshot is taken of (clause SNAP-DYN-007). Only reads."""

from __future__ import annotations

from ..kube import objects
from ..kube.client import Json
from .cluster import Cluster, claim_name


class SourceError(Exception):
    """The source PVC or its volume cannot be snapshotted now."""


def csi_volume(cluster: Cluster, snapshot: Json) -> Json:
    """The CSI PV of the source PVC. Raises SourceError, ApiError."""
    name = claim_name(snapshot)
    if not name:
        raise SourceError(f"the snapshot source PVC of {objects.key(snapshot)} is missing")
    claim = cluster.source_claim(snapshot)
    if claim is None:
        raise SourceError(
            f'failed to retrieve PVC {name} from the lister: persistentvolumeclaim "{name}" not found'
        )
    volume = volume_of(cluster, claim)
    require_csi(volume)
    return volume


def volume_of(cluster: Cluster, claim: Json) -> Json:
    """The PV that a PVC is bound to, CSI or not. Raises SourceError, ApiError."""
    if (claim.get("status") or {}).get("phase") != "Bound":
        title = objects.name(claim)
        raise SourceError(f"the PVC {title} is not yet bound to a PV, will not attempt to take a snapshot")
    name = str(claim["spec"]["volumeName"])
    volume = cluster.volumes.find(name)
    if volume is None:
        raise SourceError(f'failed to retrieve PV {name} from the API server: persistentvolume "{name}" not found')
    owner = volume["spec"].get("claimRef") or {}
    if owner.get("uid") != objects.uid(claim):
        raise SourceError(f"the PV {name} is not bound to the PVC {objects.key(claim)}")
    return volume


def require_csi(volume: Json) -> None:
    """Raise SourceError for a PV that no CSI driver serves."""
    if not volume["spec"].get("csi"):
        raise SourceError(f"cannot find CSI PersistentVolumeSource for volume {objects.name(volume)}")
