"""CLN: volumes made from other volumes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.conditions import request_of, status_of
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.quantities import MI
from pytest_csi_snapshot.scenario import Scenario, open_shared
from pytest_csi_snapshot.verbs.volumes import SIZE
from pytest_csi_snapshot.workloads import trees


@pytest.fixture(scope="module")
def csi_source(csi_cluster: Cluster) -> Iterator[Handle]:
    """A claim whose volume holds tree A, made once for all tests of this file, which do not change it."""
    with open_shared(csi_cluster, "source of clones") as csi:
        claim = csi.volume()
        csi.write(claim, trees.A)
        yield claim


@pytest.mark.csi_clause("CLN-001")
def test_clone_holds_the_data_of_its_source(csi: Scenario, csi_source: Handle) -> None:
    clone = csi.clone(csi_source)
    csi.bound(clone, "CLN-001")
    csi.holds("CLN-001", trees.A, csi.read(clone, "CLN-001"), clone)


@pytest.mark.csi_clause("CLN-002")
def test_clone_and_source_are_independent(csi: Scenario, csi_source: Handle) -> None:
    """A clone of the shared source is the source here, so that it can be written and deleted."""
    source = csi.clone(csi_source)
    csi.bound(source, "CLN-002")
    clone = csi.clone(source)
    csi.bound(clone, "CLN-002")
    csi.answer(csi.start_write(clone, trees.B), "CLN-002")
    csi.holds("CLN-002", trees.A, csi.read(source, "CLN-002"), source)
    csi.delete(source)
    csi.gone(source, "CLN-002")
    csi.holds("CLN-002", trees.B, csi.read(clone, "CLN-002"), clone)


@pytest.mark.csi_clause("CLN-003")
def test_clone_waits_for_a_pending_source(csi: Scenario) -> None:
    """The source binds only when a pod comes to use it."""
    late = csi.storage_class_with(volumeBindingMode="WaitForFirstConsumer")
    source = csi.claim(storage_class=late)
    clone = csi.clone(source)
    csi.event(clone, "ProvisioningFailed", "CLN-003")
    csi.check("CLN-003", expected="Pending", observed=status_of(csi.get(clone)).get("phase"), about=clone)
    csi.write(source, trees.A)
    csi.bound(source)
    csi.nudge(clone)
    csi.bound(clone, "CLN-003")


@pytest.mark.csi_clause("CLN-004")
def test_request_smaller_than_that_of_the_source_is_refused(csi: Scenario, csi_source: Handle) -> None:
    small = csi.clone(csi_source, request_of(csi.get(csi_source)) - MI)
    csi.event(small, "ProvisioningFailed", "CLN-004", mentions="size")
    csi.check("CLN-004", expected="Pending", observed=status_of(csi.get(small)).get("phase"), about=small)


@pytest.mark.csi_clause("CLN-005")
def test_larger_clone_has_its_size_inside_too(csi: Scenario, csi_source: Handle) -> None:
    size = 2 * max(SIZE, csi.capacity(csi_source))
    clone = csi.clone(csi_source, size)
    csi.bound(clone, "CLN-005")
    csi.at_least("CLN-005", size, csi.capacity(clone), clone)
    answer = csi.read(clone, "CLN-005")
    csi.holds("CLN-005", trees.A, answer, clone)
    csi.spans("CLN-005", size, answer, clone)
