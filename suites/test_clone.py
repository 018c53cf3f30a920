"""CLN: volumes made from other volumes, and the data in them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.conditions import request_of
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.scenario import Scenario, open_shared
from pytest_csi_snapshot.workloads import trees


@pytest.fixture(scope="module")
def csi_source(csi_cluster: Cluster) -> Iterator[Handle]:
    """A claim whose volume holds tree A, made once for all tests of this file, which do not change it."""
    with open_shared(csi_cluster, "source of clones") as csi:
        claim = csi.volume()
        csi.write(claim, trees.A)
        yield claim


@pytest.mark.csi_clause("CLN-001", "CLN-005")
def test_clone_holds_the_data_of_its_source(csi: Scenario, csi_source: Handle) -> None:
    clone = csi.clone(csi_source)
    csi.bound(clone, "CLN-001")
    csi.at_least("CLN-005", request_of(csi.get(csi_source)), csi.capacity(clone), clone)
    csi.holds("CLN-001", trees.A, csi.read(clone, "CLN-001"), clone)


@pytest.mark.csi_clause("CLN-002")
def test_clone_and_source_are_independent(csi: Scenario, csi_source: Handle) -> None:
    """A clone of the shared source is the source here, so that it can be written and deleted.

    One clone of it is written to before the source is, the other is not touched until the source was.
    """
    source = csi.clone(csi_source)
    csi.bound(source, "CLN-002")
    clone, untouched = csi.clone(source), csi.clone(source)
    for each in (clone, untouched):
        csi.bound(each, "CLN-002")
    csi.answer(csi.start_write(clone, trees.B), "CLN-002")
    csi.holds("CLN-002", trees.A, csi.read(source, "CLN-002"), source)
    csi.answer(csi.start_write(source, trees.C), "CLN-002")
    csi.holds("CLN-002", trees.A, csi.read(untouched, "CLN-002"), untouched)
    csi.delete(source)
    csi.gone(source, "CLN-002")
    csi.holds("CLN-002", trees.B, csi.read(clone, "CLN-002"), clone)


@pytest.mark.csi_clause("CLN-005")
def test_larger_clone_has_its_size_inside_too(csi: Scenario, csi_source: Handle) -> None:
    size = 2 * max(csi.size, csi.capacity(csi_source))
    clone = csi.clone(csi_source, size)
    csi.bound(clone, "CLN-005")
    csi.at_least("CLN-005", size, csi.capacity(clone), clone)
    answer = csi.read(clone, "CLN-005")
    csi.holds("CLN-005", trees.A, answer, clone)
    csi.spans("CLN-005", size, answer, clone)


@pytest.mark.csi_clause("CLN-011")
def test_clones_made_at_once_all_hold_the_data(csi: Scenario, csi_source: Handle) -> None:
    clones = [csi.clone(csi_source) for _ in range(5)]
    for clone in clones:
        csi.bound(clone, "CLN-011")
    readers = {clone: csi.start_read(clone) for clone in (clones[0], clones[-1])}
    for clone, reader in readers.items():
        csi.holds("CLN-011", trees.A, csi.answer(reader, "CLN-011"), clone)


@pytest.mark.csi_clause("CLN-011")
def test_clones_of_a_clone_and_of_a_restored_volume_hold_the_data(csi: Scenario, csi_source: Handle) -> None:
    clone, snapshot = csi.clone(csi_source), csi.ready_snapshot(csi_source)
    restored = csi.restore(snapshot)
    for source in (clone, restored):
        csi.bound(source)
    second = {"clone": csi.clone(clone), "restored volume": csi.clone(restored, csi.capacity(restored))}
    for claim in second.values():
        csi.bound(claim, "CLN-011")
    readers = {what: csi.start_read(claim) for what, claim in second.items()}
    for what, reader in readers.items():
        csi.holds("CLN-011", trees.A, csi.answer(reader, "CLN-011"), f"{second[what]}, the clone of a {what}")


@pytest.mark.csi_clause("CLN-011")
def test_snapshot_of_a_clone_restores_the_data(csi: Scenario, csi_source: Handle) -> None:
    clone = csi.clone(csi_source)
    csi.bound(clone, "CLN-011")
    snapshot = csi.snapshot(clone)
    csi.ready(snapshot, "CLN-011")
    restored = csi.restore(snapshot)
    csi.bound(restored, "CLN-011")
    csi.holds("CLN-011", trees.A, csi.read(restored, "CLN-011"), restored)


@pytest.mark.csi_clause("CLN-013")
def test_clone_of_a_device_equals_it_byte_for_byte(csi: Scenario) -> None:
    source = csi.block_volume("CLN-013", csi.sizes.small)  # or what the driver makes of it: all bytes are read
    alpha = csi.write_block(source, "alpha")
    clone = csi.clone(source, csi.capacity(source), mode="Block")
    csi.bound(clone, "CLN-013")
    readers = [csi.start_read_block(claim, alpha, whole=True) for claim in (source, clone)]
    before, after = (csi.answer_block(reader, "CLN-013") for reader in readers)
    csi.holds_block("CLN-013", alpha, after, clone)
    csi.check("CLN-013", expected=before.whole, observed=after.whole, about=f"all bytes of {clone}")
