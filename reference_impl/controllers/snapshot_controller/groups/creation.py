"""Makes the content of a dynamic group snapshot (clauses GRP-001, GRP-004, SEC-002 to 004)."""

from __future__ import annotations

from ... import markers
from ...forms import GROUP
from ...kube import objects
from ...kube.client import Json
from ...kube.events import WARNING
from ...parameters import GROUP_SNAPSHOTTER, ParameterError, secret, snapshot_tokens
from ..classes import absent
from ..cluster import Cluster
from ..creation import CreationError, metadata, submit
from ..sources import SourceError
from . import sources


def create(cluster: Cluster, group: Json) -> Json:
    """Protect the group, then create its content. Returns the content; raises CreationError, ApiError.

    The source PVCs are not protected (clause GRP-011). The group is, before anything is made for it: so its
    deletion is never over before that of its content has begun.
    """
    try:
        body = describe(cluster, group)
    except (SourceError, ParameterError) as error:
        text = f'failed to get input parameters to create group snapshot {objects.name(group)}: "{error}"'
        raise CreationError(text) from error
    return submit(cluster.groups, protect(cluster, group), body)


def protect(cluster: Cluster, group: Json) -> Json:
    """Keep a group until its content is looked after. Returns the group as it is now."""
    return cluster.group_snapshots.edit(
        group, lambda draft: not objects.deleting(draft) and objects.add_finalizer(draft, markers.GROUP_BOUND)
    )


def describe(cluster: Cluster, group: Json) -> Json:
    """The content to be created. Raises SourceError, ParameterError, CreationError."""
    class_name = group["spec"][GROUP.class_field]
    group_class = cluster.group_classes.find(class_name)
    if group_class is None:
        raise SourceError(absent(cluster.groups, class_name))
    volumes = sources.volumes(cluster, group)
    for volume in volumes:
        _check(cluster, group, group_class, volume)
    name = GROUP.dynamic_name(group)
    tokens = snapshot_tokens(name, objects.name(group), objects.namespace(group), kind="volumegroupsnapshot")
    reference = secret(GROUP_SNAPSHOTTER, group_class.get("parameters") or {}, *tokens)
    spec = {
        "deletionPolicy": group_class["deletionPolicy"],
        "driver": group_class["driver"],
        "source": {GROUP.volume_field: [volume["spec"]["csi"]["volumeHandle"] for volume in volumes]},
        GROUP.class_field: class_name,
        GROUP.ref: GROUP.reference_to(group),
    }
    return {"metadata": metadata(GROUP, name, reference), "spec": spec}


def _check(cluster: Cluster, group: Json, group_class: Json, volume: Json) -> None:
    """The volume can be cut by the driver of the class. Raises CreationError, with an event of its own."""
    name, csi = objects.name(volume), volume["spec"].get("csi")
    if not csi:
        text = f"Volume {name} is not of a CSI driver"
    elif csi["driver"] != group_class["driver"]:
        text = (
            f"Volume {name} is of driver {csi['driver']}, its VolumeGroupSnapshotClass of {group_class['driver']}"
        )
    else:
        return
    cluster.events.event(group, WARNING, "CreateGroupSnapshotContentFailed", text)
    raise CreationError(text)
