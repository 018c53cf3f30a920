"""Pieces of files laid over each other: what a reader of a stack of layers sees, and from which of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ...linux.extents import Extent
from ..ranges import Range


@dataclass(frozen=True, slots=True)
class Piece(Extent):
    """An extent of the image of ``layer``."""

    layer: str = ""

    def within(self, start: int, end: int) -> Piece:
        """The part from ``start`` to ``end``, both inside."""
        return replace(self, start=start, length=end - start, physical=self.physical + start - self.start)


def pieces(extents: Iterable[Extent], layer: str) -> list[Piece]:
    return [Piece(item.start, item.length, item.physical, item.zero, layer) for item in extents]


def overlay(lower: list[Piece], upper: list[Piece]) -> list[Piece]:
    """Both by offset; ``upper`` hides what lies below it, with its zeros too."""
    seen: list[Piece] = []
    first = 0
    for piece in lower:
        while first < len(upper) and upper[first].end <= piece.start:
            first += 1
        start, above = piece.start, first
        while start < piece.end:
            if above == len(upper) or upper[above].start >= piece.end:
                seen.append(piece.within(start, piece.end))
                break
            if upper[above].start > start:
                seen.append(piece.within(start, upper[above].start))
            start = max(start, upper[above].end)
            above += 1
    return sorted([*seen, *upper], key=lambda item: item.start)


def cut_out(extents: list[Extent], ranges: list[Range]) -> list[Extent]:
    """``ranges`` of a file, in its own extents and in zeros where it has none; both by offset."""
    found: list[Extent] = []
    first = 0
    for item in ranges:
        while first < len(extents) and extents[first].end <= item.start:
            first += 1
        at, index = item.start, first
        while at < item.end:
            extent = extents[index] if index < len(extents) else None
            if extent is None or extent.start >= item.end:
                found.append(Extent(at, item.end - at, 0, zero=True))
                break
            if extent.start > at:
                found.append(Extent(at, extent.start - at, 0, zero=True))
                at = extent.start
            end = min(extent.end, item.end)
            found.append(Extent(at, end - at, extent.physical + at - extent.start, extent.zero))
            at, index = end, index + 1
    return found


def runs(found: Iterable[Piece]) -> list[Piece]:
    """Neighbours of one layer joined, wherever they lie on disk: one call can share a whole run."""
    joined: list[Piece] = []
    for item in found:
        last = joined[-1] if joined else None
        if last and (last.end, last.layer, last.zero) == (item.start, item.layer, item.zero):
            joined[-1] = replace(last, length=last.length + item.length)
        else:
            joined.append(item)
    return joined
