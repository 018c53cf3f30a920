"""Snapshots: each a layer of its volume from the moment of the cut, whatever becomes of the volume."""

from __future__ import annotations

import contextlib
import logging
import time
import uuid
from collections.abc import Iterator

from . import layers
from .engine import Engine, check_name
from .errors import BackendError
from .readiness import check_ready, purge_allowed
from .records import Snapshot, Volume
from .replica.names import HEAD
from .store import Store

log = logging.getLogger("backend")

MAX_COUNT = 250
"""Snapshots of a volume that was made without a limit of its own."""


class Snapshots:
    """All snapshots of one engine. Their names are unique across volumes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self, volume: str = "") -> list[Snapshot]:
        """Those of ``volume``, or of all; sorted by name."""
        return [item for item in self._engine.snapshots.all() if not volume or item.volume == volume]

    def get(self, name: str) -> Snapshot:
        """Raises BackendError NotFound."""
        snapshot = self._engine.snapshots.get(name)
        if snapshot is None:
            raise BackendError("NotFound", f"snapshot {name} not found")
        return snapshot

    def find(self, volume: str, name: str) -> Snapshot | None:
        """None for one that is another volume's, too."""
        snapshot = self._engine.snapshots.get(name)
        return snapshot if snapshot is not None and snapshot.volume == volume else None

    def store(self, snapshot: Snapshot) -> Store:
        """Where its data is. Raises BackendError NotFound if it was deleted meanwhile."""
        store = self._engine.stores.get(snapshot.chain)
        if store is None:
            raise BackendError("NotFound", f"snapshot {snapshot.name} not found")
        return store

    def create(self, volume: str, name: str, labels: dict[str, str]) -> Snapshot:
        """Cut ``volume`` now. The same call again is answered with what it made. Raises BackendError.

        AlreadyExists: the name is taken by a snapshot of another volume; NotFound: no such volume; Aborted: a cut
        is running, or the filesystem could not be frozen for as long as it took; ResourceExhausted: the volume has
        as many snapshots as it may have; FailedPrecondition: the volume is faulted.
        """
        check_snapshot_name(name)
        with self._engine.locks.hold(f"snapshot {name}", f"volume {volume}"):
            existing = self._engine.snapshots.get(name)
            source = self._engine.volumes.get(volume)
            if existing is not None:
                if existing.volume != volume or existing.group:
                    raise BackendError(
                        "AlreadyExists",
                        f"snapshot {name} exists and is one of {existing.group or existing.volume}",
                    )
                return existing
            if source is None:
                raise BackendError("NotFound", f"volume {volume} not found")
            check_ready(self._engine, source)
            with self._engine.storing(source.chain) as store:
                make_room(self._engine, source, store, name)
                created = self._cut(source, store, name, labels)
                made = self._engine.snapshots.put(
                    Snapshot(name, volume, created, source.mode, labels, chain=source.chain)
                )
            log.info("snapshot %s of volume %s cut", name, volume)
            self._engine.events.add("Snapshot", name, "Create", "successfully provisioned the snapshot")
            return made

    def _cut(self, volume: Volume, store: Store, name: str, labels: dict[str, str]) -> float:
        """Returns the moment of the cut: what was written later is not in it."""
        if not store.is_live:
            created = time.time()
            store.snapshot(layers.user(name, created, labels))
            return created
        moments: list[float] = []

        @contextlib.contextmanager
        def quiet() -> Iterator[None]:
            with self._engine.devices.quiet(volume.name):
                moments.append(time.time())
                yield

        flat = self._engine.pool.cut(f"{volume.name}.cut")
        try:
            self._engine.pool.clone_together({flat: store.live}, quiet())
            store.snapshot(layers.user(name, moments[0], labels), flat)
        finally:
            flat.unlink(missing_ok=True)
        return moments[0]

    def delete(self, name: str) -> None:
        """A snapshot that is not there is as good; restores from it stay. Raises BackendError.

        Aborted: a restore is running; InvalidArgument: it is part of a group and goes with it only.
        """
        found = self._engine.snapshots.get(name)
        if found is None:
            return
        with self._engine.locks.hold(f"snapshot {name}", f"volume {found.volume}"):
            snapshot = self._engine.snapshots.get(name)
            if snapshot is None:
                return
            if snapshot.volume != found.volume:
                raise BackendError("Aborted", f"snapshot {name} was made anew meanwhile")
            _refuse_member(snapshot)
            remove(self._engine, [snapshot])
            log.info("snapshot %s deleted", name)
            self._engine.events.add("Snapshot", name, "Delete", "snapshot was removed from engine")

    def mark(self, volume: str, name: str) -> None:
        """Nobody finds the snapshot any more; its layer stays until a purge. Raises BackendError.

        InvalidArgument: it is the live data, or part of a group.
        """
        if name == HEAD:
            raise BackendError("InvalidArgument", f"{HEAD} cannot be deleted")
        with self._engine.locks.hold(f"snapshot {name}", f"volume {volume}"):
            source = self._engine.volumes.get(volume)
            record = self._engine.snapshots.get(name)
            if source is None:
                raise BackendError("NotFound", f"volume {volume} not found")
            with self._engine.storing(source.chain) as store:
                if name not in store.tree.layers:
                    return
                record = record if record is not None and record.chain == source.chain else None
                if record is not None:
                    _refuse_member(record)
                store.mark(name)
            if record is not None:
                self._engine.snapshots.drop(name)
            self._engine.events.add("Snapshot", name, "Delete", "snapshot is marked as removed")


def _refuse_member(snapshot: Snapshot) -> None:
    if snapshot.group:
        raise BackendError(
            "InvalidArgument", f"snapshot {snapshot.name} is part of group {snapshot.group}: delete the group"
        )


def make_room(engine: Engine, volume: Volume, store: Store, name: str) -> None:
    """For one more snapshot, and for its name. Raises BackendError ResourceExhausted, AlreadyExists."""
    most = int(volume.options.get("snapshotMaxCount", MAX_COUNT))
    layers.check_usage(store, volume.name, most, int(volume.options.get("snapshotMaxSize", 0)))
    layers.check_count(store, volume.name, purge=purge_allowed(engine))
    layer = store.tree.layers.get(name)
    if layer is None:
        return
    if not layer.removed:
        raise BackendError("AlreadyExists", f"snapshot {name} is already existing as a system snapshot")
    store.rename(name, str(uuid.uuid4()))


def remove(engine: Engine, snapshots: list[Snapshot]) -> None:
    """Mark their layers, forget them, and let go what can go. Raises BackendError, OSError."""
    for snapshot in snapshots:
        store = engine.stores[snapshot.chain]
        if store.replicas.good:
            with engine.storing(snapshot.chain):
                store.mark(snapshot.name)
        engine.snapshots.drop(snapshot.name)
    for chain in {snapshot.chain for snapshot in snapshots}:
        _purge(engine, chain)


def _purge(engine: Engine, chain: str) -> None:
    store = engine.stores[chain]
    remains = engine.remains.get(chain)
    if remains is not None and not any(item.chain == chain for item in engine.snapshots.all()):
        engine.remains.drop(chain)
        del engine.stores[chain]
        store.replicas.remove()
    elif store.replicas.good and purge_allowed(engine):
        with engine.storing(chain):
            store.purge()


def check_snapshot_name(name: str) -> None:
    """Raises BackendError InvalidArgument."""
    check_name(name)
    if name == HEAD:
        raise BackendError("InvalidArgument", f"invalid name {name!r}: it is that of the live data")
