"""Which VolumeSnapshotClass a snapshot uses (clauses CLS-001 to CLS-009). Writes only the chosen default."""

from __future__ import annotations

from .. import markers
from ..kube import objects
from ..kube.client import Json
from .cluster import Cluster, static_content_name
from .sources import SourceError, csi_volume


class ClassError(Exception):
    """No class can be used. ``reason`` is that of the event."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def settle(cluster: Cluster, snapshot: Json) -> Json:
    """Make sure that the snapshot's class exists; fill in the default of a dynamic one that names none.

    Returns the snapshot as it is now. Raises ClassError.
    """
    name = snapshot["spec"].get("volumeSnapshotClassName")
    if name is not None:
        if cluster.classes.get(name) is None:
            text = f'volumesnapshotclass.snapshot.storage.k8s.io "{name}" not found'
            raise ClassError("GetSnapshotClassFailed", f"failed to get snapshot class with error {text}")
        return snapshot
    if static_content_name(snapshot) is not None:
        return snapshot
    default = _default(cluster, snapshot)

    def choose(draft: Json) -> bool:
        draft["spec"]["volumeSnapshotClassName"] = default
        return True

    return cluster.snapshots.edit(snapshot, choose)


def _default(cluster: Cluster, snapshot: Json) -> str:
    """The name of the one default class for the driver of the snapshot's volume."""
    reason, failed = "SetDefaultSnapshotClassFailed", "Failed to set default snapshot class with error"
    try:
        driver = csi_volume(cluster, snapshot)["spec"]["csi"]["driver"]
    except SourceError as error:
        raise ClassError(reason, f"{failed} {error}") from error
    defaults = [
        objects.name(snapshot_class)
        for snapshot_class in cluster.classes.all()
        if snapshot_class["driver"] == driver
        # Only the exact word counts (clause CLS-007).
        and objects.annotation(snapshot_class, markers.DEFAULT_CLASS) == "true"
    ]
    if not defaults:
        raise ClassError(reason, f"{failed} cannot find default snapshot class")
    if len(defaults) > 1:
        raise ClassError(reason, f"{failed} {len(defaults)} default snapshot classes were found")
    return defaults[0]
