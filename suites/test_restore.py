"""RES: volumes made from snapshots."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.conditions import status_of
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.quantities import MI
from pytest_csi_snapshot.scenario import Scenario, open_shared
from pytest_csi_snapshot.verbs.volumes import SIZE
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


@pytest.mark.csi_clause("RES-003")
def test_request_smaller_than_the_snapshot_is_refused(csi: Scenario, csi_source: Source) -> None:
    size = csi.restore_size(csi_source.snapshot)
    if not size:
        csi.unknown("RES-003", "the snapshot has no restoreSize: no request is known to be too small")
    small = csi.restore(csi_source.snapshot, size - MI)
    csi.event(small, "ProvisioningFailed", "RES-003", mentions="size")
    phase = status_of(csi.get(small)).get("phase")
    csi.check("RES-003", expected="Pending", observed=phase, about=small)


@pytest.mark.csi_clause("RES-005", "RES-006")
def test_larger_restore_has_its_size_inside_too(csi: Scenario, csi_source: Source) -> None:
    size = 2 * max(SIZE, csi.restore_size(csi_source.snapshot))
    restored = csi.restore(csi_source.snapshot, size)
    csi.bound(restored, "RES-005")
    volume = csi.pv_of(restored)
    csi.at_least("RES-005", size, csi.capacity(volume), volume)
    answer = csi.read(restored, "RES-006")
    csi.holds("RES-005", trees.A, answer, restored)
    csi.spans("RES-006", size, answer, restored)


@pytest.mark.csi_clause("RES-013", "RES-014")
def test_volume_mode_is_converted_only_where_the_content_allows_it(csi: Scenario) -> None:
    snapshot = csi.ready_snapshot(csi.volume())
    block = csi.restore(snapshot, mode="Block")
    csi.event(block, "ProvisioningFailed", "RES-013", mentions="mode")
    csi.check("RES-013", expected="Pending", observed=status_of(csi.get(block)).get("phase"), about=block)
    allowed = {"metadata": {"annotations": {"snapshot.storage.kubernetes.io/allow-volume-mode-change": "true"}}}
    csi.patch(csi.content_of(snapshot), allowed)
    csi.nudge(block)
    csi.bound(block, "RES-014")


@pytest.mark.csi_clause("RES-017")
def test_restores_made_at_once_all_bind(csi: Scenario, csi_source: Source) -> None:
    restored = [csi.restore(csi_source.snapshot) for _ in range(3)]
    for claim in restored:
        csi.bound(claim, "RES-017")
    readers = {claim: csi.start_read(claim) for claim in restored}
    for claim, reader in readers.items():
        csi.holds("RES-017", trees.A, csi.answer(reader, "RES-017"), claim)


@pytest.mark.csi_clause("RES-007", "SNAP-PRE-008")
def test_claim_on_a_snapshot_that_is_not_ready_waits_for_it(csi: Scenario, csi_source: Source) -> None:
    """The snapshot is an imported one, whose content comes later than claim and snapshot."""
    name = csi.api.mark.fresh("content")
    snapshot = csi.imported(name)
    csi.event(snapshot, "SnapshotContentMissing", "SNAP-PRE-008")
    restored = csi.restore(snapshot, csi.restore_size(csi_source.snapshot) or SIZE)
    csi.event(restored, "ProvisioningFailed", "RES-007")
    csi.check("RES-007", expected="Pending", observed=status_of(csi.get(restored)).get("phase"), about=restored)

    csi.import_content(csi_source.handle, name=name, snapshot=snapshot.name)
    csi.nudge(snapshot)
    csi.ready(snapshot, "SNAP-PRE-008")
    csi.nudge(restored)
    csi.bound(restored, "RES-007")
