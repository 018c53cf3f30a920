"""Finds the content of a snapshot and ties the two together (clauses SNAP-PRE-001/003, BIND-001 to BIND-006)."""

from __future__ import annotations

from ..kube import objects
from ..kube.client import Json
from ..kube.errors import ApiError
from ..kube.kinds import SNAPSHOT_CONTENT
from .cluster import Cluster, content_name, dynamic_content_name, refers, static_content_name


class BindingError(Exception):
    """Snapshot and content do not belong together. ``reason`` is that of the event."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def find(cluster: Cluster, snapshot: Json) -> Json | None:
    """The content that the snapshot's source leads to; None where it does not exist.

    Raises BindingError where there is one that is of the other sort or for another snapshot.
    """
    wanted = static_content_name(snapshot)
    name = dynamic_content_name(snapshot) if wanted is None else wanted
    content = cluster.contents.get(name)
    if content is None:
        return _confirm_absence(cluster, snapshot, name)
    source = content["spec"]["source"]
    if wanted is not None and source.get("snapshotHandle") is None:
        raise BindingError(
            "SnapshotContentMismatch",
            "VolumeSnapshotContent is dynamically provisioned while expecting a pre-provisioned one",
        )
    if wanted is None and source.get("volumeHandle") is None:
        raise BindingError(
            "SnapshotContentMismatch",
            "VolumeSnapshotContent is pre-provisioned while expecting a dynamically provisioned one",
        )
    if not refers(content, snapshot, bound=False):
        raise BindingError(
            "SnapshotContentMisbound", f"VolumeSnapshotContent [{name}] is bound to a different snapshot"
        )
    return content


def bind(cluster: Cluster, snapshot: Json, content: Json) -> Json:
    """Write the snapshot's uid, and its class if it names one, into a pre-provisioned content.

    Returns the content as it is now. Raises BindingError.
    """

    def change(draft: Json) -> bool:
        if not refers(draft, snapshot, bound=False):
            text = f"VolumeSnapshotContent [{objects.name(draft)}] is bound to a different snapshot"
            raise BindingError("SnapshotContentMisbound", text)
        if refers(draft, snapshot, bound=True):
            return False
        draft["spec"]["volumeSnapshotRef"]["uid"] = objects.uid(snapshot)
        class_name = snapshot["spec"].get("volumeSnapshotClassName")
        if class_name:
            draft["spec"]["volumeSnapshotClassName"] = class_name
        return True

    try:
        return cluster.contents.edit(content, change)
    except ApiError as error:
        text = f"Snapshot failed to bind VolumeSnapshotContent, {error}"
        raise BindingError("SnapshotBindFailed", text) from error


def missing() -> BindingError:
    """The snapshot needs a content that is not there."""
    return BindingError("SnapshotContentMissing", "VolumeSnapshotContent is missing")


def _confirm_absence(cluster: Cluster, snapshot: Json, name: str) -> Json | None:
    """None, unless the cache of contents is behind that of snapshots.

    A bound snapshot without content loses ``readyToUse``: that must not come from two lists made at
    different moments, so the server is asked before it is believed.
    """
    if not (snapshot.get("status") or {}).get("boundVolumeSnapshotContentName") or name != content_name(snapshot):
        return None
    try:
        return cluster.contents.client.get(SNAPSHOT_CONTENT, None, name)
    except ApiError as error:
        if error.not_found:
            return None
        raise
