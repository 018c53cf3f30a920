"""Whose work it was that an object changed: one table, read from the top; the first row that fits says it.

Whoever waits for an object waits for the component whose action makes its next version. Between a sidecar and its
driver the line is drawn by what a change means: what only a CSI call can bring is the driver's time (the sidecar's
own part in it cannot be seen from outside), what needs none is the controller's. Source of the order of changes:
external-snapshotter, external-provisioner and external-resizer, as of their current releases.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pytest_csi_snapshot.conditions import capacity_of, status_of
from pytest_csi_snapshot.evidence.authors import TEST

Json = dict[str, Any]
Component = Literal["driver", "controller", "kubelet", "cluster"]
COMPONENTS: tuple[Component, ...] = ("driver", "controller", "kubelet", "cluster")

BY_AUTHOR: dict[str, Component] = {
    TEST: "cluster",  # what is waited for is that the API server brings it back
    "kube-controller-manager": "cluster",
    "kube-scheduler": "cluster",
    "kube-apiserver": "cluster",
    "kubelet": "kubelet",
    "process-node": "kubelet",
    "snapshot-controller": "controller",
}
"""Author -> component, where the author is decision enough: these call no driver on behalf of the object."""

BY_REASON: dict[str, Component] = {
    "Scheduled": "cluster",
    "FailedScheduling": "cluster",
    "ExternalProvisioning": "cluster",
    "ExternalExpanding": "cluster",
    "Provisioning": "controller",
    "ProvisioningSucceeded": "driver",
    "ProvisioningFailed": "driver",
    "Resizing": "controller",
    "VolumeResizeSuccessful": "driver",
    "VolumeResizeFailed": "driver",
    "FileSystemResizeRequired": "driver",
    "FileSystemResizeSuccessful": "kubelet",
    "SuccessfulAttachVolume": "driver",
    "FailedAttachVolume": "driver",
    "FailedMount": "driver",
    "SnapshotContentCreationFailed": "controller",
    "SnapshotCreated": "driver",
    "SnapshotReady": "driver",
    "SnapshotDeleteError": "driver",
}
"""Reason of an event -> component."""

BY_SOURCE: dict[str, Component] = {
    "default-scheduler": "cluster",
    "persistentvolume-controller": "cluster",
    "attachdetach-controller": "cluster",
    "volume_expand": "cluster",
    "kubelet": "kubelet",
    "process-node": "kubelet",
}
"""Source of an event -> component, where the reason is none of those; other sources are controllers."""


@dataclass(frozen=True, slots=True)
class Rule:
    """``seen`` is asked with the version before, {} for none, the version, and whether the object is gone."""

    kinds: frozenset[str]
    change: str
    seen: Callable[[Json, Json, bool], bool]
    by: Component


_CONTENTS = frozenset({"VolumeSnapshotContent", "VolumeGroupSnapshotContent"})
_SNAPSHOTS = frozenset({"VolumeSnapshot", "VolumeGroupSnapshot"})
_CLAIM = frozenset({"PersistentVolumeClaim"})
_VOLUME = frozenset({"PersistentVolume"})
_POD = frozenset({"Pod"})
_ATTACHMENT = frozenset({"VolumeAttachment"})


def _differs(*fields: str) -> Callable[[Json, Json, bool], bool]:
    return lambda before, after, _end: any(
        status_of(before).get(field) != status_of(after).get(field) for field in fields
    )


def _any(_before: Json, _after: Json, _end: bool) -> bool:
    return True


def _going(body: Json) -> bool:
    return "deletionTimestamp" in body.get("metadata", {})


def _grew(before: Json, after: Json) -> bool:
    return bool(before) and capacity_of(before) != capacity_of(after)


def _node_had_to_act(claim: Json) -> bool:
    resize = (status_of(claim).get("allocatedResourceStatuses") or {}).get("storage", "")
    waiting = any(c.get("type") == "FileSystemResizePending" for c in status_of(claim).get("conditions") or [])
    return waiting or resize.startswith("Node")


RULES: tuple[Rule, ...] = (
    Rule(_CONTENTS, "appears", lambda before, _after, end: not before and not end, "controller"),
    Rule(_CONTENTS, "gone, with the snapshot in the backend",
         lambda _b, after, end: end and after["spec"].get("deletionPolicy") == "Delete", "driver"),
    Rule(_CONTENTS, "an answer of the driver in its status",
         _differs("snapshotHandle", "volumeGroupSnapshotHandle", "readyToUse", "creationTime", "restoreSize",
                  "error", "volumeSnapshotInfoList", "volumeSnapshotHandlePairList"), "driver"),
    Rule(_CONTENTS, "anything else", _any, "controller"),
    Rule(_SNAPSHOTS, "anything: copied from the content, or a finalizer", _any, "controller"),
    Rule(_VOLUME, "appears", lambda before, _after, end: not before and not end, "driver"),
    Rule(_VOLUME, "grew", lambda before, after, _end: _grew(before, after), "driver"),
    Rule(_VOLUME, "asked to go, once the driver has deleted it",
         lambda before, after, end: end or (_going(after) and not _going(before)), "driver"),
    Rule(_VOLUME, "anything else: bound, released", _any, "cluster"),
    Rule(_CLAIM, "grew, and a node had to act", lambda before, after, _end: _grew(before, after)
         and capacity_of(before) > 0 and _node_had_to_act(before), "kubelet"),
    Rule(_CLAIM, "grew", lambda before, after, _end: _grew(before, after) and capacity_of(before) > 0, "driver"),
    Rule(_CLAIM, "waits for a node to grow its filesystem",
         lambda before, after, _end: _node_had_to_act(after) and not _node_had_to_act(before), "driver"),
    Rule(_CLAIM, "another state of its expansion",
         lambda before, after, end: bool(before) and not end
         and _differs("conditions", "allocatedResourceStatuses", "allocatedResources")(before, after, end),
         "controller"),
    Rule(_CLAIM, "anything else: bound, annotated, let go", _any, "cluster"),
    Rule(_POD, "appears or is given a node", lambda before, after, end: not end and (not before
         or before["spec"].get("nodeName") != after["spec"].get("nodeName")), "cluster"),
    Rule(_POD, "anything else: what its node does", _any, "kubelet"),
    Rule(_ATTACHMENT, "attached, or let go", lambda before, after, end: end
         or (bool(before) and status_of(before).get("attached") != status_of(after).get("attached")), "driver"),
    Rule(_ATTACHMENT, "anything else", _any, "cluster"),
)  # fmt: skip

OF_KIND: dict[str, Component] = {
    **dict.fromkeys(_CONTENTS | _CLAIM | _VOLUME | _ATTACHMENT, "driver"),
    **dict.fromkeys(_SNAPSHOTS, "controller"),
    **dict.fromkeys(_POD, "kubelet"),
}
"""Kind -> who is waited for where nothing has come that would tell; "cluster" for all others."""


def worker_on(kind: str, before: Json, after: Json, by: str, *, end: bool = False) -> Component:
    """Whose action made a version of an object; ``by`` is its author, ``end`` says that it is gone with it."""
    if known := BY_AUTHOR.get(by):
        return known
    for rule in RULES:
        if kind in rule.kinds and rule.seen(before, after, end):
            return rule.by
    return "cluster"


def worker_behind(event: Json) -> Component:
    """Whose action an event tells of."""
    if known := BY_REASON.get(str(event.get("reason", ""))):
        return known
    source = (event.get("source") or {}).get("component") or event.get("reportingComponent") or ""
    return BY_SOURCE.get(str(source), "controller")
