"""Faults of a snapshot's content: the snapshot is there, its data is not what was cut."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .fault import Fault

if TYPE_CHECKING:
    from ..backend.pool import Pool
    from ..backend.replica.directory import Replica


class SnapshotLosesData(Fault):
    """A snapshot has the right size and none of the data: a restore from it is empty."""

    name = "snapshot-loses-data"
    component = "backend"
    breaks = ("SNAP-DYN-005", "RES-001")
    kind = "data"

    def apply(self, target: Pool) -> None:
        """Whoever reads a snapshot finds zeros; the live data and clones of volumes are left right."""
        from ..backend.replica.names import HEAD

        clean = target.flatten

        def forgetful(replica: Replica, layer: str, fd: int) -> None:
            if layer == HEAD:
                clean(replica, layer, fd)
            else:
                os.ftruncate(fd, replica.length(layer))

        vars(target)["flatten"] = forgetful
