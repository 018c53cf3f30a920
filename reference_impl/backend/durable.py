"""Changes on disk that are there after a crash, or are not, and nothing in between.

Whatever the backend must not lose goes through here. ``Disk`` has the single steps, and a crash can come between
any two of them; the functions put steps together so that it may.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)


class Disk:
    """The single steps. Who wants to see them, or to end the process between two, puts another in ``disk``."""

    def write(self, path: Path, content: bytes) -> None:
        """The whole content of a file that nobody reads yet."""
        path.write_bytes(content)

    def start_sync(self, path: Path) -> None:
        """Begin to write the data of a file to the disk; only ``sync`` waits, and then for less."""
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(fd)

    def sync(self, path: Path) -> None:
        """The data and length of a file are durable; its name is not, see ``sync_folder``."""
        _sync(path, os.O_RDONLY)

    def sync_folder(self, path: Path) -> None:
        """What was created, renamed or removed in ``path`` is durable."""
        _sync(path, os.O_RDONLY | os.O_DIRECTORY)

    def sync_together(self, files: Iterable[Path], folders: Iterable[Path] = ()) -> None:
        """As ``sync`` and ``sync_folder`` of each, all in one filesystem: one wait for the disk is enough."""
        path = next(iter((*folders, *files)), None)
        if path is not None:
            _sync_filesystem(path)

    def rename(self, old: Path, new: Path) -> None:
        """``new`` is replaced if it is there. Both lie in one filesystem."""
        old.replace(new)

    def link(self, path: Path, new: Path) -> None:
        """A second name of the same file."""
        os.link(path, new)

    def unlink(self, path: Path) -> None:
        """A name that is not there is as good."""
        path.unlink(missing_ok=True)

    def make_folder(self, path: Path) -> None:
        """With its parents; one that is there is as good."""
        path.mkdir(parents=True, exist_ok=True)

    def remove_folder(self, path: Path) -> None:
        """An empty one."""
        path.rmdir()


disk = Disk()


def replace_file(path: Path, content: bytes) -> None:
    """Give ``path`` this content: after a crash at any point it has the old one or the new one."""
    temporary = _temporary(path)
    disk.write(temporary, content)
    disk.sync(temporary)
    rename(temporary, path)


def rename(old: Path, new: Path) -> None:
    """``new`` is replaced if it is there; both lie in one folder."""
    disk.rename(old, new)
    disk.sync_folder(new.parent)


def remove(path: Path) -> None:
    """A file that is not there is as good."""
    disk.unlink(path)
    disk.sync_folder(path.parent)


def make_folder(path: Path) -> None:
    """One that is there is as good; its parent is there."""
    disk.make_folder(path)
    disk.sync_folder(path.parent)


class Batch:
    """New files and changes of names in one filesystem. Nothing is seen of them before ``apply``.

    The names change in the order they were given, and a crash leaves the first few of the changes: filesystems
    that can share blocks write names in order.
    """

    def __init__(self) -> None:
        self._open: list[int] = []
        self.temporaries: list[Path] = []
        self.folders: dict[Path, None] = {}
        self._steps: list[Callable[[], None]] = []

    def file(self, path: Path) -> int:
        """An fd of the new content of ``path``, to be filled before ``apply``."""
        temporary = _temporary(path)
        fd = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        self._open.append(fd)
        self._appears(temporary, path)
        return fd

    def content(self, path: Path, content: bytes) -> None:
        """The new content of ``path``."""
        temporary = _temporary(path)
        disk.write(temporary, content)
        self._appears(temporary, path)

    def link(self, path: Path, new: Path) -> None:
        """A second name of a file that is there."""
        self._then(new, partial(disk.link, path, new))

    def unlink(self, path: Path) -> None:
        self._then(path, partial(disk.unlink, path))

    def apply(self) -> None:
        """Change the names, of ``temporaries`` that are durable; ``folders`` are synced after. Raises OSError."""
        for step in self._steps:
            step()

    def close(self) -> None:
        """No more is written to the new files."""
        while self._open:
            os.close(self._open.pop())

    def abandon(self) -> None:
        """Leave everything as it was."""
        self.close()
        for path in self.temporaries:
            disk.unlink(path)

    def _appears(self, temporary: Path, path: Path) -> None:
        self.temporaries.append(temporary)
        self._then(path, partial(disk.rename, temporary, path))

    def _then(self, path: Path, step: Callable[[], None]) -> None:
        self.folders[path.parent] = None
        self._steps.append(step)


def abandon(batches: Iterable[Batch]) -> None:
    """Leave everything as it was before them."""
    given = list(batches)
    for batch in given:
        batch.close()
    for batch in given:
        batch.abandon()


def commit(batches: list[Batch], folders: Iterable[Path] = ()) -> dict[Batch, OSError]:
    """Apply all, durably, and sync ``folders``. Returns those whose names could not all be changed, and why.

    Raises OSError, with nothing changed, if the new files could not be made durable.
    """
    for batch in batches:
        batch.close()
    try:
        disk.sync_together([path for batch in batches for path in batch.temporaries])
    except BaseException:
        abandon(batches)
        raise
    failed: dict[Batch, OSError] = {}
    for batch in batches:
        try:
            batch.apply()
        except OSError as error:
            failed[batch] = error
    changed = {path: None for batch in batches for path in batch.folders}
    disk.sync_together([], {**dict.fromkeys(folders), **changed})
    return failed


def _temporary(path: Path) -> Path:
    """What the new content of ``path`` is called until it is durable."""
    return path.with_name(path.name + ".tmp")


def _sync(path: Path, flags: int) -> None:
    fd = os.open(path, flags | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _sync_filesystem(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if _libc.syncfs(fd) != 0:
            errno = ctypes.get_errno()
            raise OSError(errno, os.strerror(errno), str(path))
    finally:
        os.close(fd)
