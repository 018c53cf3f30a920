"""Deletes what belongs to a snapshot that is being deleted (clauses DEL-001 to DEL-008, FIN-007, GRP-008).

Whether the backend's snapshot goes is the content's ``deletionPolicy`` at this moment; the sidecar does it.
"""

from __future__ import annotations

from .. import markers
from ..kube import objects
from ..kube.client import Json
from ..kube.errors import ApiError
from ..kube.events import WARNING
from ..work.loop import SyncError
from .cluster import Cluster, Family
from .groups import membership


def process(cluster: Cluster, snapshot: Json) -> None:
    """Bring a deleted snapshot one step nearer to its end.

    Raises SyncError while a restore still needs it, or its group exists.
    """
    if not snapshot["metadata"].get("finalizers"):
        return
    if being_restored(cluster, snapshot):
        _wait(cluster, snapshot, "Snapshot is being used to restore a PVC")
    group = membership.group_of(cluster, snapshot)
    if group is not None:
        text = f"Snapshot is a member of group snapshot {objects.key(group)}: it goes when the group is deleted"
        _wait(cluster, snapshot, text)
    family = cluster.singles
    name = membership.content_name(snapshot) or family.form.dynamic_name(snapshot)
    _drop(cluster, snapshot, keep_last=retire(family, snapshot, family.content_of(snapshot, name)))


def retire(family: Family, snapshot: Json, content: Json | None) -> bool:
    """Tell the sidecar of the deletion, and delete the content if its policy says so.

    Whether the snapshot has to outlive its content, which has yet to go. Raises ApiError.
    """
    if content is not None and not family.form.refers(content, snapshot, bound=True):
        content = None
    if content is not None:
        content = _announce(family, content)
    if content is None or content["spec"]["deletionPolicy"] != "Delete":
        return False
    _delete_content(family, snapshot, content)
    return True


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


def being_restored(cluster: Cluster, snapshot: Json) -> bool:
    """A Pending claim is to be filled from this snapshot."""
    return bool(cluster.claims.by(_restored, objects.key(snapshot)))


def _restored(claim: Json) -> tuple[str, ...]:
    source = restores_from(claim)
    return (source,) if source else ()


def _wait(cluster: Cluster, snapshot: Json, text: str) -> None:
    cluster.events.event(snapshot, WARNING, "SnapshotDeletePending", text)
    raise SyncError(text)


def _announce(family: Family, content: Json) -> Json | None:
    """Tell the sidecar by an annotation, whatever the policy (DEL-007). None where the content is gone."""
    try:
        return family.contents.edit(
            content, lambda draft: objects.annotate(draft, family.form.being_deleted, markers.YES)
        )
    except ApiError as error:
        if error.not_found:
            return None
        raise


def _delete_content(family: Family, snapshot: Json, content: Json) -> None:
    if objects.deleting(content):
        return
    try:
        family.contents.delete(content)
    except ApiError as error:
        text = f"Failed to delete {family.form.noun} content API object: {error}"
        family.events.event(snapshot, WARNING, f"{family.form.title}ContentObjectDeleteError", text)
        raise


def _drop(cluster: Cluster, snapshot: Json, *, keep_last: bool) -> None:
    """Take our finalizers off; ``keep_last`` leaves one, so that the snapshot outlives its content (DEL-001)."""

    def change(draft: Json) -> bool:
        ours = [markers.IN_GROUP, markers.SNAPSHOT_AS_SOURCE, markers.SNAPSHOT_BOUND]
        if keep_last:
            kept = [finalizer for finalizer in ours if objects.has_finalizer(draft, finalizer)]
            ours = [finalizer for finalizer in ours if finalizer not in kept[-1:]]
        return objects.drop_finalizers(draft, *ours)

    try:
        cluster.snapshots.edit(snapshot, change)
    except ApiError as error:
        if not error.not_found:
            raise
