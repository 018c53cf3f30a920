"""The images of layers: sparse files that share their blocks with whatever they were made from."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...linux import extents, syscalls
from ...linux.extents import Extent
from ..ranges import Range, differing
from .overlay import Piece, cut_out, pieces, runs


@dataclass(frozen=True)
class Image:
    """What is to become a layer, or a head: the file at ``path`` as far as ``content`` names it.

    Extents that are zero there are reserved in the layer. ``length`` in bytes.
    """

    path: Path
    length: int
    content: list[Extent]

    def fill(self, fd: int) -> None:
        """Make the empty file open at ``fd`` this image. Raises OSError."""
        with opened(self.path) as source:
            syscalls.clone_file(source, fd)
        os.ftruncate(fd, self.length)
        for item in runs(pieces((item for item in self.content if item.zero), "")):
            extents.reserve(fd, item.start, item.length)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[int]:
    """An fd to read from. Raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)


def extents_of(path: Path) -> list[Extent]:
    """Where the data of ``path`` lies. Raises OSError."""
    with opened(path) as fd:
        return extents.of_file(fd)


def changes(flat: Path, below: list[Piece], image: Path) -> Image:
    """What ``flat`` has that a reader of ``below`` does not see, as an image made at ``image``. Raises OSError."""
    of_flat = extents_of(flat)
    with opened(flat) as source:
        length = os.fstat(source).st_size
        content = cut_out(of_flat, differing(below, of_flat))
        share(image, length, pieces(content, ""), {"": source})
    return Image(image, length, content)


def written(below: list[Piece], of_flat: list[Extent]) -> list[Range]:
    """Where a flat file with the extents ``of_flat`` differs from what is ``below`` it and has data of its own."""
    found = cut_out(of_flat, differing(below, of_flat))
    return [Range(item.start, item.length) for item in found if not item.zero]


def share(target: Path, length: int, content: list[Piece], sources: dict[str, int]) -> None:
    """A new file at ``target`` with the data of ``content``, out of the open files ``sources``. Raises OSError."""
    fd = os.open(target, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.ftruncate(fd, length)
        share_into(fd, content, sources)
    finally:
        os.close(fd)


def share_into(fd: int, content: list[Piece], sources: dict[str, int]) -> None:
    """The data of ``content`` at its places in the file open at ``fd``; zeros are left out. Raises OSError."""
    for item in runs(content):
        if not item.zero:
            extents.clone_range(sources[item.layer], fd, item.start, item.length)
