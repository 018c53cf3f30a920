"""Where the data of a file lies: FIEMAP, sharing of ranges between files, and holes.

Two files of one filesystem that show the same place on disk at the same offset have the same data there: that is
how one finds what changed between two clones without reading them.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass

BLOCK = 4096
"""Bytes; ranges to share begin and end at multiples of it."""

_FIEMAP = 0xC020660B
_FICLONERANGE = 0x4020940D
_HEADER = struct.Struct("=QQIIII")
_EXTENT = struct.Struct("=QQQQQIIII")
_CLONE_RANGE = struct.Struct("=qQQQ")
_AT_ONCE = 512

_SYNC = 1
_LAST = 1
_UNWRITTEN = 0x800
_NOT_PLAIN = 0x02 | 0x04 | 0x08 | 0x80 | 0x100 | 0x200 | 0x400
"""Unknown, delayed, encoded, encrypted, unaligned, inline, tail: the place on disk says nothing then."""

_KEEP_SIZE = 1
_PUNCH_HOLE = 2

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Extent:
    """``length`` bytes from ``start`` of a file, which lie at ``physical`` of its filesystem.

    ``zero`` is space that was reserved and never written: it reads as zeros.
    """

    start: int
    length: int
    physical: int
    zero: bool = False

    @property
    def end(self) -> int:
        return self.start + self.length


class NotPlainError(OSError):
    """An extent without a place on disk, e.g. a compressed one: what changed cannot be told from places."""


def of_file(fd: int, *, sync: bool = True) -> list[Extent]:
    """All extents of the file open at ``fd``, by offset; what lies between is a hole.

    Without ``sync`` data that is not yet on disk has no place: only the amount is told then. Raises NotPlainError.
    """
    return list(_walk(fd, _SYNC if sync else 0))


def clone_range(source_fd: int, target_fd: int, start: int, length: int, target_start: int | None = None) -> None:
    """``target_fd`` shares ``length`` bytes of ``source_fd`` from ``start`` on, at the same offset unless told.

    Multiples of ``BLOCK``, or up to the source's end. Never-written space of the source becomes a hole.
    Raises OSError.
    """
    where = start if target_start is None else target_start
    fcntl.ioctl(target_fd, _FICLONERANGE, _CLONE_RANGE.pack(source_fd, start, length, where))


def punch(fd: int, start: int, length: int) -> None:
    """Make a hole; the length of the file stays. Raises OSError."""
    _allocate(fd, _PUNCH_HOLE | _KEEP_SIZE, start, length)


def reserve(fd: int, start: int, length: int) -> None:
    """Give a hole space that reads as zeros (``Extent.zero``); the length of the file stays. Raises OSError."""
    _allocate(fd, _KEEP_SIZE, start, length)


def _walk(fd: int, flags: int) -> Iterator[Extent]:
    start = 0
    while True:
        buffer = bytearray(_HEADER.size + _AT_ONCE * _EXTENT.size)
        _HEADER.pack_into(buffer, 0, start, (1 << 63) - start, flags, 0, _AT_ONCE, 0)
        fcntl.ioctl(fd, _FIEMAP, buffer)
        count = _HEADER.unpack_from(buffer)[3]
        kind = 0
        for number in range(count):
            logical, physical, length, _, _, kind, *_ = _EXTENT.unpack_from(
                buffer, _HEADER.size + number * _EXTENT.size
            )
            if kind & _NOT_PLAIN and flags & _SYNC:
                raise NotPlainError(f"extent at {logical} has no place on disk (flags {kind:#x})")
            yield Extent(logical, length, physical, bool(kind & _UNWRITTEN))
            start = logical + length
        if count == 0 or kind & _LAST:
            return


def _allocate(fd: int, mode: int, start: int, length: int) -> None:
    if _libc.fallocate(fd, mode, ctypes.c_long(start), ctypes.c_long(length)) != 0:
        errno = ctypes.get_errno()
        raise OSError(errno, os.strerror(errno))
