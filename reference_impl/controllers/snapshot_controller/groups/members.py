"""Makes the members of a group once it is cut: a VolumeSnapshot and a content for each volume (clause GRP-002).

All is found again by name, so that a controller that was interrupted, or another one, goes on where it ended.
"""

from __future__ import annotations

from ... import markers
from ...forms import GROUP, SINGLE
from ...kube import objects
from ...kube.client import Json
from ...kube.collection import Collection
from ...kube.errors import ApiError
from ...parameters import SecretReference
from ...statuses import StatusWriter
from ...work.loop import SyncError
from ..cluster import Cluster
from ..creation import metadata
from . import membership


def create(cluster: Cluster, group: Json, group_content: Json) -> None:
    """Make what is missing of the members. Nothing is done before the driver has answered.

    Raises SyncError where an object of somebody else has the name of a member's, ApiError.
    """
    status = group_content.get("status") or {}
    if not status.get(GROUP.handle_field):
        return
    for info in status.get("volumeSnapshotInfoList") or []:
        _create(cluster, group, group_content, info)


def _create(cluster: Cluster, group: Json, group_content: Json, info: Json) -> None:
    volume = _volume(cluster, group, group_content["spec"]["driver"], info["volumeHandle"])
    snapshot = _submit(cluster.snapshots, _snapshot(group, info, volume))
    if (membership.owner(snapshot) or {}).get("uid") != objects.uid(group):
        raise SyncError(f"VolumeSnapshot {objects.key(snapshot)} exists and is no member of {objects.key(group)}")
    content = _submit(cluster.contents, _content(group_content, info, volume, snapshot))
    if not SINGLE.refers(content, snapshot, bound=True):
        raise SyncError(f"{SINGLE.content} {objects.name(content)} exists and is for another snapshot")
    if not (content.get("status") or {}).get(SINGLE.handle_field):
        StatusWriter(cluster.contents, cluster.events).write(content, lambda _: _status(group_content, info))


def _snapshot(group: Json, info: Json, volume: Json | None) -> Json:
    claim = volume["spec"]["claimRef"]["name"] if volume else ""
    meta = {
        "name": membership.snapshot_name(group, info["volumeHandle"]),
        "namespace": objects.namespace(group),
        "ownerReferences": [membership.owner_reference(group)],
        "finalizers": [markers.IN_GROUP],
    }
    # Empty where the PV has gone since the cut: which PVC it was is not known any more.
    return {"metadata": meta, "spec": {"source": {"persistentVolumeClaimName": claim}}}


def _content(group_content: Json, info: Json, volume: Json | None, snapshot: Json) -> Json:
    name = objects.annotation(group_content, GROUP.secret_name)
    namespace = objects.annotation(group_content, GROUP.secret_namespace)
    meta = metadata(
        SINGLE,
        membership.content_name(snapshot) or "",
        SecretReference(name, namespace) if name and namespace else None,
    )
    meta["annotations"][markers.GROUP_HANDLE] = group_content["status"][GROUP.handle_field]
    spec = {
        "deletionPolicy": group_content["spec"]["deletionPolicy"],
        "driver": group_content["spec"]["driver"],
        "source": {SINGLE.volume_field: info["volumeHandle"]},
        SINGLE.ref: SINGLE.reference_to(snapshot),
    }
    if volume and volume["spec"].get("volumeMode"):
        spec["sourceVolumeMode"] = volume["spec"]["volumeMode"]
    return {"metadata": meta, "spec": spec}


def _status(group_content: Json, info: Json) -> Json:
    """What the driver said of this member when it cut the group."""
    fields = ("snapshotHandle", "creationTime", "restoreSize", "readyToUse")
    said = {field: info[field] for field in fields if info.get(field) is not None}
    return {**said, GROUP.handle_field: group_content["status"][GROUP.handle_field]}


def _volume(cluster: Cluster, group: Json, driver: str, handle: str) -> Json | None:
    """The PV with this handle that is bound in the group's namespace."""
    for volume in cluster.volumes.by(_handles, (driver, handle)):
        if (volume["spec"].get("claimRef") or {}).get("namespace") == objects.namespace(group):
            return volume
    return None


def _handles(volume: Json) -> tuple[tuple[str, str], ...]:
    csi = volume["spec"].get("csi")
    return ((csi["driver"], csi["volumeHandle"]),) if csi else ()


def _submit(collection: Collection, body: Json) -> Json:
    """Create an object, or find the one that has its name already."""
    meta = body["metadata"]
    known = collection.get(objects.join(meta.get("namespace"), meta["name"]))
    if known is not None:
        return known
    try:
        return collection.create(body)
    except ApiError as error:
        if not error.exists:
            raise
        return collection.client.get(collection.kind, meta.get("namespace"), meta["name"])
