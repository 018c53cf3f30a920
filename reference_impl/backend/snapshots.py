"""Snapshots: each a file of its own from the moment of the cut, whatever becomes of its volume."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator

from .engine import Engine, check_name
from .errors import BackendError
from .records import Snapshot, Volume

log = logging.getLogger("backend")

HEAD = "volume-head"
"""The live data of a volume, where snapshots are listed."""
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

    def actual_size(self, snapshot: Snapshot) -> int:
        """What its blocks take in the pool, shared ones counted."""
        return self._engine.pool.cut(snapshot.name).stat().st_blocks * 512

    def size(self, snapshot: Snapshot) -> int:
        """The size in bytes its volume had at the cut, and the least a restore needs."""
        return self._engine.pool.cut(snapshot.name).stat().st_size

    def create(self, volume: str, name: str, labels: dict[str, str]) -> Snapshot:
        """Cut ``volume`` now. The same call again is answered with what it made. Raises BackendError.

        AlreadyExists: the name is taken by a snapshot of another volume; NotFound: no such volume; Aborted: a cut
        is running, or the filesystem could not be frozen for as long as it took; ResourceExhausted: the volume has
        as many snapshots as it may have.
        """
        check_name(name)
        if name == HEAD:
            raise BackendError("InvalidArgument", f"invalid name {name!r}: it is that of the live data")
        with self._engine.locks.hold(f"snapshot {name}", f"volume {volume}"):
            existing = self._engine.snapshots.get(name)
            if existing is not None:
                if existing.volume != volume or existing.group:
                    raise BackendError(
                        "AlreadyExists",
                        f"snapshot {name} exists and is one of {existing.group or existing.volume}",
                    )
                return existing
            source = self._engine.volumes.get(volume)
            if source is None:
                raise BackendError("NotFound", f"volume {volume} not found")
            self._check_count(source)
            created = self._cut(volume, name)
            made = self._engine.snapshots.put(Snapshot(name, volume, created, source.mode, labels))
            log.info("snapshot %s of volume %s cut", name, volume)
            self._engine.events.add("Snapshot", name, "Create", "successfully provisioned the snapshot")
            return made

    def _check_count(self, volume: Volume) -> None:
        count, most = len(self.all(volume.name)), int(volume.options.get("snapshotMaxCount", MAX_COUNT))
        if count >= most:
            usage = f"snapshot count usage {count} is equal or larger than snapshotMaxCount {most}"
            raise BackendError("ResourceExhausted", f"volume {volume.name}: {usage}")

    def _cut(self, volume: str, name: str) -> float:
        """Returns the moment of the cut: what was written later is not in it."""
        moments: list[float] = []

        @contextlib.contextmanager
        def quiet() -> Iterator[None]:
            with self._engine.devices.quiet(volume):
                moments.append(time.time())
                yield

        pool = self._engine.pool
        pool.clone(pool.live(volume), pool.cut(name), quiet=quiet())
        return moments[0]

    def delete(self, name: str) -> None:
        """A snapshot that is not there is as good; restores from it stay. Raises BackendError.

        Aborted: a restore is running; InvalidArgument: it is part of a group and goes with it only.
        """
        with self._engine.locks.hold(f"snapshot {name}"):
            snapshot = self._engine.snapshots.get(name)
            if snapshot is None:
                return
            if snapshot.group:
                raise BackendError(
                    "InvalidArgument", f"snapshot {name} is part of group {snapshot.group}: delete the group"
                )
            self._engine.snapshots.drop(name)
            self._engine.pool.remove(self._engine.pool.cut(name))
            log.info("snapshot %s deleted", name)
            self._engine.events.add("Snapshot", name, "Delete", "snapshot was removed from engine")

    def find(self, volume: str, name: str) -> Snapshot | None:
        """None for one that is another volume's, too."""
        snapshot = self._engine.snapshots.get(name)
        return snapshot if snapshot is not None and snapshot.volume == volume else None

    def chain(self, volume: str) -> list[Snapshot]:
        """Those of ``volume``, oldest first: each is the parent of the next, the last that of the live data."""
        return sorted(self.all(volume), key=lambda item: (item.created, item.name))

    def neighbours(self, snapshot: Snapshot) -> tuple[str, str]:
        """Names of those before and after it in its volume: "" before the first, ``HEAD`` after the last."""
        names = ["", *(item.name for item in self.chain(snapshot.volume)), HEAD]
        if snapshot.name not in names:  # deleted meanwhile
            return "", HEAD
        place = names.index(snapshot.name)
        return names[place - 1], names[place + 1]
