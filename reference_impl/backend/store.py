"""The data of one volume: its replicas, and a flat live file for as long as it has a device.

While there is a live file it is the truth about the head, and ``volume.meta`` says that the head is dirty. A
volume without a device is its replicas and nothing else.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from .durable import Batch
from .pool import Pool
from .ranges import Range, differing
from .records import Copy
from .replica import changing, images, purging
from .replica.directory import Replica
from .replica.images import Image
from .replica.names import HEAD
from .replica.tree import Layer, Tree
from .replicas import Replicas

P = ParamSpec("P")
R = TypeVar("R")


def _alone(method: Callable[Concatenate[Store, P], R]) -> Callable[Concatenate[Store, P], R]:
    """Nobody looks meanwhile."""

    def locked(self: Store, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with self.looking:
            return method(self, *args, **kwargs)

    locked.__doc__ = method.__doc__
    return locked


class Store:
    """The data of ``volume``. Sizes are in bytes; whoever changes it holds the lock of the volume.

    Who only looks holds none, and waits here while files change their names.
    """

    def __init__(self, pool: Pool, volume: str, replicas: Replicas) -> None:
        self._pool = pool
        self.volume = volume
        self.replicas = replicas
        self.looking = threading.RLock()
        self.purged = False
        self.rebuilt = ""
        self.expansion_error = ("", 0.0)
        self._usage: dict[str, int] = {}
        self._head: tuple[tuple[int, int, str], int] | None = None

    @property
    def live(self) -> Path:
        return self._pool.live(self.volume)

    @property
    def is_live(self) -> bool:
        return self.live.exists()

    @property
    def tree(self) -> Tree:
        """Raises BackendError FailedPrecondition for a faulted volume."""
        return self.replicas.first.tree

    @_alone
    def whole(self) -> list[Copy]:
        """The replicas whose files are all there."""
        return self.replicas.whole()

    @_alone
    def size_of(self, layer: str) -> int:
        """The size of the volume when ``layer`` was cut. Raises BackendError, OSError."""
        return self.replicas.first.length(layer)

    @_alone
    def usage(self) -> dict[str, int]:
        """Layer -> bytes that are in it and in none below it; what was known last when no replica is left."""
        for replica in self.replicas.each():
            try:
                self._usage = self._usage_of(replica)
            except FileNotFoundError:  # it is lost, and nobody has noticed so far
                continue
            break
        return self._usage

    @_alone
    def go_live(self) -> None:
        """Make the live file, if it is not there. Raises BackendError, OSError."""
        if self.is_live:
            if not self.tree.dirty:
                self.replicas.change(_flags(dirty=True))
            return
        batch = Batch()
        try:
            self._pool.flatten(self.replicas.first, HEAD, batch.file(self.live))
            self.replicas.change(_flags(dirty=True), extra=batch)
        except BaseException:
            batch.abandon()
            raise

    @_alone
    def settle(self) -> None:
        """Write the head as the live file has it, which stays until ``end_live``. Raises BackendError, OSError."""
        with self._changes(self.live) as image:
            self.replicas.change(lambda item, batch: changing.head(item, batch, image, dirty=False))

    @_alone
    def end_live(self) -> None:
        """The replicas have all of it."""
        self._pool.remove(self.live)

    @_alone
    def snapshot(self, layer: Layer, flat: Path | None = None, size: int = 0) -> None:
        """A new snapshot: of ``flat`` if the volume is live, else of the head. ``size`` as in ``changing``.

        Raises BackendError, OSError.
        """
        if flat is None:
            self.replicas.change(lambda item, batch: changing.snapshot(item, batch, layer, None, size))
            return
        with self._changes(flat) as image:
            self.replicas.change(lambda item, batch: changing.snapshot(item, batch, layer, image, size))
            self.replicas.knows(layer.name, image)

    @_alone
    def fill(self, layer: Layer, image: Image) -> None:
        """Put ``image`` below the empty head. The volume is not live. Raises BackendError, OSError."""
        self.replicas.change(lambda item, batch: changing.snapshot(item, batch, layer, image))

    @_alone
    def expand(self, layer: Layer, size: int) -> None:
        """A new head of ``size`` bytes above the snapshot ``layer``. Raises BackendError, OSError."""
        if not self.is_live:
            self.snapshot(layer, size=size)
            return
        with self.flat(HEAD, "expand") as flat:
            self.snapshot(layer, flat, size)
        self._pool.grow(self.live, size)

    @_alone
    def rebuild(self) -> None:
        """One more replica. Raises BackendError, OSError."""
        copy = self.replicas.begin_rebuild()
        self.replicas.rebuild(copy, head_too=not self.is_live)
        self.rebuilt = copy.id

    @_alone
    def revert(self, snapshot: str) -> None:
        """The head begins anew above ``snapshot``. The volume is not live. Raises BackendError, OSError."""
        self.replicas.change(lambda item, batch: changing.head(item, batch, None, parent=snapshot, dirty=False))

    @_alone
    def mark(self, *snapshots: str) -> None:
        """They are removed. Raises BackendError, OSError."""
        self.replicas.change(lambda item, batch: changing.mark(item, batch, list(snapshots)))

    @_alone
    def rename(self, snapshot: str, new: str) -> None:
        """Raises BackendError, OSError."""
        self.replicas.change(lambda item, batch: changing.rename(item, batch, snapshot, new), snapshot)

    @_alone
    def behead(self) -> None:
        """Raises BackendError, OSError."""
        if self.tree.head is not None:
            self.replicas.change(changing.behead)

    @_alone
    def purge(self) -> None:
        """Fold or drop what can go of the removed snapshots, system ones too. Raises BackendError, OSError."""
        system = [name for name, layer in self.tree.layers.items() if not layer.user_created and not layer.removed]
        if system:
            self.mark(*system)
        while (step := purging.next_step(self.tree)) is not None:
            if step.child:
                self._fold(step)
            else:
                self.replicas.change(_dropping(step.layer), step.layer)
        behind = purging.behind_head(self.tree)
        if behind:
            hidden = self._hidden()
            for replica in self.replicas.each():
                purging.prune(replica, behind, hidden)
        self.purged = True

    @contextlib.contextmanager
    def flat(self, layer: str, purpose: str) -> Iterator[Path]:
        """A file with what ``layer`` holds, for as long as the body runs. Raises BackendError, OSError."""
        path = self._pool.cut(f"{self.volume}.{purpose}")
        try:
            self._flatten(layer, path)
            yield path
        finally:
            path.unlink(missing_ok=True)

    @_alone
    def _flatten(self, layer: str, path: Path) -> None:
        if layer == HEAD and self.is_live:
            self._pool.clone_together({path: self.live}, contextlib.nullcontext())
            return
        self.replicas.check()
        with path.open("wb") as file:
            self._pool.flatten(self.replicas.first, layer, file.fileno())

    def _usage_of(self, replica: Replica) -> dict[str, int]:
        found = {name: replica.allocated(name) for name in replica.tree.layers}
        if replica.tree.head is not None:
            found[HEAD] = self._written(replica) if self.is_live else replica.allocated(HEAD)
        return found

    def _fold(self, step: purging.Step) -> None:
        path = self._pool.cut(f"{self.volume}.merged")
        try:
            image = purging.merged(self.replicas.first, step, path)
            self.replicas.change(_folding(step, image), step.child)
        finally:
            path.unlink(missing_ok=True)

    def _hidden(self) -> list[Range]:
        """Where the head has something of its own, if only zeros."""
        first = self.replicas.first
        if self.is_live:
            return differing(first.seen(self.tree.tip), images.extents_of(self.live))
        return [Range(item.start, item.length) for item in first.extents(HEAD)]

    def _written(self, replica: Replica) -> int:
        """Bytes of the live file that no snapshot has; asked of the disk only when it was written since."""
        found = self.live.stat()
        key = (found.st_mtime_ns, found.st_blocks, replica.tree.tip)
        if self._head is None or self._head[0] != key:
            below = replica.seen(replica.tree.tip)
            own = images.written(below, images.extents_of(self.live))
            self._head = key, sum(item.length for item in own)
        return self._head[1]

    @contextlib.contextmanager
    def _changes(self, flat: Path) -> Iterator[Image]:
        """What ``flat`` has that the newest snapshot has not."""
        path = self._pool.cut(f"{self.volume}.changes")
        self.replicas.check()
        try:
            yield images.changes(flat, self.replicas.first.seen(self.tree.tip), path)
        finally:
            path.unlink(missing_ok=True)


def _flags(*, dirty: bool) -> Callable[[Replica, Batch], Tree]:
    return lambda item, batch: changing.flags(item, batch, dirty=dirty)


def _dropping(name: str) -> Callable[[Replica, Batch], Tree]:
    return lambda item, batch: changing.drop(item, batch, item.tree, name)


def _folding(step: purging.Step, image: Image) -> Callable[[Replica, Batch], Tree]:
    return lambda item, batch: changing.fold(item, batch, step.layer, step.child, image)
