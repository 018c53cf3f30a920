"""Faults of copying: a restore is made of the right snapshot, and not all of its data is there or in place."""

from __future__ import annotations

import os
import zlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..backend.replica.names import HEAD
from ..linux import extents
from .fault import Fault
from .wrapping import Clean, inner, wrap

if TYPE_CHECKING:
    from ..backend.api import Api
    from ..backend.replica.directory import Replica
    from ..backend.replica.images import Image
    from ..backend.replica.tree import Layer

_BLOCK = 4096


class RestoreDropsTail(Fault):
    """The end of a restored volume's data is missing: the last 64 KiB that were written read as zeros."""

    name = "restore-drops-tail"
    component = "backend"
    breaks = ("RES-015", "RES-001")
    kind = "data"
    issue = "https://github.com/longhorn/longhorn/issues/12830"
    seen = "L21"

    def apply(self, target: Api) -> None:
        """The copy of a snapshot stops one range too early."""

        def short(clean: Clean, replica: Replica, layer: str, fd: int) -> None:
            clean(replica, layer, fd)
            data = [piece for piece in replica.seen(layer) if not piece.zero]
            if layer != HEAD and data:
                start = max(data[-1].start, data[-1].end - (64 << 10))
                extents.punch(fd, start, data[-1].end - start)

        wrap(inner(target, "_engine").pool, "flatten", short)


class RestoreStopsAtHole(Fault):
    """A restored volume has the data up to the first place that was never written, and nothing behind it."""

    name = "restore-stops-at-hole"
    component = "backend"
    breaks = ("RES-015", "RES-001")
    kind = "data"

    def apply(self, target: Api) -> None:
        """The copy of a snapshot takes the first hole for the end."""

        def short(clean: Clean, replica: Replica, layer: str, fd: int) -> None:
            clean(replica, layer, fd)
            data = [piece for piece in replica.seen(layer) if not piece.zero]
            if layer != HEAD and data:
                end = data[0].end
                for piece in data[1:]:
                    if piece.start > end:
                        break
                    end = piece.end
                extents.punch(fd, end, max(replica.length(layer) - end, _BLOCK))

        wrap(inner(target, "_engine").pool, "flatten", short)


class LargerRestoreDropsTail(Fault):
    """A restore that is larger than its snapshot lacks the last MiB of the snapshot."""

    name = "larger-restore-drops-tail"
    component = "backend"
    breaks = ("RES-015", "RES-005", "RES-006")
    kind = "data"
    issue = "https://github.com/longhorn/longhorn/issues/9962"

    TAIL = 1 << 20

    def apply(self, target: Api) -> None:
        """What a new volume begins with is cut short where the volume is larger than that."""

        def short(
            clean: Clean, volume: str, size: int, number: int, below: tuple[Layer, Image] | None = None
        ) -> str:
            if below and size > below[1].length:
                below = below[0], replace(below[1], length=below[1].length - self.TAIL)
            chain: str = clean(volume, size, number, below)
            return chain

        wrap(inner(target, "_engine"), "make_store", short)


class BlocksMixedUp(Fault):
    """A restored volume has some blocks in the place of others: a checksum took them for the same."""

    name = "restore-mixes-up-blocks"
    component = "backend"
    breaks = ("RES-015", "RES-001", "CLN-013")
    kind = "data"
    issue = "https://github.com/longhorn/longhorn/issues/1385"
    seen = "L19"

    def apply(self, target: Api) -> None:
        """Blocks are stored once for each value of a checksum that has one byte."""

        def deduplicating(clean: Clean, replica: Replica, layer: str, fd: int) -> None:
            clean(replica, layer, fd)
            stored: dict[int, bytes] = {}
            with Path(f"/proc/self/fd/{fd}").open("rb") as copied:
                for piece in replica.seen(layer) if layer != HEAD else ():
                    for start in range(piece.start, piece.end, _BLOCK):
                        block = os.pread(copied.fileno(), _BLOCK, start)
                        known = stored.setdefault(zlib.crc32(block) & 0xFF, block)
                        if known != block and any(block):
                            os.pwrite(fd, known, start)

        wrap(inner(target, "_engine").pool, "flatten", deduplicating)


class UploadBreaksOff(Fault):
    """A snapshot is ready to use although only the first half of its data was stored."""

    name = "snapshot-upload-breaks-off"
    component = "backend"
    breaks = ("RES-001", "SNAP-DYN-005", "RES-015")
    kind = "data"
    issue = "https://github.com/longhorn/longhorn/issues/2912"
    seen = "L29"

    def apply(self, target: Api) -> None:
        """Whoever reads a snapshot finds the first half of its data, by the order of places."""

        def broken(clean: Clean, replica: Replica, layer: str, fd: int) -> None:
            clean(replica, layer, fd)
            data = [piece for piece in replica.seen(layer) if not piece.zero]
            left = sum(piece.length for piece in data) // 2 // _BLOCK * _BLOCK
            for piece in data if layer != HEAD else ():
                lost = piece.length - min(left, piece.length)
                left -= piece.length - lost
                if lost:
                    extents.punch(fd, piece.end - lost, lost)

        wrap(inner(target, "_engine").pool, "flatten", broken)
