"""Deletes what belongs to a snapshot that is being deleted (clauses DEL-001 to DEL-008, FIN-007).

Whether the backend's snapshot goes is the content's ``deletionPolicy`` at this moment; the sidecar does it.
"""

from __future__ import annotations

from .. import markers
from ..kube import objects
from ..kube.client import Json
from ..kube.errors import ApiError
from ..kube.events import WARNING
from ..work.loop import SyncError
from .cluster import Cluster, refers


def process(cluster: Cluster, snapshot: Json) -> None:
    """Bring a deleted snapshot one step nearer to its end. Raises SyncError while a restore still needs it."""
    if not snapshot["metadata"].get("finalizers"):
        return
    if _being_restored(cluster, snapshot):
        text = "Snapshot is being used to restore a PVC"
        cluster.events.event(snapshot, WARNING, "SnapshotDeletePending", text)
        raise SyncError(text)
    content = cluster.content_of(snapshot)
    if content is not None and not refers(content, snapshot, bound=True):
        content = None
    if content is not None:
        content = _announce(cluster, content)
    if content is not None and content["spec"]["deletionPolicy"] == "Delete":
        _delete_content(cluster, snapshot, content)
        _drop(cluster, snapshot, keep_last=True)
    else:
        _drop(cluster, snapshot, keep_last=False)


def restores_from(claim: Json) -> str | None:
    """The key of the snapshot that a Pending claim is to be filled from."""
    source = claim["spec"].get("dataSource") or {}
    pending = (claim.get("status") or {}).get("phase") == "Pending"
    if (
        not pending
        or source.get("kind") != "VolumeSnapshot"
        or source.get("apiGroup") != "snapshot.storage.k8s.io"
    ):
        return None
    return objects.join(objects.namespace(claim), str(source["name"]))


def _being_restored(cluster: Cluster, snapshot: Json) -> bool:
    key = objects.key(snapshot)
    return any(restores_from(claim) == key for claim in cluster.claims.all(objects.namespace(snapshot)))


def _announce(cluster: Cluster, content: Json) -> Json | None:
    """Tell the sidecar by an annotation, whatever the policy (DEL-007). None where the content is gone."""
    try:
        return cluster.contents.edit(
            content, lambda draft: objects.annotate(draft, markers.BEING_DELETED, markers.YES)
        )
    except ApiError as error:
        if error.not_found:
            return None
        raise


def _delete_content(cluster: Cluster, snapshot: Json, content: Json) -> None:
    if objects.deleting(content):
        return
    try:
        cluster.contents.delete(content)
    except ApiError as error:
        text = f"Failed to delete snapshot content API object: {error}"
        cluster.events.event(snapshot, WARNING, "SnapshotContentObjectDeleteError", text)
        raise


def _drop(cluster: Cluster, snapshot: Json, *, keep_last: bool) -> None:
    """Take our finalizers off; ``keep_last`` leaves one, so that the snapshot outlives its content (DEL-001)."""

    def change(draft: Json) -> bool:
        ours = [markers.SNAPSHOT_AS_SOURCE, markers.SNAPSHOT_BOUND]
        if keep_last:
            kept = markers.SNAPSHOT_BOUND if objects.has_finalizer(draft, markers.SNAPSHOT_BOUND) else ours[0]
            ours.remove(kept)
        return objects.drop_finalizers(draft, *ours)

    try:
        cluster.snapshots.edit(snapshot, change)
    except ApiError as error:
        if not error.not_found:
            raise
