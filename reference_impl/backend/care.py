"""The life of replicas: lost ones are found and rebuilt, removed, salvaged; their number changes."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace

from . import layers
from .engine import Engine
from .errors import BackendError
from .options import checked, replica_count
from .readiness import purge_allowed, robustness, tell
from .records import Copy, Volume
from .replica.names import HEAD
from .store import Store

log = logging.getLogger("backend")

INTERVAL = 1.0
"""Seconds between two looks at the replicas of attached volumes."""


class Care:
    """The replicas of all volumes of one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def watch(self, ended: threading.Event) -> None:
        """Look after all volumes again and again until ``ended``: nobody tells when files are lost."""
        while not ended.wait(INTERVAL):
            for volume in self._engine.volumes.all():
                if volume.node and robustness(self._engine, volume) != "healthy":
                    self._look(volume.name)

    def _look(self, name: str) -> None:
        try:
            self.look_after(name)
        except (BackendError, OSError) as error:  # the next look comes
            log.warning("replicas of volume %s: %s", name, error)

    def look_after(self, name: str) -> None:
        """Find lost replicas of a volume; rebuild them if it is attached. Raises BackendError, OSError."""
        with self._engine.locks.hold(f"volume {name}"):
            volume = self._engine.volumes.get(name)
            if volume is not None and volume.restore not in ("initiated", "failed"):
                self._look_after(volume)

    def remove(self, name: str, replica: str) -> Volume:
        """Give up one replica; a healthy volume gets another. Raises BackendError NotFound, FailedPrecondition."""
        with self._engine.locks.hold(f"volume {name}"):
            volume = self._get(name)
            store = self._engine.stores[volume.chain]
            copy = self._copy(volume, replica)
            if [item.id for item in store.replicas.good] == [copy.id]:
                raise BackendError(
                    "FailedPrecondition", f"replica {replica} is the last good one of volume {name}"
                )
            self._forget(volume, store, [copy])
            self._look_after(self._get(name))
            return self._get(name)

    def salvage(self, name: str, replicas: list[str]) -> Volume:
        """Take replicas of a faulted volume for good again. Raises BackendError NotFound, FailedPrecondition."""
        with self._engine.locks.hold(f"volume {name}"):
            volume = self._get(name)
            if volume.node or robustness(self._engine, volume) != "faulted":
                raise BackendError("FailedPrecondition", f"volume {name} is not faulted and detached")
            if not replicas:
                raise BackendError("InvalidArgument", f"salvaging volume {name} needs the names of replicas")
            copies = [self._copy(volume, replica) for replica in replicas]
            with self._engine.storing(volume.chain) as store:
                store.replicas.check()
                for copy in copies:
                    store.replicas.salvage(copy)
                store.replicas.open(
                    {item.name for item in self._engine.snapshots.all() if item.chain == volume.chain}
                )
            return self._get(name)

    def set_count(self, name: str, count: object) -> Volume:
        """Have ``count`` replicas from now on. Raises BackendError InvalidArgument, FailedPrecondition."""
        with self._engine.locks.hold(f"volume {name}"):
            volume = self._get(name)
            wanted = checked("numberOfReplicas", count)
            found = robustness(self._engine, volume)
            if found != "healthy":
                raise BackendError("FailedPrecondition", f"volume {name} is {found}: it must be healthy")
            volume = self._engine.put(replace(volume, options={**volume.options, "numberOfReplicas": wanted}))
            store = self._engine.stores[volume.chain]
            self._forget(volume, store, store.replicas.good[int(wanted) :])
            self._look_after(self._get(name))
            return self._get(name)

    def _look_after(self, volume: Volume) -> None:
        store = self._engine.stores[volume.chain]
        with self._engine.storing(volume.chain):
            store.replicas.check()
        tell(self._engine, volume.name)
        if not volume.node or not store.replicas.good:
            return
        with self._engine.storing(volume.chain):
            if len(store.replicas.good) < replica_count(volume.options):
                self._rebuild(volume, store)
        self._forget(volume, store, [copy for copy in store.replicas.copies if copy.mode != "RW"])
        tell(self._engine, volume.name)

    def _rebuild(self, volume: Volume, store: Store) -> None:
        """A snapshot first: what was there before the new replica never changes while it is copied."""
        layers.check_count(store, volume.name, purge=purge_allowed(self._engine))
        layer = layers.system()
        if store.is_live:
            with store.flat(HEAD, "rebuild") as flat:
                store.snapshot(layer, flat)
        else:
            store.snapshot(layer)
        while len(store.replicas.good) < replica_count(volume.options):
            store.rebuild()
        cleans = self._engine.settings.value("auto-cleanup-system-generated-snapshot") == "true"
        if cleans and purge_allowed(self._engine):
            store.purge()

    def _forget(self, volume: Volume, store: Store, copies: list[Copy]) -> None:
        with self._engine.storing(volume.chain):
            for copy in copies:
                store.replicas.forget(copy)
        for copy in copies:
            self._engine.pool.remove_replica(store.replicas.folder(copy))

    def _get(self, name: str) -> Volume:
        volume = self._engine.volumes.get(name)
        if volume is None:
            raise BackendError("NotFound", f"volume {name} not found")
        return volume

    def _copy(self, volume: Volume, replica: str) -> Copy:
        for copy in self._engine.stores[volume.chain].replicas.copies:
            if replica_name(volume, copy) == replica:
                return copy
        raise BackendError("NotFound", f"volume {volume.name} has no replica {replica}")


def replica_name(volume: Volume, copy: Copy) -> str:
    """What a replica is called on the wire."""
    return f"{volume.name}-r-{copy.id}"
