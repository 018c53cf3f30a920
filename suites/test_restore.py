"""RES: volumes made from snapshots."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.scenario import Scenario, open_shared
from pytest_csi_snapshot.verbs.restores import OTHER
from pytest_csi_snapshot.workloads import trees


@dataclass(frozen=True)
class Source:
    """A volume that holds tree A, and a ready snapshot of it. Tests read them and change neither."""

    claim: Handle
    snapshot: Handle
    handle: str


@pytest.fixture(scope="module")
def csi_source(csi_cluster: Cluster) -> Iterator[Source]:
    """Made once for all tests of this file: a pod is what costs."""
    with open_shared(csi_cluster, "source of restores") as csi:
        claim = csi.volume()
        csi.write(claim, trees.A)
        snapshot = csi.ready_snapshot(claim)
        yield Source(claim, snapshot, csi.handle_in(csi.get(csi.content_of(snapshot))))


@pytest.mark.csi_clause("RES-001")
def test_restored_volume_holds_the_data_of_the_cut(csi: Scenario, csi_source: Source) -> None:
    restored = csi.restore(csi_source.snapshot)
    csi.bound(restored, "RES-001")
    csi.holds("RES-001", trees.A, csi.read(restored, "RES-001"), restored)


@pytest.mark.csi_clause("RES-002")
def test_restored_volume_is_independent(csi: Scenario, csi_source: Source) -> None:
    changed = csi.restore(csi_source.snapshot)
    csi.answer(csi.start_write(changed, trees.B), "RES-002")
    later = csi.restore(csi_source.snapshot)
    readers = {claim: csi.start_read(claim) for claim in (csi_source.claim, later)}
    for claim, reader in readers.items():
        csi.holds("RES-002", trees.A, csi.answer(reader, "RES-002"), claim)


@pytest.mark.csi_clause("RES-004")
def test_restore_of_exactly_the_size_of_the_snapshot_works(csi: Scenario, csi_source: Source) -> None:
    size = csi.restore_size(csi_source.snapshot)
    if not size:
        csi.unknown("RES-004", "the snapshot has no restoreSize: no request is known to be just large enough")
    restored = csi.restore(csi_source.snapshot, size)
    csi.bound(restored, "RES-004")
    csi.at_least("RES-004", size, csi.capacity(csi.pv_of(restored)), restored)


@pytest.mark.csi_clause("RES-005", "RES-006")
def test_larger_restore_has_its_size_inside_too(csi: Scenario, csi_source: Source) -> None:
    """A driver may refuse to make it; a volume that is smaller than asked is what it may not give."""
    size = 2 * max(csi.size, csi.restore_size(csi_source.snapshot))
    restored = csi.restore(csi_source.snapshot, size)
    if refusal := csi.bound_or_refused(restored, "OutOfRange", "RES-005"):
        why = f"the driver makes no restore larger than its snapshot: {refusal}"
        csi.not_supported("RES-006", why, lacks="grow")
    volume = csi.pv_of(restored)
    csi.at_least("RES-005", size, csi.capacity(volume), volume)
    answer = csi.read(restored, "RES-006")
    csi.holds("RES-005", trees.A, answer, restored)
    csi.spans("RES-006", size, answer, restored)


@pytest.mark.csi_clause("RES-017")
def test_restores_made_at_once_all_bind(csi: Scenario, csi_source: Source) -> None:
    restored = [csi.restore(csi_source.snapshot) for _ in range(3)]
    for claim in restored:
        csi.bound(claim, "RES-017")
    readers = {claim: csi.start_read(claim) for claim in restored}
    for claim, reader in readers.items():
        csi.holds("RES-017", trees.A, csi.answer(reader, "RES-017"), claim)


@pytest.mark.csi_clause("RES-018", "SNAP-DYN-005")
def test_each_snapshot_of_a_volume_holds_its_own_moment(csi: Scenario) -> None:
    """Deleting one takes nothing from later ones, which share with it all that was not changed between them."""
    source = csi.volume()
    cuts = {}
    for tree in (trees.A, trees.B, trees.C):
        csi.write(source, tree)
        cuts[tree] = csi.ready_snapshot(source)
        if tree is trees.B:
            shared = csi.ready_snapshot(source)
    csi.delete(between := cuts.pop(trees.B))
    csi.gone(between)
    cuts[trees.B] = shared
    csi.delete(source)
    csi.gone(source)
    restored = {tree: csi.restore(snapshot) for tree, snapshot in cuts.items()}
    readers = {tree: csi.start_read(claim) for tree, claim in restored.items()}
    for tree, reader in readers.items():
        answer = csi.answer(reader, "RES-018" if tree is trees.A else "SNAP-DYN-005")
        csi.holds("SNAP-DYN-005", tree, answer, restored[tree])


@pytest.mark.csi_clause("RES-018", "RES-002", "FIN-002")
def test_snapshot_of_a_restored_volume_can_be_restored(csi: Scenario, csi_source: Source) -> None:
    """The chain branches: what is written in the second generation is not in the first."""
    second = csi.restore(csi_source.snapshot)
    csi.write(second, trees.B)
    cut = csi.ready_snapshot(second)
    csi.delete(second)
    csi.gone(second, "FIN-002")
    third, sibling = csi.restore(cut), csi.restore(csi_source.snapshot)
    readers = [csi.start_read(claim) for claim in (third, sibling)]
    later, first = (csi.answer(reader, "RES-018") for reader in readers)
    csi.holds("RES-018", trees.B, later, third)
    csi.holds("RES-002", trees.A, first, sibling)


@pytest.mark.parametrize("fstype", ["of the class", "xfs"])
@pytest.mark.csi_clause("RES-019")
def test_restore_is_mounted_beside_its_source(csi: Scenario, fstype: str) -> None:
    """Two filesystems of one identity on one node; xfs minds by itself, so it is asked for as well."""
    named = {"csi.storage.k8s.io/fstype": fstype} if fstype == "xfs" else {}
    cls = csi.storage_class_with(parameters={**csi.storage_parameters(), **named})
    source = csi.claim(storage_class=cls)
    csi.bound_if_supported(source, "RES-019")
    csi.write(source, trees.A)
    restored = csi.claim(source=csi.ready_snapshot(source), storage_class=cls)
    csi.bound(restored)
    answer = csi.answer(csi.start_read_both(source, restored), "RES-019")
    csi.holds("RES-019", trees.A, answer, source)
    csi.holds("RES-019", trees.A, answer, restored, label=OTHER)
