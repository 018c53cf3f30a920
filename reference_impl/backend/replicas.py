"""The replicas of one volume: several directories with the same snapshots and the same data.

All lie in one pool and share their blocks: a second replica costs no space, and protects from nothing but the
loss of its files.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from . import durable
from .durable import Batch
from .errors import BackendError
from .pool import Pool
from .records import Copy
from .replica import changing
from .replica.directory import Replica
from .replica.images import Image
from .replica.metadata import ReplicaError
from .replica.names import HEAD
from .replica.tree import Layer, Tree
from .states import REPLICA

log = logging.getLogger("backend")

Stage = Callable[[Replica, Batch], Tree]
"""Puts a change of one replica into a batch, and tells the tree that is there afterwards. Raises OSError."""


class Replicas:
    """Those of ``volume``. ``copies`` is what its record is to say of them."""

    def __init__(self, pool: Pool, volume: str, copies: tuple[Copy, ...] = ()) -> None:
        self._pool = pool
        self._volume = volume
        self.copies = copies
        self._open: dict[str, Replica] = {}
        self.trouble = ""
        """Why the last one was lost."""

    def folder(self, copy: Copy) -> Path:
        return self._pool.replicas / f"{self._volume}-{copy.id}"

    def open(self, needed: set[str]) -> None:
        """Read them. Those that are not like the first that has most of the snapshots ``needed`` count as lost."""
        for copy in self.copies:
            if copy.mode == "RW":
                self._read(copy)
            elif copy.mode == "WO":  # whoever filled it is gone
                self.forget(copy)
        good = self.good
        trees = {copy.id: self._open[copy.id].tree for copy in good}
        best = max(trees.values(), key=lambda tree: len(needed & tree.layers.keys()), default=None)
        for copy in good:
            if best is None or not trees[copy.id].same_as(best):
                self._fail(copy, "it is not like the others")
        for copy in self.good:
            self._open[copy.id].sweep()

    @property
    def good(self) -> list[Copy]:
        """Those that can be read and written."""
        return [copy for copy in self.copies if copy.mode == "RW" and copy.id in self._open]

    @property
    def first(self) -> Replica:
        """One to read from. Raises BackendError FailedPrecondition if none is left."""
        for copy in self.copies:
            replica = self._open.get(copy.id)
            if replica is not None:
                return replica
        raise self.faulted()

    def whole(self) -> list[Copy]:
        """The good ones whose files are still there; who looks changes nothing."""
        return [copy for copy in self.good if (replica := self._open.get(copy.id)) and replica.whole()]

    def replica(self, copy: Copy) -> Replica | None:
        """None for one that is not good."""
        return self._open.get(copy.id)

    def create(self, number: int, size: int, below: tuple[Layer, Image] | None = None) -> None:
        """The first ``number`` replicas of a new volume. Raises OSError; what is left then is swept at a start."""
        made = [(Copy(uuid.uuid4().hex[:8]), Batch()) for _ in range(number)]
        try:
            for copy, batch in made:
                durable.disk.make_folder(self.folder(copy))
                tree = changing.create(self.folder(copy), batch, size, below)
                self._open[copy.id] = Replica(self.folder(copy), tree)
        except BaseException:
            durable.abandon(batch for _, batch in made)
            raise
        for error in durable.commit([batch for _, batch in made], [self._pool.replicas]).values():
            raise error
        self.copies = tuple(copy for copy, _ in made)

    def check(self) -> None:
        """Find those whose files are gone."""
        for copy in self.good:
            if not self._open[copy.id].whole():
                self._fail(copy, f"files of {self.folder(copy)} are gone")

    def change(self, stage: Stage, changed: str = HEAD, extra: Batch | None = None) -> None:
        """Change all alike, durably; ``extra`` comes before them. Raises OSError if none could be changed.

        ``changed`` is the layer whose content is another one afterwards. A replica that could not be changed while
        another could is lost.
        """
        self.check()
        staged: list[tuple[Copy, Batch, Tree]] = []
        failed: list[tuple[Copy, OSError]] = []
        for copy in self.good:
            batch = Batch()
            try:
                staged.append((copy, batch, stage(self._open[copy.id], batch)))
            except OSError as error:
                batch.abandon()
                failed.append((copy, error))
            except BaseException:
                durable.abandon([batch, *(item for _, item, _ in staged)])
                raise
        if not staged:
            raise failed[0][1] if failed else self.faulted()
        for copy, why in failed:
            self._fail(copy, str(why))
        troubles = durable.commit([*([extra] if extra else []), *(batch for _, batch, _ in staged)])
        for copy, batch, tree in staged:
            if batch in troubles:
                self._fail(copy, str(troubles[batch]))
            else:
                self._open[copy.id].became(tree, changed)
        if not self.good:
            raise next(iter(troubles.values()))

    def knows(self, name: str, image: Image) -> None:
        """Layer ``name`` was made from ``image``."""
        for copy in self.good:
            self._open[copy.id].knows(name, image)

    def each(self) -> list[Replica]:
        """The good ones."""
        return [self._open[copy.id] for copy in self.good]

    def begin_rebuild(self) -> Copy:
        """A place for a new replica, to be remembered before it is filled."""
        copy = Copy(uuid.uuid4().hex[:8], REPLICA["", "add"])
        self.copies = (*self.copies, copy)
        return copy

    def rebuild(self, copy: Copy, *, head_too: bool) -> None:
        """Fill ``copy`` from the first good one. Raises OSError, BackendError."""
        durable.disk.make_folder(self.folder(copy))
        batch = Batch()
        try:
            tree = changing.duplicate(self.first, self.folder(copy), batch, head_too=head_too)
        except BaseException:
            self.forget(copy)
            batch.abandon()
            raise
        for error in durable.commit([batch], [self._pool.replicas]).values():
            self.forget(copy)
            raise error
        self._open[copy.id] = Replica(self.folder(copy), tree)
        self._move(copy, "rebuilt")

    def salvage(self, copy: Copy) -> None:
        """Take one that was lost for good again, if it is whole. Raises BackendError FailedPrecondition."""
        try:
            self._open[copy.id] = Replica.load(self.folder(copy))
        except ReplicaError as error:
            raise BackendError("FailedPrecondition", f"replica {copy.id} cannot be salvaged: {error}") from error
        self._move(copy, "salvage")

    def forget(self, copy: Copy) -> None:
        """It is one of them no more; what is left of its directory is the caller's to remove."""
        self._open.pop(copy.id, None)
        self.copies = tuple(item for item in self.copies if item.id != copy.id)

    def remove(self) -> None:
        """All their files."""
        for copy in self.copies:
            self._pool.remove_replica(self.folder(copy))

    def _read(self, copy: Copy) -> None:
        try:
            self._open[copy.id] = Replica.load(self.folder(copy))
        except ReplicaError as error:
            self._fail(copy, str(error))

    def _fail(self, copy: Copy, why: str) -> None:
        log.warning("replica %s of volume %s is lost: %s", copy.id, self._volume, why)
        self.trouble = why
        self._open.pop(copy.id, None)
        self._move(copy, "failed", time.time())

    def _move(self, copy: Copy, move: str, failed_at: float = 0.0) -> None:
        after = replace(copy, mode=REPLICA[copy.mode, move], failed_at=failed_at)
        self.copies = tuple(after if item.id == copy.id else item for item in self.copies)

    def faulted(self) -> BackendError:
        """What whoever needs a replica is told when none is left."""
        return BackendError("FailedPrecondition", f"volume {self._volume} is faulted: no usable replica is left")
