"""The status of a snapshot: follows the content's (clauses STAT-001 to STAT-008)."""

from __future__ import annotations

from abc import ABC, abstractmethod

from .. import clock, quantity
from ..kube import objects
from ..kube.client import Json
from ..kube.events import NORMAL
from ..statuses import StatusWriter
from .cluster import Cluster, Family
from .groups import membership

_EVENTS_S = 0.5
"""A status waits no longer than this for its events."""


class SnapshotStatus(StatusWriter, ABC):
    """The status of one sort of snapshot."""

    def __init__(self, family: Family) -> None:
        super().__init__(family.snapshots, family.events)
        self._family = family

    def follow(self, snapshot: Json, content: Json) -> Json:
        """Copy what the content says; events are there before the status shows it (clause SNAP-DYN-009)."""
        title, key = self._family.form.title, objects.key(snapshot)
        before = snapshot.get("status") or {}
        after = self.merged(snapshot, before, content)
        if after.get("creationTime") and not before.get("creationTime"):
            text = f"{title} {key} was successfully created by the CSI driver."
            self._events.event(snapshot, NORMAL, f"{title}Created", text)
        if after["readyToUse"] and not before.get("readyToUse"):
            self._events.event(snapshot, NORMAL, f"{title}Ready", f"{title} {key} is ready to use.")
            self._events.flush(_EVENTS_S)
        return self.write(snapshot, lambda status: self.merged(snapshot, status, content))

    def merged(self, snapshot: Json, status: Json, content: Json) -> Json:
        """The status of a snapshot bound to this content. What is set once stays (STAT-003, STAT-005)."""
        source = content.get("status") or {}
        result = dict(status)
        result.setdefault(self._family.form.bound_field, objects.name(content))
        for field, value in self.details(snapshot, source).items():
            if value is not None:
                result.setdefault(field, value)
        result["readyToUse"] = source.get("readyToUse") is True
        if result["readyToUse"] or not source.get("error"):
            result.pop("error", None)
        elif (result.get("error") or {}).get("message") != source["error"].get("message"):
            result["error"] = source["error"]
        return result

    @abstractmethod
    def details(self, snapshot: Json, source: Json) -> Json:
        """The fields that the content's status gives to this sort of snapshot; None for what is not known."""


class SingleStatus(SnapshotStatus):
    """``VolumeSnapshot.status``."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster.singles)
        self._cluster = cluster

    def details(self, snapshot: Json, source: Json) -> Json:
        """Time and size in the API's notation, and the group of a member (clause GRP-002)."""
        created, size = source.get("creationTime"), source.get("restoreSize")
        return {
            "creationTime": None if created is None else clock.rfc3339_of_ns(int(created)),
            "restoreSize": None if size is None else quantity.from_bytes(int(size)),
            "volumeGroupSnapshotName": membership.group_name(self._cluster, snapshot, source),
        }


class GroupStatus(SnapshotStatus):
    """``VolumeGroupSnapshot.status``."""

    def details(self, snapshot: Json, source: Json) -> Json:  # noqa: ARG002 - a group is in no group
        """The time of the cut; contents of groups have it in the API's notation already."""
        return {"creationTime": source.get("creationTime")}
