"""The ground a test stands on: an XFS of its own, where a data directory needs no image and costs nothing."""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from pytest_csi_snapshot.reference_impl.linux import loops, syscalls

SIZE = 4 << 30
"""Bytes of the sparse image; a test fills a few hundred MiB."""


class Ground:
    """A mounted XFS, empty except for what tests put there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.device = root.stat().st_dev
        self._numbers = itertools.count(1)

    def fresh(self) -> Path:
        """A directory nobody used before."""
        folder = self.root / f"{next(self._numbers)}"
        folder.mkdir()
        return folder

    def loops(self) -> list[loops.Loop]:
        """The loop devices that serve files that lie here."""
        return [loop for loop in loops.bound() if loop.backing.device == self.device]

    def open_device(self, path: str, flags: int = os.O_RDWR) -> int:
        """An open fd of the block device at ``path``; it cannot go as long as that is open.

        A device whose backend was killed may be gone, and its number somebody else's. Raises OSError.
        """
        fd = loops.open_device(loops.number_of(path), flags)
        backing = loops.serving(fd)
        if backing is None or backing.device != self.device:
            os.close(fd)
            raise OSError(f"{path} serves nothing of ours")
        return fd


@contextlib.contextmanager
def ground(folder: Path) -> Iterator[Ground]:
    """Made below ``folder``; nothing is left of it at the end, also when this process is killed."""
    image, root = folder / "ground.img", folder / "ground"
    root.mkdir()
    with image.open("wb") as file:
        file.truncate(SIZE)
    subprocess.run(["mkfs.xfs", "-q", "-m", "reflink=1", str(image)], check=True)
    loop, fd = loops.attach(image)
    image.unlink()  # the device keeps it
    try:
        syscalls.mount(str(loop.path), root, "xfs")
    finally:
        os.close(fd)
    try:
        yield Ground(root)
    finally:
        syscalls.unmount(root)


def clone(source: Path, target: Path) -> None:
    """``target`` becomes a copy of ``source`` that shares its blocks."""
    with source.open("rb") as original, target.open("wb") as copy:
        syscalls.clone_file(original.fileno(), copy.fileno())
