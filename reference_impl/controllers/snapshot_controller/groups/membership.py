"""Which group a VolumeSnapshot belongs to, and which VolumeSnapshots a group has (clauses GRP-002, GRP-010).

A member that the controller made has an owner reference from the start. One that somebody imported is known
by the group's handle in its content, and is given the reference then.
"""

from __future__ import annotations

import hashlib

from ... import markers
from ...forms import GROUP
from ...kube import objects
from ...kube.client import Json
from ...kube.errors import ApiError
from ...kube.kinds import GROUP_SNAPSHOT
from ..cluster import Cluster

_SNAPSHOT, _CONTENT = "snapshot-", "snapcontent-"


def snapshot_name(group: Json, volume_handle: str) -> str:
    """The VolumeSnapshot of one volume of a group. Its content has the same digest in its name."""
    return f"{_SNAPSHOT}{hashlib.sha256(f'{objects.uid(group)}{volume_handle}'.encode()).hexdigest()}"


def content_name(snapshot: Json) -> str | None:
    """The content that was made together with a member; None for a snapshot of its own."""
    if owner(snapshot) is None:
        return None
    return f"{_CONTENT}{objects.name(snapshot).removeprefix(_SNAPSHOT)}"


def owner(snapshot: Json) -> Json | None:
    """The owner reference to a group."""
    api_group = GROUP_SNAPSHOT.api_version.partition("/")[0]
    for reference in snapshot["metadata"].get("ownerReferences") or []:
        same_kind = reference["kind"] == GROUP_SNAPSHOT.kind
        if same_kind and reference["apiVersion"].partition("/")[0] == api_group:
            return dict(reference)
    return None


def owner_reference(group: Json) -> Json:
    """What makes a snapshot a member of the group."""
    return {
        "apiVersion": GROUP_SNAPSHOT.api_version,
        "kind": GROUP_SNAPSHOT.kind,
        "name": objects.name(group),
        "uid": objects.uid(group),
    }


def group_name(cluster: Cluster, snapshot: Json, source: Json) -> str | None:
    """The group of a snapshot whose content has this status; None for a snapshot of its own."""
    reference = owner(snapshot)
    if reference is not None:
        return str(reference["name"])
    group = _holder(cluster, objects.namespace(snapshot), source)
    return objects.name(group) if group else None


def group_of(cluster: Cluster, snapshot: Json) -> Json | None:
    """The group of a snapshot, as long as it exists."""
    reference = owner(snapshot)
    name = reference["name"] if reference else (snapshot.get("status") or {}).get("volumeGroupSnapshotName")
    if not name:
        return None
    group = _get(cluster, objects.namespace(snapshot), str(name))
    if group is None or (reference and objects.uid(group) != reference["uid"]):
        return None
    return group


def members(cluster: Cluster, group: Json) -> list[Json]:
    """The VolumeSnapshots that belong to a group."""
    return cluster.snapshots.by(_named, objects.uid(group))


def relatives(cluster: Cluster, group_content: Json) -> list[str]:
    """Keys of the VolumeSnapshots whose contents have the handle of this group."""
    return [
        cluster.singles.form.holder_key(content)
        for handle in _handles(group_content)
        for content in cluster.contents.by(_handles, handle)
    ]


def naming(cluster: Cluster, group: Json) -> list[Json]:
    """The VolumeSnapshots that name this group, by owner reference or in their status."""
    return [one for name in (objects.uid(group), objects.key(group)) for one in cluster.snapshots.by(_named, name)]


def _named(snapshot: Json) -> tuple[str, ...]:
    """The group that a snapshot names: by the uid in its owner reference, else by the key that its status says."""
    reference = owner(snapshot)
    if reference is not None:
        return (str(reference["uid"]),)
    name = (snapshot.get("status") or {}).get("volumeGroupSnapshotName")
    return (objects.join(objects.namespace(snapshot), str(name)),) if name else ()


def _handles(content: Json) -> tuple[str, ...]:
    """The driver's handle of the group, of a group's content and of a member's."""
    handle = (content.get("status") or {}).get(GROUP.handle_field)
    return (str(handle),) if handle else ()


def adopt(cluster: Cluster, snapshot: Json, source: Json) -> Json:
    """Make an imported snapshot a member of the group whose handle its content's status has.

    Returns the snapshot as it is now: unchanged until the group is bound to its content.
    """
    if owner(snapshot) is not None:
        return snapshot
    group = _holder(cluster, objects.namespace(snapshot), source)
    if group is None or objects.deleting(group):
        return snapshot

    def change(draft: Json) -> bool:
        if objects.deleting(draft) or owner(draft) is not None:
            return False
        draft["metadata"].setdefault("ownerReferences", []).append(owner_reference(group))
        objects.add_finalizer(draft, markers.IN_GROUP)
        return True

    return cluster.snapshots.edit(snapshot, change)


def _holder(cluster: Cluster, namespace: str | None, source: Json) -> Json | None:
    """The group of this namespace that is bound to a content with the group's handle in a content's status.

    A retained content has the handle too: only a group that exists counts.
    """
    handle = source.get(GROUP.handle_field)
    if not handle:
        return None
    for content in cluster.group_contents.by(_handles, handle):
        group = cluster.group_snapshots.get(GROUP.holder_key(content))
        if group and objects.namespace(group) == namespace and GROUP.refers(content, group, bound=True):
            return group
    return None


def _get(cluster: Cluster, namespace: str | None, name: str) -> Json | None:
    """The group; before its absence lets a member go, the server is asked, for caches are filled one by one."""
    group = cluster.group_snapshots.get(objects.join(namespace, name))
    if group is not None:
        return group
    try:
        return cluster.group_snapshots.client.get(GROUP_SNAPSHOT, namespace, name)
    except ApiError as error:
        if error.not_found:
            return None
        raise
