"""FIN: what protects a source while something depends on it.

A snapshot of a class whose driver does not exist stays un-ready for ever: so the phase that a fast driver
hides can be looked at with any driver.
"""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.conditions import HAS_ERROR, TERMINATING, has_finalizer, lacks_finalizer, status_of
from pytest_csi_snapshot.kube.kinds import PV
from pytest_csi_snapshot.ledger import (
    BOUND_FINALIZER,
    CLAIM_FINALIZER,
    CONTENT_FINALIZER,
    RESTORE_FINALIZER,
    Handle,
)
from pytest_csi_snapshot.scenario import Scenario

DOMAIN = "snapshot.storage.kubernetes.io"
GROUP_DOMAIN = "groupsnapshot.storage.kubernetes.io"
ON_SOURCE = f"{DOMAIN}/volumesnapshot-as-source-protection"
CLONING = "provisioner.storage.kubernetes.io/cloning-protection"


def forget(csi: Scenario, unready: Handle, clause: str = "") -> None:
    """Delete a snapshot that no driver serves, and do what its sidecar would do (DEL-018)."""
    content = csi.content_of(unready)
    csi.held(content)
    csi.delete(unready)
    csi.wait(content, TERMINATING)
    csi.free(content)
    csi.gone(unready, clause)


@pytest.mark.csi_clause("FIN-001", "FIN-003")
def test_claim_outlives_its_deletion_while_a_snapshot_of_it_is_not_ready(csi: Scenario) -> None:
    claim = csi.volume()
    volume = csi.pv_of(claim)
    unready = csi.snapshot(claim, cls=csi.forsaken_class())
    csi.wait(claim, has_finalizer(CLAIM_FINALIZER), "FIN-003")

    csi.delete(claim)
    csi.wait(claim, TERMINATING)
    probe = csi.volume()  # made after the deletion: whoever removes claims was at work meanwhile
    csi.delete(probe)
    csi.gone(probe)
    held = csi.get(claim)["metadata"].get("finalizers", [])
    csi.check(
        "FIN-001", expected=f"held by {CLAIM_FINALIZER}", observed=held, holds=CLAIM_FINALIZER in held, about=claim
    )
    phase = status_of(csi.api.get(PV, None, volume.name)).get("phase")
    csi.check("FIN-001", expected="Bound", observed=phase, about=volume)

    forget(csi, unready)
    csi.gone(claim, "FIN-001")


@pytest.mark.csi_clause("FIN-003")
def test_claim_without_a_volume_is_protected_while_a_snapshot_waits_for_it(csi: Scenario) -> None:
    claim = csi.claim(storage_class=csi.storage_class_with(volumeBindingMode="WaitForFirstConsumer"))
    unready = csi.snapshot(claim)
    csi.wait(claim, has_finalizer(CLAIM_FINALIZER), "FIN-003")
    csi.wait(unready, HAS_ERROR)
    csi.delete(unready)
    csi.gone(unready)
    csi.wait(claim, lacks_finalizer(CLAIM_FINALIZER), "FIN-003")


@pytest.mark.csi_clause("FIN-003", "FIN-004")
def test_snapshot_whose_class_does_not_exist_protects_nothing(csi: Scenario) -> None:
    claim = csi.volume()
    classless = csi.snapshot(claim, cls=csi.api.mark.fresh("class"))
    csi.wait(classless, HAS_ERROR)
    csi.nudge(classless)
    csi.ready_snapshot(csi.volume())  # a probe: it went through after the nudge
    never_had(csi, "FIN-003", claim, CLAIM_FINALIZER)
    never_had(csi, "FIN-004", classless, ON_SOURCE)


@pytest.mark.csi_clause("FIN-002")
def test_claim_is_protected_until_its_last_snapshot_is_ready(csi: Scenario) -> None:
    claim = csi.volume()
    unready = csi.snapshot(claim, cls=csi.forsaken_class())
    csi.wait(claim, has_finalizer(CLAIM_FINALIZER))
    csi.ready_snapshot(claim)
    csi.ready_snapshot(claim)  # a probe: the controller has done with the first one
    held = csi.get(claim)["metadata"]["finalizers"]
    csi.check(
        "FIN-002", expected=f"held by {CLAIM_FINALIZER}", observed=held, holds=CLAIM_FINALIZER in held, about=claim
    )
    forget(csi, unready)
    csi.wait(claim, lacks_finalizer(CLAIM_FINALIZER), "FIN-002")


