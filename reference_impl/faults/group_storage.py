"""Faults of groups in the backend: they are not cut at one moment, or fall apart."""

from __future__ import annotations

import contextlib
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from ..backend import snapshots
from .fault import Fault
from .wrapping import Clean, inner, wrap

if TYPE_CHECKING:
    from ..backend.api import Api
    from ..backend.pool import Pool
    from ..backend.records import Snapshot


class GroupCutOneByOne(Fault):
    """The volumes of a group are cut one after another: what was written first may be missing in the group."""

    name = "group-cut-one-by-one"
    component = "backend"
    breaks = ("GRP-006",)
    kind = "groups"

    BETWEEN = 0.3
    """Seconds from one volume to the next."""

    def apply(self, target: Api) -> None:
        """Nothing is frozen until the last file is copied."""
        pool: Pool = inner(target, "_engine").pool

        def one_by_one(clean: Clean, copies: dict[Path, Path], quiet: AbstractContextManager[None]) -> None:
            *first, last = copies.items()
            for copy, live in first:
                clean({copy: live}, contextlib.nullcontext())
                time.sleep(self.BETWEEN)
            clean(dict([last]), quiet)

        def whole(clean: Clean, copies: dict[Path, Path], quiet: AbstractContextManager[None]) -> None:
            if len(copies) > 1:
                one_by_one(clean, copies, quiet)
            else:
                clean(copies, quiet)

        wrap(pool, "clone_together", whole)


class RefusedMemberDeleted(Fault):
    """A member of a group is deleted although its deletion is refused: the group is whole no more."""

    name = "refused-group-member-deleted"
    component = "backend"
    breaks = ("RPC-DES-002",)
    kind = "groups"

    def apply(self, target: Api) -> None:
        """Whether a snapshot may go alone is asked after it has gone."""
        engine = inner(target, "_engine")

        def late(clean: Clean, snapshot: Snapshot) -> None:
            if snapshot.group:
                snapshots.remove(engine, [snapshot])
            clean(snapshot)

        wrap(snapshots, "_refuse_member", late)
