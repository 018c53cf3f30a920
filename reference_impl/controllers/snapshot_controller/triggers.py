"""Which change makes which object worth another look."""

from __future__ import annotations

from dataclasses import dataclass

from ..forms import GROUP
from ..kube import objects
from ..kube.client import Json
from ..work.queue import WorkQueue
from .cluster import Cluster, claim_name, ready
from .deletion import restores_from
from .groups import membership
from .groups.sources import selects


@dataclass(frozen=True)
class Queues:
    """Keys of what is to be looked at."""

    snapshots: WorkQueue
    contents: WorkQueue
    claims: WorkQueue
    groups: WorkQueue
    group_contents: WorkQueue


class Triggers:
    """Handlers of changes; ``watch`` sets them."""

    def __init__(self, cluster: Cluster, queues: Queues) -> None:
        self._cluster = cluster
        self._queues = queues

    def watch(self) -> None:
        """To be called before the collections start."""
        self._cluster.snapshots.on_change(self.snapshot)
        self._cluster.contents.on_change(self.content)
        self._cluster.claims.on_change(self.claim)
        self._cluster.group_snapshots.on_change(self.group)
        self._cluster.group_contents.on_change(self.group_content)

    def snapshot(self, before: Json | None, after: Json | None) -> None:
        """A snapshot itself, and its source PVC, which it may protect."""
        obj = _either(before, after)
        if after and (before is None or not only_error_changed(before, after)):
            self._queues.snapshots.add(objects.key(after))
        name = claim_name(obj)
        if name:
            self._queues.claims.add(objects.join(objects.namespace(obj), name))

    def content(self, before: Json | None, after: Json | None) -> None:
        """A content itself; its snapshot too if the content came, went, or says something new."""
        if after:
            self._queues.contents.add(objects.key(after))
        if _news(before, after):
            self._queues.snapshots.add(self._cluster.singles.form.holder_key(_either(before, after)))

    def claim(self, before: Json | None, after: Json | None) -> None:
        """The snapshot it is restored from, whose deletion may wait (FIN-007, GRP-009); what waits to be cut."""
        if after:
            self._queues.claims.add(objects.key(after))
        if before and after and before.get("status") != after.get("status"):
            for snapshot in self._cluster.snapshots_of_claim(objects.key(after)):
                if not ready(snapshot):
                    self._queues.snapshots.add(objects.key(snapshot))
        if after and (before is None or _eligibility(before) != _eligibility(after)):
            for group in self._cluster.group_snapshots.by(_waiting, objects.namespace(after)):
                if selects(group, after):
                    self._queues.groups.add(objects.key(group))
        source = restores_from(before) if before else None
        if source and (after is None or restores_from(after) is None):
            self._restored(source)

    def group(self, before: Json | None, after: Json | None) -> None:
        """A group itself; snapshots that may join it, once it is bound; members that may go, once it is gone."""
        if after and (before is None or not only_error_changed(before, after)):
            self._queues.groups.add(objects.key(after))
        form = self._cluster.groups.form
        bound = form.bound_name(after) if after else None
        if bound and (before is None or form.bound_name(before) != bound):
            self._relatives(self._cluster.group_contents.get(bound))
        if before and after is None:
            for snapshot in membership.naming(self._cluster, before):
                self._queues.snapshots.add(objects.key(snapshot))

    def group_content(self, before: Json | None, after: Json | None) -> None:
        """A content itself; if it came, went, or says something new, its group, and snapshots with its handle."""
        if after:
            self._queues.group_contents.add(objects.key(after))
        obj = _either(before, after)
        if _news(before, after):
            self._queues.groups.add(self._cluster.groups.form.holder_key(obj))
        if after and (_news(before, after) or _bound(before) != _bound(after)):
            self._relatives(after)

    def _relatives(self, group_content: Json | None) -> None:
        for key in membership.relatives(self._cluster, group_content) if group_content else ():
            self._queues.snapshots.add(key)

    def _restored(self, source: str) -> None:
        self._queues.snapshots.add(source)
        snapshot = self._cluster.snapshots.get(source)
        owner = membership.owner(snapshot) if snapshot else None
        if snapshot and owner:
            self._queues.groups.add(objects.join(objects.namespace(snapshot), owner["name"]))


def only_error_changed(before: Json, after: Json) -> bool:
    """The change is an error that we reported: it must not bring the next attempt before its time (ERR-006)."""

    def rest(snapshot: Json) -> Json:
        meta = {
            key: snapshot["metadata"].get(key)
            for key in ("annotations", "labels", "finalizers", "deletionTimestamp")
        }
        status = {key: value for key, value in (snapshot.get("status") or {}).items() if key != "error"}
        return {**meta, "spec": snapshot["spec"], "status": {**status, "readyToUse": ready(snapshot)}}

    return rest(before) == rest(after) and before.get("status") != after.get("status")


def _either(before: Json | None, after: Json | None) -> Json:
    obj = after or before
    assert obj is not None, "a change has a version before it, after it, or both"
    return obj


def _news(before: Json | None, after: Json | None) -> bool:
    return before is None or after is None or before.get("status") != after.get("status")


def _waiting(group: Json) -> tuple[str | None, ...]:
    """The namespace of a group that has yet to be cut."""
    return () if ready(group) else (objects.namespace(group),)


def _eligibility(claim: Json) -> tuple[object, object]:
    """What decides whether a group can take the PVC."""
    return claim["metadata"].get("labels"), claim.get("status")


def _bound(content: Json | None) -> object:
    return content and content["spec"][GROUP.ref].get("uid")
