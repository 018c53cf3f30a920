"""Volumes: create (also from a snapshot or another volume), attach, detach, expand, delete.

Each call may be repeated: a client that got no answer asks again.
"""

from __future__ import annotations

import logging
import time
import uuid
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

from . import layers, restoring, tickets
from .engine import Engine, check_name
from .errors import BackendError
from .options import Value, check_snapshot_room, checked, replica_count
from .readiness import check_ready, purge_allowed, tell
from .records import Attachment, Remains, Volume
from .replica.images import Image
from .replica.tree import Layer
from .sources import Sources
from .states import ABSENT
from .store import Store
from .times import timestamp

log = logging.getLogger("backend")


class Volumes:
    """All volumes of one engine. Sizes are in bytes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sources = Sources(engine)

    def all(self) -> list[Volume]:
        return self._engine.volumes.all()

    def get(self, name: str) -> Volume:
        """Raises BackendError NotFound."""
        volume = self._engine.volumes.get(name)
        if volume is None:
            raise BackendError("NotFound", f"volume {name} not found")
        return volume

    def store(self, volume: Volume) -> Store:
        """Its data. Raises BackendError NotFound if it was deleted meanwhile."""
        store = self._engine.stores.get(volume.chain)
        if store is None:
            raise BackendError("NotFound", f"volume {volume.name} not found")
        return store

    def size(self, volume: Volume) -> int:
        """The size a user of the volume sees."""
        store = self.store(volume)
        return store.tree.size if store.replicas.good else volume.size

    def usage(self, volume: Volume) -> dict[str, int]:
        """Layer -> what it takes in one replica, blocks it shares with others counted."""
        return self.store(volume).usage()

    def create(
        self, name: str, size: int, mode: str, data_source: str, options: dict[str, Value] | None = None
    ) -> Volume:
        """Raises BackendError AlreadyExists, NotFound (the source), OutOfRange."""
        check_name(name)
        self._check_size(size)
        check_snapshot_room(int((options or {}).get("snapshotMaxSize", 0)), size)
        alone, shared = self._sources.locks(data_source)
        with self._engine.locks.hold(f"volume {name}", *alone, shared=shared):
            existing = self._engine.volumes.get(name)
            if existing is not None:
                return self._same(existing, size, mode, data_source)
            with self._engine.states.step(name, "create"):
                chain = self._fill(name, size, data_source, options or {})
                made = Volume(name, time.time(), mode, data_source, options=options or {}, chain=chain, size=size)
                made = self._engine.put(made)
            if data_source:
                self._tell(name, "VolumeCloneCompleted", f"finished cloning volume {name} from {data_source}")
            self._tell(
                name, "Create", f"volume {name} has been created", f"{size} bytes, {data_source or 'empty'}"
            )
            return made

    def begin_restore(
        self, name: str, size: int, mode: str, url: str, options: dict[str, Value] | None = None
    ) -> restoring.Restoring:
        """A new volume for the caller to fill, see ``restoring``. Raises BackendError AlreadyExists, OutOfRange.

        One that a restart left unfinished is begun anew by the same call, see ``unfinished_restores``.
        """
        check_name(name)
        self._check_size(size)
        return restoring.begin(
            self._engine, Volume(name, time.time(), mode, from_backup=url, size=size), options or {}
        )

    def unfinished_restores(self) -> list[Volume]:
        """Those that nobody is filling now: a restart ended it."""
        return [
            volume
            for volume in self.all()
            if volume.restore == "initiated" and volume.name not in self._engine.restores
        ]

    def delete(self, name: str) -> None:
        """Its snapshots stay. A volume that is not there is as good. Raises BackendError FailedPrecondition."""
        with self._engine.locks.hold(f"volume {name}"):
            volume = self._engine.volumes.get(name)
            if volume is None:
                return
            users = [item for item in volume.attachments if item.kind != restoring.TICKET]
            if users:
                raise BackendError("FailedPrecondition", f"volume {name} is attached to node {users[0].node}")
            store = self.store(volume)
            loop = self._engine.devices.of(name)
            if loop is not None:
                raise BackendError("FailedPrecondition", f"volume {name} is still in use through {loop.path}")
            if volume.attachments:
                with self._engine.states.step(name, "detach"):
                    volume = self._engine.put(replace(volume, attachments=(), node=""))
            with self._engine.states.step(name, "delete"):
                self._engine.restores.pop(name, None)
                kept = self._keep_snapshots(volume, store)
                self._engine.volumes.drop(name)
            self._remove(volume, store, kept=kept)
            self._tell(name, "Delete", f"volume {name} has been deleted")

    def attach(self, name: str, wanted: Attachment) -> Volume:
        """To one node, or to several if all modes allow it. Raises BackendError.

        NotFound: no such volume or node; FailedPrecondition: it is at another node, or faulted; AlreadyExists: it
        is at this node with another mode.
        """
        with self._engine.locks.hold(f"volume {name}"):
            volume = self.get(name)
            if self._engine.nodes.get(wanted.node) is None:
                raise BackendError("NotFound", f"node {wanted.node} not found")
            check_ready(self._engine, volume)
            attachments = tickets.joined(name, volume.attachments, wanted, volume.node)
            with self._step(volume, "attach", happens=not volume.attachments):
                attached = self._move(volume, attachments)
            tell(self._engine, name)
            if attached.attachments != volume.attachments:
                where = f"/dev/loop{attached.loop}" if not attached.disable_frontend else "no frontend"
                self._tell(name, "Attached", f"volume {name} has been attached to {attached.node}", where)
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
                now = self._move(volume, left)
            tell(self._engine, name)
            if left != volume.attachments:
                nodes = ", ".join(item.node for item in volume.attachments if item not in left)
                self._tell(name, "Detached", f"volume {name} has been detached", f"from {nodes}")
            return now

    def expand(self, name: str, size: int) -> Volume:
        """To at least ``size``; never smaller. Raises BackendError NotFound, OutOfRange."""
        with self._engine.locks.hold(f"volume {name}"):
            volume = self.get(name)
            self._check_size(size)
            check_ready(self._engine, volume)
            with self._engine.storing(volume.chain) as store:
                before = store.tree.size
                if size > before:
                    self._grow(name, store, size)
                self._engine.devices.grow(name)
            if size > before:
                volume = self._engine.put(replace(volume, size=size))
                message = f"Engine successfully expand size from {before} to {size}"
                self._tell(name, "SucceededExpansion", message)
            return volume

    def _grow(self, name: str, store: Store, size: int) -> None:
        layers.check_count(store, name, purge=purge_allowed(self._engine))
        good = len(store.replicas.good)
        trouble = ""
        try:
            store.expand(layers.expansion(store.tree, size), size)
            if len(store.replicas.good) < good:
                trouble = store.replicas.trouble
        except OSError as error:
            trouble = str(error)
            raise
        finally:
            store.expansion_error = trouble, time.time()
            if trouble:
                failed = "Engine failed or partially failed to expand the size"
                self._tell(name, "FailedExpansion", f"{failed} at {timestamp(time.time())}: {trouble}")

    def change(self, name: str, option: str, value: Any) -> Volume:
        """Set one of ``options.OPTIONS``. Raises BackendError NotFound, InvalidArgument."""
        with self._engine.locks.hold(f"volume {name}"):
            volume = self.get(name)
            good = checked(option, value)
            if option == "snapshotMaxSize":
                check_snapshot_room(int(good), self.size(volume))
            return self._engine.put(replace(volume, options={**volume.options, option: good}))

    def state(self, volume: Volume) -> str:
        """Where it is in ``states.TRANSITIONS``. Raises BackendError NotFound if it was deleted meanwhile."""
        state = self._engine.states.of(volume.name)
        if state == ABSENT:
            raise BackendError("NotFound", f"volume {volume.name} not found")
        return state

    def device(self, volume: Volume) -> str:
        """Path of the block device, "" while the volume has none."""
        wanted = volume.attachments and not volume.disable_frontend
        loop = self._engine.devices.of(volume.name) if wanted else None
        return str(loop.path) if loop else ""

    def _check_size(self, size: int) -> None:
        if size > self._engine.pool.size:
            raise BackendError(
                "OutOfRange", f"size {size} is above the largest possible, {self._engine.pool.size}"
            )

    def _same(self, existing: Volume, size: int, mode: str, data_source: str) -> Volume:
        same = (existing.mode, existing.data_source, existing.from_backup) == (mode, data_source, "")
        if not same or self.size(existing) < size:
            raise BackendError("AlreadyExists", f"volume {existing.name} exists with another size, mode or source")
        return existing

    def _fill(self, name: str, size: int, data_source: str, options: dict[str, Value]) -> str:
        """Make the replicas; returns their chain."""
        with self._sources.content(data_source, name) as flat:
            below = None
            if flat is not None:
                length = flat.stat().st_size
                if size < length:
                    raise BackendError("OutOfRange", f"size {size} is below that of its source, {length}")
                below = Layer(str(uuid.uuid4())), Image(flat, length, [])
            return self._engine.make_store(name, size, replica_count(options), below)

    def _keep_snapshots(self, volume: Volume, store: Store) -> bool:
        """Whether there are any; then their layers have a record of their own."""
        if not any(item.chain == volume.chain for item in self._engine.snapshots.all()):
            return False
        self._engine.remains.put(Remains(volume.chain, volume.name, volume.mode, store.replicas.copies))
        return True

    def _remove(self, volume: Volume, store: Store, *, kept: bool) -> None:
        store.end_live()
        if kept and store.replicas.good:
            with self._engine.storing(volume.chain):
                store.behead()
        elif not kept:
            del self._engine.stores[volume.chain]
            store.replicas.remove()

    def _move(self, volume: Volume, attachments: tuple[Attachment, ...]) -> Volume:
        """To where the tickets want it: first the data, then the record."""
        place = tickets.place(attachments, volume.node)
        moved = replace(volume, attachments=attachments, node=place.node, disable_frontend=place.disable_frontend)
        with self._engine.storing(volume.chain) as store:
            if place.node and not place.disable_frontend:
                store.go_live()
                moved = replace(moved, loop=self._engine.devices.attach(volume.name, volume.loop).number)
                return self._engine.put(moved) if moved != volume else volume
            ended = self._end_device(volume, store)
            if moved != volume:
                moved = self._engine.put(moved)
            if ended:
                store.end_live()
            return moved

    def _end_device(self, volume: Volume, store: Store) -> bool:
        """Whether the replicas have all that was written now."""
        if not store.is_live:
            return False
        user = self._engine.devices.detach(volume.name)
        if user is not None:
            message = "volume %s is still in use through %s, which goes with its last user"
            log.warning(message, volume.name, user.path)
            return False
        if not store.replicas.good:
            return False
        store.settle()
        return True

    def _step(self, volume: Volume, operation: str, *, happens: bool) -> AbstractContextManager[None]:
        """The change of state, if there ``happens`` to be one: a second attachment changes none."""
        return self._engine.states.step(volume.name, operation) if happens else nullcontext()

    def _tell(self, name: str, reason: str, message: str, more: str = "") -> None:
        """To the log, and as an event to clients."""
        log.info("%s%s", message, f": {more}" if more else "")
        self._engine.events.add("Volume", name, reason, message)
