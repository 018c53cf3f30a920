"""Volumes: create (also from a snapshot or another volume), attach, detach, expand, delete.

Each call may be repeated: a client that got no answer asks again.
"""

from __future__ import annotations

import logging
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from .engine import Engine, check_name
from .errors import BackendError
from .options import Value, checked
from .records import Attachment, Volume
from .states import ABSENT

log = logging.getLogger("backend")


class Volumes:
    """All volumes of one engine. Sizes are in bytes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self) -> list[Volume]:
        return self._engine.volumes.all()

    def get(self, name: str) -> Volume:
        """Raises BackendError NotFound."""
        volume = self._engine.volumes.get(name)
        if volume is None:
            raise BackendError("NotFound", f"volume {name} not found")
        return volume

    def size(self, volume: Volume) -> int:
        """The size a user of the volume sees."""
        return self._engine.pool.live(volume.name).stat().st_size

    def actual_size(self, volume: Volume) -> int:
        """What its blocks take in the pool, shared ones counted."""
        return self._engine.pool.live(volume.name).stat().st_blocks * 512

    def create(
        self, name: str, size: int, mode: str, data_source: str, options: dict[str, Value] | None = None
    ) -> Volume:
        """Raises BackendError AlreadyExists, NotFound (the source), OutOfRange."""
        check_name(name)
        if size > self._engine.pool.size:
            raise BackendError(
                "OutOfRange", f"size {size} is above the largest possible, {self._engine.pool.size}"
            )
        alone, shared = self._source_locks(data_source)
        with self._engine.locks.hold(f"volume {name}", *alone, shared=shared):
            existing = self._engine.volumes.get(name)
            if existing is not None:
                return self._same(existing, size, mode, data_source)
            with self._engine.states.step(name, "create"):
                self._fill(name, size, data_source)
                made = Volume(name, time.time(), mode, data_source, options=options or {})
                self._engine.volumes.put(made)
            self._tell(
                name, "Create", f"volume {name} has been created", f"{size} bytes, {data_source or 'empty'}"
            )
            return made

    def delete(self, name: str) -> None:
        """Its snapshots stay. A volume that is not there is as good. Raises BackendError FailedPrecondition."""
        with self._engine.locks.hold(f"volume {name}"):
            volume = self._engine.volumes.get(name)
            if volume is None:
                return
            if volume.attachments:
                raise BackendError(
                    "FailedPrecondition", f"volume {name} is attached to node {volume.attachments[0].node}"
                )
            loop = self._engine.devices.of(name)
            if loop is not None:
                raise BackendError("FailedPrecondition", f"volume {name} is still in use through {loop.path}")
            with self._engine.states.step(name, "delete"):
                self._engine.volumes.drop(name)
            self._engine.pool.remove(self._engine.pool.live(name))
            self._tell(name, "Delete", f"volume {name} has been deleted")

    def attach(self, name: str, wanted: Attachment) -> Volume:
        """To one node, or to several if all modes allow it. Raises BackendError.

        NotFound: no such volume or node; FailedPrecondition: it is at another node; AlreadyExists: it is at
        this node with another mode.
        """
        with self._engine.locks.hold(f"volume {name}"):
            volume = self.get(name)
            if self._engine.nodes.get(wanted.node) is None:
                raise BackendError("NotFound", f"node {wanted.node} not found")
            others = self._others(volume, wanted)
            with self._step(volume, "attach", happens=not volume.attachments):
                loop = self._engine.devices.attach(name, volume.loop)
                attached = replace(volume, loop=loop.number, attachments=(*others, wanted))
                if attached != volume:
                    self._engine.volumes.put(attached)
            if attached != volume:
                self._tell(name, "Attached", f"volume {name} has been attached to {wanted.node}", str(loop.path))
            return attached

    def detach(self, name: str, ticket: str | None = None, node: str = "") -> Volume:
        """End the attachment ``ticket``, if ``node`` is "" or its node, or end all. Raises BackendError NotFound.

        One that is not there is as good. The volume is detached when none is left.
        """
        with self._engine.locks.hold(f"volume {name}"):
            volume = self.get(name)
            left = tuple(
                item
                for item in volume.attachments
                if ticket is not None and (item.ticket != ticket or node not in ("", item.node))
            )
            with self._step(volume, "detach", happens=bool(volume.attachments) and not left):
                return self._leave(volume, left)

    def _leave(self, volume: Volume, left: tuple[Attachment, ...]) -> Volume:
        name = volume.name
        if not left:
            user = self._engine.devices.detach(name)
            if user is not None:
                log.warning("volume %s is still in use through %s, which goes with its last user", name, user.path)
        if left == volume.attachments:
            return volume
        now = self._engine.volumes.put(replace(volume, attachments=left))
        nodes = ", ".join(item.node for item in volume.attachments if item not in left)
        self._tell(name, "Detached", f"volume {name} has been detached", f"from {nodes}")
        return now

    def expand(self, name: str, size: int) -> Volume:
        """To at least ``size``; never smaller. Raises BackendError NotFound, OutOfRange."""
        with self._engine.locks.hold(f"volume {name}"):
            volume = self.get(name)
            if size > self._engine.pool.size:
                raise BackendError(
                    "OutOfRange", f"size {size} is above the largest possible, {self._engine.pool.size}"
                )
            before = self.size(volume)
            self._engine.pool.grow(self._engine.pool.live(name), size)
            self._engine.devices.grow(name)
            if self.size(volume) > before:
                message = f"Engine successfully expand size from {before} to {self.size(volume)}"
                self._tell(name, "SucceededExpansion", message)
            return volume

    def change(self, name: str, option: str, value: Any) -> Volume:
        """Set one of ``options.OPTIONS``. Raises BackendError NotFound, InvalidArgument."""
        with self._engine.locks.hold(f"volume {name}"):
            volume = self.get(name)
            return self._engine.volumes.put(
                replace(volume, options={**volume.options, option: checked(option, value)})
            )

    def state(self, volume: Volume) -> str:
        """Where it is in ``states.TRANSITIONS``. Raises BackendError NotFound if it was deleted meanwhile."""
        state = self._engine.states.of(volume.name)
        if state == ABSENT:
            raise BackendError("NotFound", f"volume {volume.name} not found")
        return state

    def device(self, volume: Volume) -> str:
        """Path of the block device, "" while the volume is not attached."""
        loop = self._engine.devices.of(volume.name) if volume.attachments else None
        return str(loop.path) if loop else ""

    def _same(self, existing: Volume, size: int, mode: str, data_source: str) -> Volume:
        if (existing.mode, existing.data_source) != (mode, data_source) or self.size(existing) < size:
            raise BackendError("AlreadyExists", f"volume {existing.name} exists with another size, mode or source")
        return existing

    def _source_locks(self, data_source: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What to hold alone and what to share: a volume is frozen for its clone, a snapshot never changes."""
        kind, volume, snapshot = parse_source(data_source)
        if kind == "vol":
            return (f"volume {volume}",), ()
        return (), (f"snapshot {snapshot}",) if kind else ()

    def _fill(self, name: str, size: int, data_source: str) -> None:
        pool = self._engine.pool
        kind, volume, snapshot = parse_source(data_source)
        if not kind:
            pool.create(pool.live(name), size)
            return
        source = self._source_file(volume, snapshot)
        if size < source.stat().st_size:
            raise BackendError("OutOfRange", f"size {size} is below that of its source, {source.stat().st_size}")
        quiet = self._engine.devices.quiet(volume) if kind == "vol" else None
        pool.clone(source, pool.live(name), size, quiet)

    def _source_file(self, volume: str, snapshot: str) -> Path:
        if not snapshot:
            return self._engine.pool.live(self.get(volume).name)
        found = self._engine.snapshots.get(snapshot)
        if found is None or found.volume != volume:
            raise BackendError("NotFound", f"snapshot {snapshot} of volume {volume} not found")
        return self._engine.pool.cut(snapshot)

    def _others(self, volume: Volume, wanted: Attachment) -> tuple[Attachment, ...]:
        """The attachments that stay beside ``wanted``. Raises BackendError if it cannot be one of them."""
        for item in volume.attachments:
            multiple = all(each.access_mode.startswith("MULTI_NODE") for each in (item, wanted))
            if item.node != wanted.node and (item.ticket == wanted.ticket or not multiple):
                refused = f"volume {volume.name} cannot be attached to node {wanted.node}"
                raise BackendError("FailedPrecondition", f"{refused}: it is attached to node {item.node}")
            modes = {(each.access_mode, each.read_only) for each in (item, wanted)}
            if item.ticket == wanted.ticket and len(modes) > 1:
                raise BackendError(
                    "AlreadyExists",
                    f"volume {volume.name} is attached to node {wanted.node} with another access mode",
                )
        return tuple(item for item in volume.attachments if item.ticket != wanted.ticket)

    def _step(self, volume: Volume, operation: str, *, happens: bool) -> AbstractContextManager[None]:
        """The change of state, if there ``happens`` to be one: a second attachment changes none."""
        return self._engine.states.step(volume.name, operation) if happens else nullcontext()

    def _tell(self, name: str, reason: str, message: str, more: str = "") -> None:
        """To the log, and as an event to clients."""
        log.info("%s%s", message, f": {more}" if more else "")
        self._engine.events.add("Volume", name, reason, message)


def parse_source(data_source: str) -> tuple[str, str, str]:
    """Kind, volume and snapshot of a ``dataSource``; "" thrice for none. Raises BackendError InvalidArgument."""
    kind, _, rest = data_source.partition("://")
    volume, _, snapshot = rest.partition("/")
    given = (kind, bool(volume), bool(snapshot))
    if given not in (("", False, False), ("vol", True, False), ("snap", True, True)):
        expected = "vol://VOLUME or snap://VOLUME/SNAPSHOT"
        raise BackendError("InvalidArgument", f"invalid data source {data_source!r}: {expected}")
    return kind, volume, snapshot
