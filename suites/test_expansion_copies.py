"""EXP: growth beside snapshots and clones: of the copy, of the source, and copies of what has grown."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.growing import done_or_refused, refusal
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.scenario import Scenario, open_shared
from pytest_csi_snapshot.workloads import trees


@pytest.fixture(scope="module")
def csi_source(csi_cluster: Cluster) -> Iterator[Handle]:
    """A claim whose volume holds tree A, made once for all tests of this file, which do not change it."""
    with open_shared(csi_cluster, "source of copies that grow") as csi:
        claim = csi.volume()
        csi.write(claim, trees.A)
        yield claim


def copy(csi: Scenario, source: Handle, how: str) -> Handle:
    """A bound copy of a claim, in its namespace."""
    made = csi.clone(source) if how == "clone" else csi.restore(csi.ready_snapshot(source))
    csi.bound(made, "EXP-021")
    return made


def grow(csi: Scenario, claim: Handle, clause: str) -> str:
    """Grow an unused volume by a step; what a pod finds in it then."""
    csi.expand(claim, csi.larger)
    csi.node_step_due(claim, csi.larger, clause)
    answer = csi.read(claim, clause)
    csi.grown(claim, csi.larger, clause)
    return answer


@pytest.mark.csi_clause("EXP-021")
@pytest.mark.parametrize("how", ["restore", "clone"])
def test_copy_grows_with_its_filesystem(csi: Scenario, csi_source: Handle, how: str) -> None:
    csi.may_grow("EXP-021")
    made = copy(csi, csi_source, how)
    answer = grow(csi, made, "EXP-021")
    csi.holds("EXP-021", trees.A, answer, made)
    csi.spans("EXP-021", csi.larger, answer, made)


@pytest.mark.csi_clause("EXP-021")
def test_snapshot_of_a_grown_volume_restores_at_its_new_size(csi: Scenario, csi_source: Handle) -> None:
    csi.may_grow("EXP-021")
    source = copy(csi, csi_source, "clone")
    grow(csi, source, "EXP-021")
    snapshot = csi.ready_snapshot(source)
    size = csi.restore_size(snapshot)
    if size:
        csi.at_least("EXP-021", csi.larger, size, f"restoreSize of {snapshot}")
        small = csi.restore(snapshot, csi.size)
        csi.event(small, "ProvisioningFailed", "EXP-021", mentions="size")
        csi.delete(small)
    restored = csi.restore(snapshot, size or csi.capacity(source))
    csi.bound(restored, "EXP-021")
    answer = csi.read(restored, "EXP-021")
    csi.holds("EXP-021", trees.A, answer, restored)
    csi.spans("EXP-021", csi.larger, answer, restored)


@pytest.mark.csi_clause("EXP-022")
def test_older_snapshot_restores_at_its_own_size_after_its_source_has_grown(
    csi: Scenario, csi_source: Handle
) -> None:
    csi.may_grow("EXP-022")
    source = csi.clone(csi_source)
    csi.bound(source)
    snapshot = csi.ready_snapshot(source)
    before = csi.restore_size(snapshot)
    csi.expand(source, csi.larger)
    body = csi.wait(source, done_or_refused(csi.larger), "EXP-022", within=csi.limits.resize)
    readers = {} if refusal(body) else {source: csi.start_read(source)}
    restored = csi.restore(snapshot, before or csi.size)
    csi.bound(restored, "EXP-022")
    readers[restored] = csi.start_read(restored)
    for claim, reader in readers.items():
        csi.holds("EXP-022", trees.A, csi.answer(reader, "EXP-022"), claim)
    if source in readers:
        csi.grown(source, csi.larger, "EXP-022")
    csi.check("EXP-022", expected=before, observed=csi.restore_size(snapshot), about=f"restoreSize of {snapshot}")
