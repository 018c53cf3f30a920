"""Ranges of bytes, and how two files of one filesystem differ, told from where their data lies."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..linux.extents import Extent


@dataclass(frozen=True, slots=True)
class Range:
    """``length`` bytes from ``start`` on."""

    start: int
    length: int

    @property
    def end(self) -> int:
        return self.start + self.length


def with_data(extents: Iterable[Extent]) -> list[Range]:
    """What is not a hole and not merely reserved, by offset; neighbours are one range."""
    return _joined(Range(extent.start, extent.length) for extent in extents if not extent.zero)


def differing(old: Iterable[Extent], new: Iterable[Extent]) -> list[Range]:
    """Where two files do not share their data, by offset.

    Holes and reserved space are zeros in both; data that was written anew counts as different, whatever it is.
    """
    return _joined(_differing(list(_written(old)), list(_written(new))))


def _differing(old: list[Extent], new: list[Extent]) -> Iterator[Range]:
    edges = sorted({edge for extent in (*old, *new) for edge in (extent.start, extent.end)})
    before, after = _Cursor(old), _Cursor(new)
    for start, end in itertools.pairwise(edges):
        if before.place(start) != after.place(start):
            yield Range(start, end - start)


class _Cursor:
    """Where a file's data lies, asked for at rising offsets."""

    def __init__(self, extents: list[Extent]) -> None:
        self._extents = extents
        self._next = 0

    def place(self, offset: int) -> int | None:
        """None in a hole."""
        while self._next < len(self._extents) and self._extents[self._next].end <= offset:
            self._next += 1
        if self._next == len(self._extents) or self._extents[self._next].start > offset:
            return None
        extent = self._extents[self._next]
        return extent.physical + offset - extent.start


def _written(extents: Iterable[Extent]) -> Iterator[Extent]:
    return (extent for extent in extents if not extent.zero)


def _joined(ranges: Iterable[Range]) -> list[Range]:
    joined: list[Range] = []
    for item in ranges:
        if joined and joined[-1].end == item.start:
            joined[-1] = Range(joined[-1].start, joined[-1].length + item.length)
        else:
            joined.append(item)
    return joined
