"""The files that hold the data: live files and snapshots, on a filesystem that can share blocks between files.

A snapshot or clone is FICLONE: one moment, no data copied, and the copy is independent of its source.
Where the data directory itself cannot do that, an XFS image in it does. Nothing here knows of devices.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from ..linux import loops, mountinfo, syscalls
from . import durable


class PoolError(Exception):
    """The pool cannot be opened; the text says what to do."""


class Pool:
    """``DATA/pool``, on ``DATA/pool.img`` where needed. ``size`` in bytes is the most one volume may have."""

    def __init__(self, data: Path, size: int) -> None:
        self._data = data
        self.size = size
        self.root = data / "pool"
        self.image = data / "pool.img"

    def open(self) -> None:
        """Make or find the pool and mount it. Raises PoolError."""
        self.root.mkdir(parents=True, exist_ok=True)
        if self.image.exists() or not _shares_blocks(self._data):
            self._make_image()
            self._mount_image()
        for folder in (self.root / "volumes", self.root / "snapshots"):
            folder.mkdir(exist_ok=True)
        durable.disk.sync_folder(self.root)

    def live(self, volume: str) -> Path:
        """The file of a volume."""
        return self.root / "volumes" / f"{volume}.img"

    def cut(self, snapshot: str) -> Path:
        """The file of a snapshot."""
        return self.root / "snapshots" / f"{snapshot}.img"

    def create(self, path: Path, size: int) -> None:
        """An empty file of ``size`` bytes, durable."""
        with durable.appearing(path) as fd:
            os.ftruncate(fd, size)

    def clone(
        self, source: Path, target: Path, size: int = 0, quiet: AbstractContextManager[None] | None = None
    ) -> None:
        """``target`` becomes a copy of ``source`` as it is while ``quiet`` is held; at least ``size`` bytes long.

        It appears durable and whole, or not at all: also when ``quiet`` finds at its end that it was not.
        """
        with source.open("rb") as original, durable.appearing(target) as fd:
            with quiet or nullcontext():
                syscalls.clone_file(original.fileno(), fd)
            if size > os.fstat(fd).st_size:
                os.ftruncate(fd, size)

    def clone_together(self, copies: dict[Path, Path], quiet: AbstractContextManager[None]) -> None:
        """Each target of ``copies`` (target: source) becomes a copy of its source as it is under ``quiet``.

        Nothing appears before ``quiet`` has ended well; after an OSError some of the targets may be there.
        """
        with contextlib.ExitStack() as files:
            pairs = [
                (files.enter_context(source.open("rb")).fileno(), files.enter_context(durable.appearing(target)))
                for target, source in copies.items()
            ]
            with quiet:
                for original, fd in pairs:
                    syscalls.clone_file(original, fd)

    def grow(self, path: Path, size: int) -> None:
        """Make the file ``size`` bytes long, durably; never shorter."""
        with path.open("r+b") as file:
            if size > os.fstat(file.fileno()).st_size:
                os.ftruncate(file.fileno(), size)
                os.fsync(file.fileno())

    def remove(self, path: Path) -> None:
        """A file that is not there is as good."""
        durable.remove(path)

    def sweep(self, volumes: Iterable[str], snapshots: Iterable[str]) -> None:
        """Remove what unfinished operations left: every file that no record speaks of."""
        known = {self.live(name) for name in volumes} | {self.cut(name) for name in snapshots}
        for folder in (self.root / "volumes", self.root / "snapshots"):
            for path in sorted(folder.iterdir()):
                if path not in known:
                    self.remove(path)

    def _make_image(self) -> None:
        if self.image.exists():
            return
        temporary = self.image.with_suffix(".tmp")
        with temporary.open("wb") as file:
            file.truncate(self.size)
        try:
            subprocess.run(
                ["mkfs.xfs", "-q", "-f", "-m", "reflink=1", str(temporary)],
                check=True,
                capture_output=True,
                text=True,
            )
        except FileNotFoundError as error:
            raise PoolError(
                f"{self._data} cannot share blocks between files and mkfs.xfs is not there: install xfsprogs, "
                "or use a data directory on XFS or btrfs"
            ) from error
        except subprocess.CalledProcessError as error:
            raise PoolError(f"mkfs.xfs of {temporary} failed: {error.stderr.strip()}") from error
        durable.rename(temporary, self.image)

    def _mount_image(self) -> None:
        mounted = mountinfo.mount_at(self.root)
        loop = loops.find(self.image)
        if mounted is not None and loop is not None and mounted.device == loop.rdev:
            return
        if mounted is not None:
            raise PoolError(f"{self.root} has {mounted.source} mounted on it, which is not {self.image}")
        # A loop that serves the image already is the one to mount: a mount in another namespace may have it.
        fd = loops.open_device(loop.number) if loop else None
        try:
            if loop is None:
                loop, fd = loops.attach(self.image)
            syscalls.mount(str(loop.path), self.root, "xfs", data="discard")
        except OSError as error:
            raise PoolError(f"cannot mount {self.image} at {self.root}: {error}") from error
        finally:
            if fd is not None:
                os.close(fd)


def _shares_blocks(folder: Path) -> bool:
    """Whether FICLONE works between files in ``folder``."""
    first, second = folder / ".reflink-1.tmp", folder / ".reflink-2.tmp"
    try:
        first.write_bytes(bytes(4096))
        with first.open("rb") as source, second.open("wb") as target:
            syscalls.clone_file(source.fileno(), target.fileno())
    except OSError:
        return False
    finally:
        first.unlink(missing_ok=True)
        second.unlink(missing_ok=True)
    return True
