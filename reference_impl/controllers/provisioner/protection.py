"""Keeps the sources of running restores and clones alive (clauses FIN-008, FIN-009, RES-009).

A restore's source has a finalizer from before CreateVolume until no begun restore of it is left; a clone's
source keeps its finalizer until it is to be deleted itself and no clone of it is pending.
"""

from __future__ import annotations

import logging
import threading

from .. import markers
from ..kube import objects
from ..kube.client import Json
from ..kube.collection import Collection
from ..kube.errors import ApiError
from ..kube.kinds import SNAPSHOT, SNAPSHOT_CONTENT
from .cluster import Cluster, DataSource, awaited, data_source, provisioner_of
from .unanswered import Unanswered

log = logging.getLogger(__name__)


class Protection:
    """Sets the two finalizers and takes them off."""

    def __init__(self, cluster: Cluster, driver: str, unanswered: Unanswered, *, alone: bool = True) -> None:
        """Not ``alone``: other instances restore too, so any pending restore may be one that has begun."""
        self._cluster = cluster
        self._driver = driver
        self._unanswered = unanswered
        self._alone = alone
        self._lock = threading.Lock()
        self._begun: dict[str, set[str]] = {}
        """Uid of a snapshot -> uids of claims whose restore from it has begun and not ended."""
        self._ours: set[str] = set()
        """Uids of snapshots that this process has restored from, or looked up as the driver's."""

    def begin(self, claim: Json, source: DataSource) -> None:
        """Protect the source of a claim that is about to be filled. Raises ApiError."""
        if source.kind == "VolumeSnapshot":
            # The cache may be behind what the check of the source just read, or not filled yet.
            snapshot = self._cluster.snapshots.get(source.key) or self._read(source)
            self.adopt(snapshot)
            with self._lock:
                self._begun[objects.uid(snapshot)].add(objects.uid(claim))
                self._ours.add(objects.uid(snapshot))
            self._protect_snapshot(snapshot)
        else:
            origin = self._cluster.claims.get(source.key)
            if origin is not None:
                self._cluster.claims.edit(origin, lambda draft: _add(draft, markers.CLONE_SOURCE))

    def _read(self, source: DataSource) -> Json:
        return self._cluster.client.get(SNAPSHOT, source.namespace, source.name)

    def _protect_snapshot(self, snapshot: Json) -> None:
        try:
            self._cluster.snapshots.edit(snapshot, lambda draft: _add(draft, markers.RESTORE_SOURCE))
        except ApiError as error:
            if error.status != 403:
                raise
            # An installation that does not grant "update" restores unprotected, as it always did (FIN-008).
            log.warning("restore from %s goes on unprotected: %s", objects.key(snapshot), error)

    def end(self, claim: Json, source: DataSource) -> None:
        """The claim has its volume. Raises ApiError."""
        if source.kind != "VolumeSnapshot":
            # Both may have been deleted while the call counted as unanswered, and nothing would look again.
            self.sweep_claim(source.key)
            return
        if snapshot := self._cluster.snapshots.get(source.key):
            with self._lock:
                self._begun.get(objects.uid(snapshot), set()).discard(objects.uid(claim))
        self.sweep_snapshot(source.key)

    def sweep_snapshot(self, key: str) -> None:
        """Let a snapshot go if no begun restore of it is left. Raises ApiError."""
        snapshot = self._cluster.snapshots.get(key)
        if snapshot is None or not objects.has_finalizer(snapshot, markers.RESTORE_SOURCE):
            return
        self.adopt(snapshot)
        uid = objects.uid(snapshot)
        alive = {objects.uid(claim) for claim in self._waiting(DataSource("VolumeSnapshot", key))}
        with self._lock:
            self._begun[uid] &= alive
            if self._begun[uid] or (alive and not self._alone):
                return
        if not self._is_ours(snapshot):
            return
        _drop(self._cluster.snapshots, snapshot, markers.RESTORE_SOURCE)

    def _is_ours(self, snapshot: Json) -> bool:
        """Whether no other driver's provisioner may have set the finalizer, which has one name for all of them.

        Who has just started sees those of the others. A snapshot whose content is gone is anybody's that no claim
        of another driver waits for.
        """
        if objects.uid(snapshot) in self._ours:
            return True
        name = (snapshot.get("status") or {}).get("boundVolumeSnapshotContentName")
        content = self._content(str(name)) if name else None
        if content is None:
            waiting = self._cluster.claims.by(awaited, DataSource("VolumeSnapshot", objects.key(snapshot)))
            return all(provisioner_of(claim) == self._driver for claim in waiting)
        if content["spec"]["driver"] != self._driver:
            return False
        with self._lock:
            self._ours.add(objects.uid(snapshot))
        return True

    def _content(self, name: str) -> Json | None:
        try:
            return self._cluster.client.get(SNAPSHOT_CONTENT, None, name)
        except ApiError as error:
            if not error.not_found:
                raise
            return None

    def sweep_claim(self, key: str) -> None:
        """Let a clone's source go that is being deleted, once no clone of it is pending. Raises ApiError."""
        origin = self._cluster.claims.get(key)
        if (
            origin is None
            or not objects.deleting(origin)
            or not objects.has_finalizer(origin, markers.CLONE_SOURCE)
        ):
            return
        if not self._waiting(DataSource("PersistentVolumeClaim", key)):
            _drop(self._cluster.claims, origin, markers.CLONE_SOURCE)

    def adopt(self, snapshot: Json) -> None:
        """At first sight of a snapshot: what a process before us may have begun, counts as begun."""
        waiting = self._waiting(DataSource("VolumeSnapshot", objects.key(snapshot)))
        begun = waiting if objects.has_finalizer(snapshot, markers.RESTORE_SOURCE) else []
        with self._lock:
            self._begun.setdefault(objects.uid(snapshot), {objects.uid(claim) for claim in begun})

    def _waiting(self, source: DataSource) -> list[Json]:
        """Claims that are to be filled from this source, deleted ones included whose call may still run."""
        ours = [
            claim
            for claim in self._cluster.claims.by(awaited, source)
            if source.kind == "PersistentVolumeClaim" or provisioner_of(claim) == self._driver
        ]
        return [*ours, *(claim for claim in self._unanswered.all() if data_source(claim) == source)]


def _add(draft: Json, finalizer: str) -> bool:
    # The API server refuses new finalizers on a deleted object; one that still has ours is protected.
    return not objects.deleting(draft) and objects.add_finalizer(draft, finalizer)


def _drop(collection: Collection, obj: Json, finalizer: str) -> None:
    try:
        collection.edit(obj, lambda draft: objects.drop_finalizers(draft, finalizer))
    except ApiError as error:
        if not error.not_found:
            raise
