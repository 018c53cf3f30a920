"""Faults of a snapshot's content: the snapshot is there, its data is not what was cut."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from .fault import Fault

if TYPE_CHECKING:
    from ..backend.pool import Pool


class SnapshotLosesData(Fault):
    """A snapshot has the right size and none of the data: a restore from it is empty."""

    name = "snapshot-loses-data"
    component = "backend"
    breaks = ("SNAP-DYN-005", "RES-001")

    def apply(self, target: Pool) -> None:
        """Cuts become empty files; clones of volumes and restores are left right."""
        clean = target.clone

        def forgetful(
            source: Path, path: Path, size: int = 0, quiet: AbstractContextManager[None] | None = None
        ) -> None:
            clean(source, path, size, quiet)
            if path.parent == target.cut("any").parent:
                length = path.stat().st_size
                with path.open("r+b") as file:
                    file.truncate(0)
                    file.truncate(length)

        vars(target)["clone"] = forgetful
