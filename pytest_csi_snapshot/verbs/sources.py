"""Volumes that hold known data, of each volume mode, in use or not."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_csi_snapshot.conditions import POD_READY, capacity_of
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.verbs.blocks import BlockVerbs
from pytest_csi_snapshot.verbs.pods import DATA
from pytest_csi_snapshot.workloads import trees
from pytest_csi_snapshot.workloads.blocks import Pattern
from pytest_csi_snapshot.workloads.logs import read_log
from pytest_csi_snapshot.workloads.pods import Workload, mount_path
from pytest_csi_snapshot.workloads.staying import stay_script

MODES = ("Filesystem", "Block")
WRITTEN, IDLE, DETACHED = "written", "idle", "detached"
STATES = (WRITTEN, IDLE, DETACHED)
"""A pod goes on writing to the volume; a pod holds it and does nothing; no node has it."""


@dataclass(frozen=True)
class Filled:
    """A bound volume that holds known data: tree A, or ``pattern`` on a device."""

    claim: Handle
    mode: str
    state: str
    pattern: Pattern


class SourceVerbs(BlockVerbs):
    """Verbs on the sources of snapshots and clones."""

    def filled(self, mode: str, state: str, clause: str) -> Filled:
        """A volume that holds known, flushed data, in one of ``STATES``; not supported without that ``mode``."""
        __tracebackhide__ = True
        claim = self.block_volume(clause) if mode == "Block" else self.volume()
        source = Filled(claim, mode, state, Pattern("alpha", capacity_of(self.get(claim))))
        if state == DETACHED:
            write = self.start_write_block(claim, source.pattern) if mode == "Block" else self.start_write(
                claim, trees.A
            )  # fmt: skip
            self.answer(write)
            self.detached(claim)
        elif mode == "Filesystem" and state == WRITTEN:
            self.writer(claim)
        else:
            self._come_to(self._start_holder(source), POD_READY)
        return source

    def same_data(self, clause: str, source: Filled, copy: Handle) -> None:
        """Check that a copy holds what its source held, and of what was being written a beginning."""
        __tracebackhide__ = True
        if source.mode == "Block":
            self.holds_block(clause, source.pattern, self.read_block(copy, source.pattern, clause), copy)
            return
        answer = self.read(copy, clause)
        self.holds(clause, trees.A, answer, copy)
        if source.state == WRITTEN:
            log = read_log(answer, DATA)
            whole = log is not None and log.is_prefix and log.records >= 3
            self.check(clause, expected="the 3 records that were flushed before, and others in order",
                       observed=log, holds=whole, about=f"the log in {copy}")  # fmt: skip

    def _start_holder(self, source: Filled) -> Handle:
        """A pod that writes the known data, gets ready, and holds the volume until it is deleted."""
        root = mount_path(0)
        if source.mode == "Block":
            first = source.pattern.write_script(root)
            busy = source.pattern.overwrite_script(root) if source.state == WRITTEN else ""
        else:
            first, busy = trees.A.write_script(root), ""
        workload = Workload(stay_script(first, busy), {source.claim.name: source.mode}, stays=True, grace=10)
        return self.run(workload, source.claim.namespace)