@pytest.mark.csi_clause("FIN-004", "FIN-005", "FIN-006")
def test_finalizers_by_deletion_policy(csi: Scenario) -> None:
    claim = csi.volume()
    deleted = csi.ready_snapshot(claim, cls=csi.snapshot_class("Delete"))
    retained = csi.ready_snapshot(claim, cls=csi.snapshot_class("Retain"))
    for snapshot in (deleted, retained):
        csi.wait(snapshot, has_finalizer(ON_SOURCE), "FIN-004")
        csi.wait(csi.content_of(snapshot), has_finalizer(CONTENT_FINALIZER), "FIN-006")
    csi.wait(deleted, has_finalizer(BOUND_FINALIZER), "FIN-005")

    csi.nudge(retained)
    csi.wait(csi.ready_snapshot(claim), has_finalizer(BOUND_FINALIZER))  # a probe: it went through after the nudge
    never_had(csi, "FIN-005", retained, BOUND_FINALIZER)


@pytest.mark.csi_clause("FIN-006")
def test_imported_content_that_nobody_claims_has_no_finalizer(csi: Scenario) -> None:
    content = csi.import_content("a-handle-that-never-was")
    csi.backend_answers(content)
    never_had(csi, "FIN-006", content, CONTENT_FINALIZER)


@pytest.mark.csi_clause("FIN-007")
def test_snapshot_outlives_its_deletion_while_a_claim_waits_for_it(csi: Scenario) -> None:
    """The claim waits for a pod that never comes: how long it waits is the test's choice, with any driver."""
    snapshot = csi.ready_snapshot(csi.volume())
    waiting = csi.waiting_restore(snapshot)
    csi.delete(snapshot)
    csi.event(snapshot, "SnapshotDeletePending", "FIN-007")
    csi.wait(snapshot, TERMINATING, "FIN-007")

    csi.delete(waiting)
    csi.gone(waiting)
    csi.gone(snapshot, "FIN-007")


@pytest.mark.csi_clause("FIN-008")
def test_snapshot_is_protected_during_a_restore(csi: Scenario) -> None:
    snapshot = csi.ready_snapshot(csi.volume())
    restored = csi.restore(snapshot)
    csi.seen(snapshot, has_finalizer(RESTORE_FINALIZER), "FIN-008", within=csi.limits.bind)
    csi.bound(restored)
    csi.wait(snapshot, lacks_finalizer(RESTORE_FINALIZER), "FIN-008")


@pytest.mark.csi_clause("FIN-009")
def test_source_of_a_clone_outlives_its_deletion_while_a_clone_waits(csi: Scenario) -> None:
    """One clone is made, which brings the finalizer; another waits for a pod that never comes."""
    source = csi.volume()
    done = csi.clone(source)
    csi.bound(done, "FIN-009")
    csi.wait(source, has_finalizer(CLONING), "FIN-009")
    late = csi.storage_class_with(volumeBindingMode="WaitForFirstConsumer")
    waiting = csi.claim(source=source, storage_class=late)
    csi.delete(source)

    probe = csi.clone(done)  # made and gone after the deletion: whoever lets sources go was at work meanwhile
    csi.bound(probe)
    csi.delete(done)
    csi.gone(done, "FIN-009")
    csi.wait(source, has_finalizer(CLONING), "FIN-009")
    csi.delete(waiting)
    csi.gone(waiting)
    csi.gone(source, "FIN-009")


@pytest.mark.csi_clause("FIN-010")
def test_group_its_content_and_its_members_are_protected(csi: Scenario) -> None:
    csi.needs_groups("FIN-010")
    labels = {"taken-by": "group"}
    csi.labelled(csi.volume(), labels)
    group = csi.ready_group(labels)
    (member,) = csi.members(group, 1)
    csi.wait(member, has_finalizer(f"{DOMAIN}/volumesnapshot-in-group-protection"), "FIN-010")
    csi.wait(group, has_finalizer(f"{GROUP_DOMAIN}/volumegroupsnapshot-bound-protection"), "FIN-010")
    content = csi.group_content_of(group)
    csi.wait(content, has_finalizer(f"{GROUP_DOMAIN}/volumegroupsnapshotcontent-bound-protection"), "FIN-010")


def never_had(csi: Scenario, clause: str, what: Handle, finalizer: str) -> None:
    """Check that no version of an object ever bore a finalizer."""
    csi.seamless(clause, what.kind)
    bearing = [version for version in csi.versions(what) if has_finalizer(finalizer).holds(version.object)]
    csi.check(clause, expected=f"never {finalizer}", observed=f"on {len(bearing)} versions", holds=not bearing,
              about=what)  # fmt: skip
