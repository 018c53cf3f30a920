"""Volumes that somebody else fills: from a flat file, which becomes the snapshot below their empty head.

Meanwhile such a volume is attached without a frontend and is not ready; when it is full it is detached. A restart
loses what was written so far, and the record tells that it is to be begun again.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Self

from . import layers
from .engine import Engine
from .errors import BackendError
from .options import Value, replica_count
from .records import Attachment, Volume
from .replica.images import Image
from .states import RESTORE

log = logging.getLogger("backend")

TICKET = "volume-restore-controller"
"""Type of the ticket that holds a volume while it is filled."""


class Restoring:
    """One volume that is being filled. ``path`` is a sparse file of its size, to write into.

    Ends with ``finish`` or ``fail``; as a context manager it fails with the text of an exception.
    """

    def __init__(self, engine: Engine, volume: Volume, path: Path) -> None:
        self._engine = engine
        self._volume = volume
        self.path = path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error is not None:
            self.fail(str(error))

    def progress(self, percent: int) -> None:
        """For people who wait."""
        if self._volume.name in self._engine.restores:
            self._engine.restores[self._volume.name] = percent
            self._engine.changes.poke()

    def finish(self) -> None:
        """The file is full: durable when this returns. Raises BackendError NotFound if the volume was deleted."""
        name = self._volume.name

        def fill(volume: Volume) -> Volume:
            with self._engine.storing(volume.chain) as store:
                store.fill(layers.system(), Image(self.path, volume.size, []))
            return replace(volume, restore=RESTORE[volume.restore, "finish"])

        self._end(fill)
        self._engine.events.add("Volume", name, "Restored", f"volume {name} has been restored")
        log.info("volume %s has been restored from %s", name, self._volume.from_backup)

    def fail(self, message: str) -> None:
        """The volume is faulted, for good. One that was deleted is as good."""
        name = self._volume.name
        try:
            self._end(
                lambda volume: replace(volume, restore=RESTORE[volume.restore, "fail"], restore_error=message)
            )
        except BackendError as error:
            if error.code != "NotFound":
                raise
            return
        self._engine.events.add("Volume", name, "FailedRestore", f"volume {name} could not be restored: {message}")
        log.warning("volume %s could not be restored from %s: %s", name, self._volume.from_backup, message)

    def _end(self, outcome: Callable[[Volume], Volume]) -> None:
        name = self._volume.name
        with self._engine.locks.hold(f"volume {name}"):
            volume = self._engine.volumes.get(name)
            if volume is None or volume.chain != self._volume.chain:
                self.path.unlink(missing_ok=True)
                raise BackendError("NotFound", f"volume {name} was deleted while it was restored")
            with _step(self._engine, volume, "detach", happens=bool(volume.node)):
                ended = outcome(volume)
                self._engine.put(replace(ended, attachments=(), node="", disable_frontend=False))
                self._engine.restores.pop(name, None)
            self.path.unlink(missing_ok=True)


def begin(engine: Engine, wanted: Volume, options: dict[str, Value]) -> Restoring:
    """Make the volume ``wanted``, or take up the one that a restart left. Raises BackendError AlreadyExists."""
    name = wanted.name
    with engine.locks.hold(f"volume {name}"):
        volume = engine.volumes.get(name)
        if volume is None:
            with engine.states.step(name, "create"):
                volume = _make(engine, replace(wanted, options=options))
        elif not _same(volume, wanted) or name in engine.restores:
            raise BackendError("AlreadyExists", f"volume {name} exists already, or is being restored")
        else:
            before = volume.chain
            volume = _make(engine, volume)
            engine.stores.pop(before).replicas.remove()
        node = next((item.name for item in engine.nodes.all()), "")
        if node and not volume.node:
            with engine.states.step(name, "attach"):
                ticket = Attachment(
                    node, "SINGLE_NODE_WRITER", ticket=TICKET, kind=TICKET, disable_frontend="true"
                )
                volume = engine.put(replace(volume, attachments=(ticket,), node=node, disable_frontend=True))
        path = engine.pool.cut(f"{name}.restore")
        with path.open("wb") as file:
            os.ftruncate(file.fileno(), volume.size)
        engine.restores[name] = 0
        log.info("volume %s is being restored from %s", name, wanted.from_backup)
        return Restoring(engine, volume, path)


def _make(engine: Engine, volume: Volume) -> Volume:
    """With empty replicas of its own: what was filled before a restart counts for nothing."""
    chain = engine.make_store(volume.name, volume.size, replica_count(volume.options))
    return engine.put(replace(volume, chain=chain, restore=RESTORE[volume.restore, "begin"]))


def _same(volume: Volume, wanted: Volume) -> bool:
    return volume.restore == "initiated" and (volume.mode, volume.from_backup, volume.size) == (
        wanted.mode,
        wanted.from_backup,
        wanted.size,
    )


def _step(engine: Engine, volume: Volume, operation: str, *, happens: bool) -> AbstractContextManager[None]:
    return engine.states.step(volume.name, operation) if happens else nullcontext()
