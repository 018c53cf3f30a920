"""Finalizers of living snapshots and of their source PVCs (clauses FIN-001 to FIN-005)."""

from __future__ import annotations

from .. import markers
from ..kube import objects
from ..kube.client import Json
from ..kube.errors import ApiError
from .cluster import Cluster, ready


def protect(cluster: Cluster, snapshot: Json, content: Json | None) -> Json:
    """Give a snapshot the finalizers that its state calls for. Returns it as it is now."""
    bound = bool((snapshot.get("status") or {}).get("boundVolumeSnapshotContentName"))
    holds_content = bound and content is not None and content["spec"]["deletionPolicy"] == "Delete"

    def change(draft: Json) -> bool:
        if objects.deleting(draft):
            return False
        changed = objects.add_finalizer(draft, markers.SNAPSHOT_AS_SOURCE)
        return (holds_content and objects.add_finalizer(draft, markers.SNAPSHOT_BOUND)) or changed

    return cluster.snapshots.edit(snapshot, change)


def release_claim(cluster: Cluster, key: str) -> None:
    """Let a source PVC go once no snapshot waits for its cut.

    Looked at after every change of a snapshot of that PVC, its removal included: only so the last one
    that leaves takes the finalizer along (clause FIN-011).
    """
    claim = cluster.claims.get(key)
    if claim is None or not objects.has_finalizer(claim, markers.CLAIM_AS_SOURCE):
        return
    if any(not ready(snapshot) and not objects.deleting(snapshot) for snapshot in cluster.snapshots_of_claim(key)):
        return
    try:
        cluster.claims.edit(claim, lambda draft: objects.drop_finalizers(draft, markers.CLAIM_AS_SOURCE))
    except ApiError as error:
        if not error.not_found:
            raise
