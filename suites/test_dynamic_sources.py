"""SNAP-DYN: snapshots of claims that cannot be snapshotted yet, or never."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_csi_snapshot.conditions import HAS_ERROR, POD_SCHEDULED, TERMINATING, status_of
from pytest_csi_snapshot.kube.kinds import SNAPSHOT_CONTENT
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.verbs.static_volumes import NFS
from pytest_csi_snapshot.workloads import trees


def terminating_claim(csi: Scenario) -> Handle:
    """A bound claim whose deletion waits for the pod that uses it."""
    claim = csi.volume()
    csi.wait(csi.start_writer(claim, trees.A, trees.B), POD_SCHEDULED)
    csi.delete(claim)
    csi.wait(claim, TERMINATING)
    return claim


NO_SOURCE: dict[str, Callable[[Scenario], Handle]] = {
    "missing": lambda csi: csi.missing_claim(),
    "unbound": lambda csi: csi.unbound_claim(),
    "not-csi": lambda csi: csi.static_claim(NFS),
    "terminating": terminating_claim,
}


def never_made(csi: Scenario, clause: str, snapshot: Handle) -> None:
    """Check that a snapshot has an error, no readiness, and no content."""
    status = status_of(csi.wait(snapshot, HAS_ERROR, clause))
    content = csi.api.find(SNAPSHOT_CONTENT, None, f"snapcontent-{snapshot.uid}")
    csi.check(
        clause,
        expected={"ready": False, "content": False},
        observed={"ready": status.get("readyToUse") is True, "content": content is not None},
        about=snapshot,
    )


@pytest.mark.parametrize("claim", NO_SOURCE)
@pytest.mark.csi_clause("SNAP-DYN-007")
def test_claim_that_cannot_be_snapshotted_is_an_error(csi: Scenario, claim: str) -> None:
    snapshot = csi.snapshot(NO_SOURCE[claim](csi))
    csi.event(snapshot, "SnapshotContentCreationFailed", "SNAP-DYN-007")
    never_made(csi, "SNAP-DYN-007", snapshot)


@pytest.mark.csi_clause("SNAP-DYN-008")
def test_snapshot_taken_before_its_claim_exists_becomes_ready_with_it(csi: Scenario) -> None:
    missing = csi.missing_claim()
    snapshot = csi.snapshot(missing)
    csi.event(snapshot, "SnapshotContentCreationFailed", "SNAP-DYN-008")
    csi.bound(csi.claim(name=missing.name))
    csi.nudge(snapshot)
    csi.ready(snapshot, "SNAP-DYN-008")


@pytest.mark.csi_clause("SNAP-DYN-008")
def test_snapshot_taken_before_its_claim_is_bound_becomes_ready_with_it(csi: Scenario) -> None:
    """The claim stays Pending until the StorageClass that it names is made."""
    name = csi.api.mark.fresh("class")
    claim = csi.claim(storage_class=name)
    snapshot = csi.snapshot(claim)
    csi.event(snapshot, "SnapshotContentCreationFailed", "SNAP-DYN-008")
    csi.storage_class_with(name=name)
    csi.nudge(claim)
    csi.bound(claim)
    csi.nudge(snapshot)
    csi.ready(snapshot, "SNAP-DYN-008")


@pytest.mark.parametrize("claim", ["missing", "unbound"])
@pytest.mark.csi_clause("CLS-008")
def test_without_a_class_a_claim_of_no_driver_is_an_error_of_the_default(csi: Scenario, claim: str) -> None:
    snapshot = csi.unclassed(NO_SOURCE[claim](csi))
    csi.event(snapshot, "SetDefaultSnapshotClassFailed", "CLS-008")
    never_made(csi, "CLS-008", snapshot)
