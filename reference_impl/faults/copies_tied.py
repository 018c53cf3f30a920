"""Faults of copies that hang on what they were made of: they change with it, or go with it."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from ..backend.errors import BackendError
from ..backend.replica.names import HEAD
from ..linux import syscalls
from .fault import Fault
from .snapshot_data import volume_of
from .wrapping import Clean, inner, wrap

if TYPE_CHECKING:
    from ..backend.api import Api
    from ..backend.engine import Engine
    from ..backend.replica.directory import Replica


class CloneFollowsSource(Fault):
    """A clone that was not used yet shows what was written to its source after the cloning."""

    name = "clone-follows-its-source"
    component = "backend"
    breaks = ("CLN-002", "CLN-001")
    kind = "data"

    def apply(self, target: Api) -> None:
        """The data of a clone is copied when the clone is attached for the first time."""
        engine: Engine = inner(target, "_engine")

        def lazy(clean: Clean, replica: Replica, layer: str, fd: int) -> None:
            clean(replica, layer, fd)
            volume = engine.volumes.get(volume_of(replica))
            kind, _, name = volume.data_source.partition("://") if volume else ("", "", "")
            source = engine.volumes.get(name)
            if layer == HEAD and kind == "vol" and source and not replica.extents(HEAD):
                if (live := engine.pool.live(name)).exists():
                    with live.open("rb") as file:
                        syscalls.clone_file(file.fileno(), fd)
                else:
                    clean(engine.stores[source.chain].replicas.first, HEAD, fd)
                os.ftruncate(fd, replica.length(HEAD))

        wrap(engine.pool, "flatten", lazy)


class CloneGoesWithSource(Fault):
    """Deleting the source of a clone empties the clone."""

    name = "clone-goes-with-its-source"
    component = "backend"
    breaks = ("CLN-002",)
    kind = "lifecycle"

    def apply(self, target: Api) -> None:
        """With a volume the blocks of its clones are given up."""
        engine: Engine = inner(target, "_engine")

        def greedy(clean: Clean, name: str) -> None:
            clean(name)
            _empty_copies(engine, f"vol://{name}")

        wrap(inner(target, "_volumes"), "delete", greedy)


class RestoreGoesWithSnapshot(Fault):
    """Deleting a snapshot empties the volumes that were restored from it."""

    name = "restore-goes-with-its-snapshot"
    component = "backend"
    breaks = ("DEL-015", "RES-002")
    kind = "lifecycle"

    def apply(self, target: Api) -> None:
        """With a snapshot the blocks of its restores are given up."""
        engine: Engine = inner(target, "_engine")

        def greedy(clean: Clean, name: str) -> None:
            found = engine.snapshots.get(name)
            clean(name)
            if found:
                _empty_copies(engine, f"snap://{found.volume}/{name}")

        wrap(inner(inner(target, "_snapshots"), "_snapshots"), "delete", greedy)


class SnapshotGoesWithVolume(Fault):
    """Deleting a volume breaks its snapshots, which stay ready: a restore from one never comes about."""

    name = "snapshot-goes-with-its-volume"
    component = "backend"
    breaks = ("DEL-014", "RES-018")
    kind = "lifecycle"
    issue = "https://github.com/longhorn/longhorn/issues/4083"
    seen = "L14"

    def apply(self, target: Api) -> None:
        """The snapshots of a volume that is gone cannot be read."""
        engine: Engine = inner(target, "_engine")

        def bereft(clean: Clean, replica: Replica, layer: str, fd: int) -> None:
            if layer != HEAD and replica.tree.head is None:
                raise OSError(errno.EIO, f"engine of volume {volume_of(replica)} is not running")
            clean(replica, layer, fd)

        wrap(engine.pool, "flatten", bereft)


class RestoresShareOneVolume(Fault):
    """A second restore of a snapshot shows what was written to the first one."""

    name = "restores-share-one-copy"
    component = "backend"
    breaks = ("RES-002", "RES-017")
    kind = "data"

    def apply(self, target: Api) -> None:
        """The first restore is kept as the copy that all later ones of the snapshot are made of."""
        engine: Engine = inner(target, "_engine")
        first: dict[str, str] = {}

        def shared(clean: Clean, data_source: str, volume: str) -> object:
            known = first.setdefault(data_source, volume)
            if data_source.startswith("snap://") and known != volume and engine.volumes.get(known):
                data_source = f"vol://{known}"
            return clean(data_source, volume)

        wrap(inner(inner(target, "_volumes"), "_sources"), "content", shared)


class CloneNeedsAttachedSource(Fault):
    """Only a volume that a pod uses can be cloned: the clone of any other stays Pending."""

    name = "clone-needs-attached-source"
    component = "backend"
    breaks = ("CLN-001", "CLN-005", "CLN-011")
    kind = "state"
    issue = "https://github.com/longhorn/longhorn/issues/4834"
    seen = "L13"

    def apply(self, target: Api) -> None:
        """A source without a live file is refused."""
        engine: Engine = inner(target, "_engine")

        def attached_only(clean: Clean, data_source: str, volume: str) -> object:
            kind, _, name = data_source.partition("://")
            if kind == "vol" and engine.volumes.get(name) and not engine.pool.live(name).exists():
                raise BackendError(
                    "Internal", f"cannot clone volume {name} to {volume}: engine of {name} is not running"
                )
            return clean(data_source, volume)

        wrap(inner(inner(target, "_volumes"), "_sources"), "content", attached_only)


def _empty_copies(engine: Engine, data_source: str) -> None:
    """Give up what volumes made of ``data_source`` got from it; what was written to them since stays."""
    for volume in engine.volumes.all():
        if volume.data_source == data_source:
            for replica in engine.stores[volume.chain].replicas.each():
                base = replica.tree.oldest_first()[0]
                size = replica.length(base)
                os.truncate(replica.path(base), 0)
                os.truncate(replica.path(base), size)
                replica.became(replica.tree, base)
