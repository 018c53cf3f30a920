"""A volume that is being filled from outside: there at once, and not to be used before all its data is."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

from . import durable
from .backup_records import Restore
from .backup_states import UNFINISHED, after
from .engine import Engine, check_name
from .errors import BackendError
from .options import Value
from .records import Volume


@dataclass(frozen=True)
class Restoring:
    """A volume whose data is to be written to ``path``, a sparse file as long as the volume."""

    engine: Engine
    volume: Volume
    path: Path

    def progress(self, percent: int) -> None:
        self.engine.backups.progress[self.volume.name] = percent

    def wanted(self) -> bool:
        """Whether the volume was not deleted meanwhile."""
        found = self.engine.volumes.get(self.volume.name)
        return found is not None and found.created == self.volume.created

    def finish(self) -> None:
        """The data is there, and is made durable; the volume can be used."""
        if self.wanted():
            durable.disk.sync(self.path)
            self._end("complete")

    def fail(self, message: str) -> None:
        """The volume can only be deleted."""
        if self.wanted():
            self._end("fail", message)

    def _end(self, move: str, message: str = "") -> None:
        restores, name = self.engine.backups.restores, self.volume.name
        found = restores.get(name)
        if found is not None and found.state in UNFINISHED:
            restores.put(replace(found, state=after(found.state, move), error=message))
        self.engine.backups.progress.pop(name, None)


def begin_restore(
    engine: Engine, name: str, size: int, mode: str, url: str, options: dict[str, Value]
) -> Restoring | None:
    """Make the volume ``name`` of ``size`` bytes, to be filled. None if the same call has made it before.

    Raises BackendError AlreadyExists.
    """
    check_name(name)
    with engine.locks.hold(f"volume {name}"):
        existing = engine.volumes.get(name)
        if existing is not None:
            restore = engine.backups.restores.get(name)
            least = engine.pool.live(name).stat().st_size
            if restore is None or (restore.url, existing.mode) != (url, mode) or least < size:
                raise BackendError("AlreadyExists", f"volume {name} exists with another size, mode or source")
            return None
        with engine.states.step(name, "create"):
            engine.backups.restores.put(Restore(name, url))
            engine.pool.create(engine.pool.live(name), size)
            made = engine.volumes.put(Volume(name, time.time(), mode, options=dict(options)))
        return Restoring(engine, made, engine.pool.live(name))


def begin_again(engine: Engine) -> list[Restoring]:
    """The restores that the last user of the data left unfinished, and all that failed to begin forgotten."""
    found = []
    for restore in engine.backups.restores.all():
        volume = engine.volumes.get(restore.name)
        if volume is None:
            engine.backups.restores.drop(restore.name)
        elif restore.state in UNFINISHED:
            if restore.state == "InProgress":
                engine.backups.restores.put(replace(restore, state=after(restore.state, "restart")))
            found.append(Restoring(engine, volume, engine.pool.live(volume.name)))
    return found


def check_restored(engine: Engine, volume: str) -> None:
    """Raises BackendError: Aborted while ``volume`` is being filled, FailedPrecondition if that failed."""
    restore = engine.backups.restores.get(volume)
    if restore is None:
        return
    if restore.state in UNFINISHED:
        raise BackendError("Aborted", f"volume {volume} is restoring data")
    if restore.state == "Error":
        raise BackendError(
            "FailedPrecondition", f"volume {volume} is faulted: its restore failed: {restore.error}"
        )
