"""A test's corner of a cluster as it looked when the test let go of it: the versions of its objects and their kin.

Taken out of the history before that forgets them. What belongs together is found by the references in the objects:
a content to its snapshot, a volume to its claim, a pod and an attachment to the volume that they use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_csi_snapshot.history import History, Version
from pytest_csi_snapshot.kube.kinds import (
    EVENT,
    GROUP_CONTENT,
    PV,
    SNAPSHOT_CONTENT,
    VOLUME_ATTACHMENT,
)
from pytest_csi_snapshot.labels import referred

Json = dict[str, Any]
Logs = Callable[[float], list[tuple[str, list[str]]]]
"""The ends of the logs of the controllers over so many seconds: component, lines."""

DERIVED = (SNAPSHOT_CONTENT, GROUP_CONTENT, PV)
"""Kinds of objects that are made for an object of a test and refer to it."""


def _no_logs(_seconds: float) -> list[tuple[str, list[str]]]:
    return []


@dataclass
class Corner:
    """``versions`` and ``own`` (resourceVersions that the test made) by uid; ``events`` each as often as told."""

    versions: dict[str, list[Version]] = field(default_factory=dict)
    own: dict[str, frozenset[str]] = field(default_factory=dict)
    events: list[list[Version]] = field(default_factory=list)
    logs: Logs = _no_logs

    @property
    def event_uids(self) -> list[str]:
        """The uids of the events."""
        return [told[0].uid for told in self.events]

    def parents(self) -> dict[str, str]:
        """Of each object the uid of the one that it belongs to, "" where that was not seen."""
        found = {uid: _parent(versions[-1], self._named) for uid, versions in self.versions.items()}
        return {uid: parent if parent in self.versions and parent != uid else "" for uid, parent in found.items()}

    def _named(self, kind: str, namespace: str, name: str) -> str:
        for uid, versions in self.versions.items():
            first = versions[0]
            if (first.kind.kind, first.namespace, first.name) == (kind, namespace, name):
                return uid
        return ""


def corner_of(history: History, uids: Iterable[str], *, logs: Logs = _no_logs) -> Corner:
    """What a history knows about these objects, about what was made for them or uses them, and their events."""
    wanted = dict.fromkeys(uids)
    for kind in DERIVED:
        for made in history.objects(kind):
            if referred(made[-1].object).get("uid") in wanted:
                wanted[made[0].uid] = None
    versions = {uid: known for uid in wanted if (known := history.versions(uid))}
    volumes = {known[0].name for known in versions.values() if known[0].kind == PV}
    for attached in history.objects(VOLUME_ATTACHMENT):
        if attached[0].object["spec"]["source"].get("persistentVolumeName") in volumes:
            versions[attached[0].uid] = attached
    own = {uid: history.own_writes(uid) for uid in versions}
    events = [told for told in history.objects(EVENT) if _involved(told[0]) in wanted]
    return Corner(versions, own, sorted(events, key=lambda told: told[0].position), logs)


def _involved(event: Version) -> str:
    return str((event.object.get("involvedObject") or {}).get("uid", ""))


def _parent(version: Version, named: Callable[[str, str, str], str]) -> str:
    body, kind = version.object, version.kind.kind
    if to := referred(body):
        home = {"PersistentVolume": "PersistentVolumeClaim", "VolumeSnapshotContent": "VolumeSnapshot"}
        owner = home.get(kind, "VolumeGroupSnapshot")
        return str(to.get("uid") or named(owner, to.get("namespace", ""), to.get("name", "")))
    if kind == "VolumeAttachment":
        return named("PersistentVolume", "", body["spec"]["source"].get("persistentVolumeName", ""))
    if kind == "Pod":
        claims = (v.get("persistentVolumeClaim") for v in body["spec"].get("volumes") or [])
        names = [claim["claimName"] for claim in claims if claim]
        found = (named("PersistentVolumeClaim", version.namespace, name) for name in names)
        return next(filter(None, found), "")
    owners = body["metadata"].get("ownerReferences") or []
    return next((str(owner["uid"]) for owner in owners if owner.get("kind") == "VolumeGroupSnapshot"), "")


def family_of(uid: str, parents: Mapping[str, str]) -> frozenset[str]:
    """An object and all that hangs together with it."""
    found, before = {uid}, 0
    while len(found) > before:
        before = len(found)
        found |= {parents[each] for each in found if parents.get(each)}
        found |= {each for each, parent in parents.items() if parent in found}
    return frozenset(found)
