"""The files that hold the data: replicas and live files, on a filesystem that can share blocks between files.

A cut is FICLONE: one moment, no data copied, and the copy is independent of its source.
Where the data directory itself cannot do that, an XFS image in it does. Nothing here knows of devices.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path

from ..linux import loops, mountinfo, syscalls
from . import durable
from .replica.directory import Replica
from .replica.names import VOLUME


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
        for folder in (self.live("any").parent, self.cut("any").parent, self.replicas):
            durable.disk.make_folder(folder)
        durable.disk.sync_folder(self.root)

    @property
    def replicas(self) -> Path:
        """The folder of the replica directories."""
        return self.root / "replicas"

    def live(self, volume: str) -> Path:
        """The flat file of a volume that has a device."""
        return self.root / "live" / f"{volume}.img"

    def cut(self, name: str) -> Path:
        """A flat file for as long as one operation lasts."""
        return self.root / "cuts" / f"{name}.img"

    def clone_together(self, copies: dict[Path, Path], quiet: AbstractContextManager[None]) -> None:
        """Each target of ``copies`` (target: source) becomes a copy of its source as it is under ``quiet``.

        Where that fails none is there, also when ``quiet`` finds at its end that it was not. They are not durable.
        """
        try:
            with contextlib.ExitStack() as files:
                pairs = [
                    (files.enter_context(source.open("rb")), files.enter_context(target.open("wb")))
                    for target, source in copies.items()
                ]
                with quiet:
                    for original, copy in pairs:
                        syscalls.clone_file(original.fileno(), copy.fileno())
        except BaseException:
            for target in copies:
                target.unlink(missing_ok=True)
            raise

    def flatten(self, replica: Replica, layer: str, fd: int) -> None:
        """The empty file open at ``fd`` gets what a reader of ``layer`` sees, and its length. Raises OSError."""
        os.ftruncate(fd, replica.length(layer))
        replica.read_into(layer, fd)

    def grow(self, path: Path, size: int) -> None:
        """Make the file ``size`` bytes long, durably; never shorter."""
        with path.open("r+b") as file:
            if size > os.fstat(file.fileno()).st_size:
                os.ftruncate(file.fileno(), size)
                durable.disk.sync(path)

    def remove(self, path: Path) -> None:
        """A file that is not there is as good."""
        durable.remove(path)

    def remove_replica(self, folder: Path) -> None:
        """A directory that is not there is as good."""
        with contextlib.suppress(FileNotFoundError):
            # Without this file it is none, whatever else is left of it after a crash.
            durable.disk.unlink(folder / VOLUME)
            for path in sorted(folder.iterdir()):
                if path.is_dir() and not path.is_symlink():
                    self.remove_replica(path)
                else:
                    durable.disk.unlink(path)
            durable.disk.remove_folder(folder)

    def sweep(self, live: Iterable[str], replicas: Iterable[Path]) -> None:
        """Remove what unfinished operations left: every file and directory that no record speaks of."""
        known = {self.live(name) for name in live}
        for folder in (self.live("any").parent, self.cut("any").parent):
            for path in sorted(folder.iterdir()):
                if path not in known:
                    self.remove(path)
        for path in sorted(set(self.replicas.iterdir()) - set(replicas)):
            self.remove_replica(path)

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
