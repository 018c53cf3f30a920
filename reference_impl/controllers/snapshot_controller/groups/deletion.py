"""Deletes what belongs to a group that is being deleted (clauses GRP-008, GRP-009).

The group's content goes before the group, the members after it: until then they are held back by it. The
driver is asked once, for the whole group.
"""

from __future__ import annotations

from ... import markers
from ...kube import objects
from ...kube.client import Json
from ...kube.errors import ApiError
from ...kube.events import WARNING
from ...work.loop import SyncError
from ..cluster import Cluster
from ..deletion import being_restored, retire
from . import membership


def process(cluster: Cluster, group: Json) -> None:
    """Bring a deleted group one step nearer to its end. Raises SyncError while a restore needs a member."""
    if not objects.has_finalizer(group, markers.GROUP_BOUND):
        return
    members = membership.members(cluster, group)
    for member in members:
        if being_restored(cluster, member):
            text = f"Snapshot {objects.key(member)} of the group is being used to restore a PVC"
            cluster.events.event(group, WARNING, "SnapshotDeletePending", text)
            raise SyncError(text)
    family = cluster.groups
    outlives = retire(family, group, family.content_of(group, family.form.dynamic_name(group)))
    for member in members:
        _delete_member(cluster, group, member)
    if not outlives:
        _release(cluster, group)


def _delete_member(cluster: Cluster, group: Json, member: Json) -> None:
    if objects.deleting(member):
        return
    try:
        cluster.snapshots.delete(member)
    except ApiError as error:
        text = f"Failed to delete snapshot {objects.key(member)} of the group: {error}"
        cluster.events.event(group, WARNING, "SnapshotDeleteError", text)
        raise


def _release(cluster: Cluster, group: Json) -> None:
    try:
        cluster.group_snapshots.edit(group, lambda draft: objects.drop_finalizers(draft, markers.GROUP_BOUND))
    except ApiError as error:
        if not error.not_found:
            raise
