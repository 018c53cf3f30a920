"""What a snapshot holds, for those who carry it elsewhere: a flat file, and what changed since another one."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from pathlib import Path

from ..linux import extents
from .engine import Engine
from .errors import BackendError
from .ranges import Range, differing, with_data
from .records import Snapshot


class Content:
    """The snapshots of one engine, to read."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextlib.contextmanager
    def of_snapshot(self, volume: str, snapshot: str, wait: float | None = None) -> Iterator[Path]:
        """A file as long as the volume was at the cut, to read while the body runs. Raises BackendError NotFound.

        The snapshot cannot be deleted meanwhile. ``wait`` is that of ``Locks.hold``.
        """
        with self._engine.locks.hold(shared=(f"snapshot {snapshot}",), wait=wait):
            found = self._engine.snapshots.get(snapshot)
            if found is None or found.volume != volume:
                raise BackendError("NotFound", f"cannot find snapshot '{snapshot}' for volume '{volume}'")
            with self._flat(found, wait) as path:
                yield path

    @contextlib.contextmanager
    def _flat(self, snapshot: Snapshot, wait: float | None) -> Iterator[Path]:
        """The volume is not held for longer than it takes to make the file."""
        with contextlib.ExitStack() as file:
            with self._engine.locks.hold(shared=(f"volume {snapshot.volume}",), wait=wait):
                store = self._engine.stores[snapshot.chain]
                path = file.enter_context(store.flat(snapshot.name, f"for.{uuid.uuid4()}"))
            yield path


def data_ranges(path: Path) -> list[Range]:
    """Where ``path`` has data, by offset; the rest are zeros."""
    return with_data(_extents(path))


def changed_ranges(old: Path, new: Path) -> list[Range]:
    """Where ``new`` may have other data than ``old``, by offset: both are files that ``Content`` gave."""
    return differing(_extents(old), _extents(new))


def _extents(path: Path) -> list[extents.Extent]:
    with path.open("rb") as file:
        return extents.of_file(file.fileno())
