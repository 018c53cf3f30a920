"""Faults of a snapshot's content: the snapshot is there, its data is not what was cut."""

from __future__ import annotations

import os
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from ..backend.replica import purging
from ..backend.replica.images import Image, opened, share
from ..backend.replica.names import HEAD
from ..linux import extents, syscalls
from .fault import Fault
from .wrapping import Clean, inner, wrap

if TYPE_CHECKING:
    from ..backend.api import Api
    from ..backend.pool import Pool
    from ..backend.replica.directory import Replica


class SnapshotLosesData(Fault):
    """A snapshot has the right size and none of the data: a restore from it is empty."""

    name = "snapshot-loses-data"
    component = "backend"
    breaks = ("SNAP-DYN-005", "RES-001")
    kind = "data"

    def apply(self, target: Api) -> None:
        """Whoever reads a snapshot finds zeros; the live data and clones of volumes are left right."""

        def forgetful(clean: Clean, replica: Replica, layer: str, fd: int) -> None:
            if layer == HEAD:
                clean(replica, layer, fd)
            else:
                os.ftruncate(fd, replica.length(layer))

        wrap(inner(target, "_engine").pool, "flatten", forgetful)


class SnapshotLeaksLaterWrites(Fault):
    """What is written to a volume after the cut is found in the snapshot too."""

    name = "snapshot-leaks-later-writes"
    component = "backend"
    breaks = ("SNAP-DYN-005", "EXP-022", "GRP-006", "SNAP-DYN-006")
    kind = "data"
    issue = "https://github.com/longhorn/longhorn/issues/11796"
    seen = "L27"

    def apply(self, target: Api) -> None:
        """Whoever reads a snapshot gets the volume as it is now, as long as the volume is there."""
        pool: Pool = inner(target, "_engine").pool

        def late(clean: Clean, replica: Replica, layer: str, fd: int) -> None:
            live = pool.live(volume_of(replica))
            if layer == HEAD or not (live.exists() or replica.tree.head):
                clean(replica, layer, fd)
                return
            if live.exists():
                with live.open("rb") as source:
                    syscalls.clone_file(source.fileno(), fd)
            else:
                clean(replica, HEAD, fd)
            os.ftruncate(fd, replica.length(layer))

        wrap(pool, "flatten", late)


class SnapshotIsOneBefore(Fault):
    """The second snapshot of a volume holds what the first one holds: it was cut of a stale state."""

    name = "snapshot-is-the-one-before"
    component = "backend"
    breaks = ("SNAP-DYN-005", "RES-018")
    kind = "data"

    def apply(self, target: Api) -> None:
        """Whoever reads a snapshot gets the snapshot below it, where there is one that somebody asked for."""

        def stale(clean: Clean, replica: Replica, layer: str, fd: int) -> None:
            found = replica.tree.layers.get(layer)
            below = replica.tree.layers.get(found.parent) if found else None
            clean(replica, below.name if below and below.user_created else layer, fd)
            os.ftruncate(fd, replica.length(layer))

        wrap(inner(target, "_engine").pool, "flatten", stale)


class NewestSnapshotRestored(Fault):
    """Whichever snapshot of a volume is restored, the data is that of its newest one."""

    name = "newest-snapshot-restored"
    component = "backend"
    breaks = ("SNAP-DYN-005", "EXP-022")
    kind = "data"

    def apply(self, target: Api) -> None:
        """Whoever reads a snapshot gets the newest that somebody asked for."""

        def newest(clean: Clean, replica: Replica, layer: str, fd: int) -> None:
            layers = replica.tree.layers
            asked = [name for name in replica.tree.oldest_first() if layers[name].user_created]
            wrong = layer != HEAD and asked and not layers[asked[-1]].removed
            clean(replica, asked[-1] if wrong else layer, fd)
            os.ftruncate(fd, replica.length(layer))

        wrap(inner(target, "_engine").pool, "flatten", newest)


class SnapshotTornAcrossBlocks(Fault):
    """A snapshot of a volume in use mixes blocks of two moments: records are missing in between."""

    name = "snapshot-torn-across-blocks"
    component = "backend"
    breaks = ("SNAP-DYN-006", "SNAP-DYN-005")
    kind = "data"

    STRIPE = 64 << 10
    LATER = 0.5
    """Seconds from the first half of the stripes to the second."""

    def apply(self, target: Api) -> None:
        """Every other stripe of the cut is copied half a second later, from a volume that is written to."""

        def slow(clean: Clean, copies: dict[Path, Path], quiet: AbstractContextManager[None]) -> None:
            clean(copies, quiet)
            time.sleep(self.LATER)
            for copy, live in copies.items():
                with live.open("rb") as source, copy.open("r+b") as cut:
                    size = os.fstat(cut.fileno()).st_size
                    for start in range(self.STRIPE, size - self.STRIPE, 2 * self.STRIPE):
                        extents.clone_range(source.fileno(), cut.fileno(), start, self.STRIPE)

        wrap(inner(target, "_engine").pool, "clone_together", slow)


class DeletedSnapshotTakesSharedBlocks(Fault):
    """Deleting a snapshot damages the next one of the volume: the blocks that both had are gone."""

    name = "deleted-snapshot-takes-shared-blocks"
    component = "backend"
    breaks = ("SNAP-DYN-005", "DEL-001")
    kind = "data"
    issue = "https://github.com/longhorn/longhorn/issues/3111"
    seen = "L18"

    def apply(self, target: Api) -> None:
        """A layer that goes is not folded into the one above it."""

        def careless(_clean: Clean, replica: Replica, step: purging.Step, image: Path) -> Image:
            content, length = replica.extents(step.child), replica.length(step.child)
            with opened(replica.path(step.child)) as upper:
                share(image, length, content, {step.child: upper})
            return Image(image, length, list(content))

        wrap(purging, "merged", careless)


def volume_of(replica: Replica) -> str:
    """The volume that a replica's directory is named after: its name, a dash, and eight characters."""
    return replica.folder.name.rpartition("-")[0]
