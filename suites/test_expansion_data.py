"""EXP: what pods find in volumes of both modes that grew with nobody there, or under a pod."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.workloads import trees
from pytest_csi_snapshot.workloads.blocks import Pattern


def judging(mode: str, *, attached: bool, clause: str) -> object:
    """One case of the matrix, and the clause that it is about besides the data."""
    state = "attached" if attached else "detached"
    return pytest.param(mode, attached, clause, marks=pytest.mark.csi_clause(clause), id=f"{mode}-{state}")


def filled(csi: Scenario, mode: str, clause: str) -> tuple[Handle, Pattern | None]:
    """A volume with tree A, or with a pattern on its device."""
    claim = csi.volume_of(mode, clause)
    if mode == "Block":
        return claim, csi.write_block(claim, "alpha")
    csi.write(claim, trees.A)
    return claim, None


def holds_and_spans(csi: Scenario, claim: Handle, pattern: Pattern | None, clause: str) -> None:
    """Check what ``filled`` wrote, and the new size, as a pod sees them."""
    __tracebackhide__ = True
    if pattern:
        device = csi.read_block(claim, pattern, clause)
        csi.holds_block("EXP-019", pattern, device, claim)
        csi.at_least(clause, csi.larger, device.size, claim)
        return
    answer = csi.read(claim, clause)
    csi.holds("EXP-019", trees.A, answer, claim)
    csi.spans(clause, csi.larger, answer, claim)


@pytest.mark.csi_clause("EXP-019")
@pytest.mark.parametrize(
    ("mode", "attached", "clause"),
    [
        judging("Filesystem", attached=False, clause="EXP-008"),
        judging("Filesystem", attached=True, clause="EXP-009"),
        judging("Block", attached=False, clause="EXP-020"),
        judging("Block", attached=True, clause="EXP-020"),
    ],
)
def test_volume_grows_and_keeps_its_data(csi: Scenario, mode: str, attached: bool, clause: str) -> None:
    csi.may_grow(clause)
    claim, pattern = filled(csi, mode, clause)
    if attached:
        watcher = csi.start_size_watcher(claim, csi.larger)
        csi.runs(watcher)
        csi.expand_in_use(claim, csi.larger, clause)
        csi.sees_its_size(watcher, clause)
        csi.stop(watcher)
    else:
        csi.detached(claim)
        csi.expand(claim, csi.larger)
        csi.node_step_due(claim, csi.larger)
    holds_and_spans(csi, claim, pattern, clause)
    csi.grown(claim, csi.larger, clause)
