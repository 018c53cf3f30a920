"""The blocks of one volume: ``blocks/cc/dd/CHECKSUM.blk``, each written once however often it occurs."""

from __future__ import annotations

import contextlib
import hashlib
import threading
import uuid
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from .. import durable
from .compression import METHODS
from .errors import BlockError
from .paths import is_checksum


def checksum(plain: bytes) -> str:
    """The name of a block: the first half of the SHA-512 of what it holds, uncompressed."""
    return hashlib.sha512(plain).hexdigest()[:64]


@lru_cache(maxsize=4)
def zero_checksum(size: int) -> str:
    """That of a block of zeros."""
    return checksum(bytes(size))


class Blocks:
    """The blocks below ``folder``. Reading and writing may be done by several threads.

    One more thread makes durable what they wrote, all that there is at a time: to wait for the disk once costs
    nearly the same for one block and for many, and hashing goes on meanwhile.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written: list[tuple[Path, Path]] = []
        self._unsettled: set[Path] = set()
        self._changing = threading.Lock()
        self._namer: threading.Thread | None = None
        self._failure: OSError | None = None

    def has(self, name: str) -> bool:
        return self._path(name).exists()

    def claim(self, name: str) -> bool:
        """Whether it is there, to be counted on after ``settle``: another backup may be writing it just now."""
        if not self.has(name):
            return False
        folder = self._path(name).parent
        with self._changing:
            self._unsettled.update((folder, folder.parent, self._folder))
        return True

    def write(self, name: str, plain: bytes, method: str) -> int:
        """Returns the bytes it takes, compressed. It has its name after ``settle``, if not before."""
        packed = METHODS[method].pack(plain)
        path = self._path(name)
        # Two backups may write one block at the same time: each has a file of its own until the rename.
        temporary = path.with_name(f"{name}.{uuid.uuid4().hex[:8]}.tmp")
        durable.disk.make_folder(path.parent)
        durable.disk.write(temporary, packed)
        with self._changing:
            self._written.append((temporary, path))
            self._unsettled.update((path.parent, path.parent.parent, self._folder))
            if self._failure is not None:
                raise self._failure
            if self._namer is None:
                self._namer = threading.Thread(target=self._name_written, name="block names", daemon=True)
                self._namer.start()
        return len(packed)

    def settle(self) -> None:
        """Make what was written durable, and its names, deepest folder first. Raises OSError."""
        namer = self._namer
        if namer is not None:
            namer.join()
        if self._failure is not None:
            raise self._failure
        for folder in sorted(self._unsettled, key=lambda path: len(path.parts), reverse=True):
            durable.disk.sync_folder(folder)
        self._unsettled.clear()

    def read(self, name: str, method: str, size: int) -> bytes:
        """``size`` bytes, whose checksum is ``name``. Raises BlockError.

        The block may have been written by a backup of another method: then that one fits the checksum.
        """
        try:
            packed = self._path(name).read_bytes()
        except FileNotFoundError as error:
            raise BlockError(f"block {name} is missing") from error
        for each in (method, *(other for other in METHODS if other != method)):
            with contextlib.suppress(BlockError):
                plain = METHODS[each].unpack(packed, size)
                if len(plain) == size and checksum(plain) == name:
                    return plain
        raise BlockError(f"block {name} is damaged: it does not hold {size} bytes of that checksum")

    def names(self) -> Iterator[str]:
        """Of all whole blocks."""
        for path in self._folder.glob("*/*/*.blk"):
            if is_checksum(path.stem):
                yield path.stem

    def remove(self, name: str) -> None:
        """One that is not there is as good. Not durable: one that comes back is collected the next time."""
        self._remove(self._path(name))

    def remove_leftovers(self) -> None:
        """What writes that were broken off left. Nobody may be writing."""
        for path in list(self._folder.glob("*/*/*.tmp")):
            self._remove(path)

    def _remove(self, path: Path) -> None:
        durable.disk.unlink(path)
        prune(path.parent, self._folder)

    def _name_written(self) -> None:
        """A block has its name when its data is durable: one that is there is whole, also after a crash."""
        try:
            while written := self._take_written():
                for temporary, _ in written:
                    durable.disk.start_sync(temporary)
                for temporary, path in written:
                    durable.disk.sync(temporary)
                    durable.disk.rename(temporary, path)
        except OSError as error:
            self._failure = error

    def _take_written(self) -> list[tuple[Path, Path]]:
        """What is not durable yet; nothing ends the thread that asks."""
        with self._changing:
            written, self._written = self._written, []
            if not written:
                self._namer = None
            return written

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name[2:4] / f"{name}.blk"


def prune(folder: Path, top: Path) -> None:
    """Remove ``folder`` and its parents below ``top``, as far as they are empty."""
    while folder != top and folder.is_dir() and not any(folder.iterdir()):
        durable.disk.remove_folder(folder)
        folder = folder.parent
