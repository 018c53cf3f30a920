"""DEL: what is deleted with a snapshot, and what is not."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.conditions import TERMINATING, Condition, status_of
from pytest_csi_snapshot.ledger import BEING_DELETED, Handle
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.waiting import WaitTimeout
from pytest_csi_snapshot.workloads import trees

MARKED = Condition(
    f"annotation {BEING_DELETED}: yes",
    lambda content: (content["metadata"].get("annotations") or {}).get(BEING_DELETED) == "yes",
)


def taken(csi: Scenario, cls: str, claim: Handle | None = None) -> tuple[Handle, Handle, str]:
    """A ready snapshot, its content, and the driver's name of it."""
    made = csi.taken(claim or csi.volume(), cls=cls)
    return made.snapshot, made.content, made.handle


@pytest.mark.csi_clause("DEL-001", "DEL-016")
def test_delete_policy_removes_content_and_backend_snapshot(csi: Scenario) -> None:
    claim = csi.volume()
    snapshot, content, handle = taken(csi, csi.snapshot_class("Delete"), claim)
    csi.check("DEL-016", expected=True, observed=csi.backend_knows(handle, "DEL-016"), about=handle)
    csi.delete(snapshot)
    last = csi.gone(content, "DEL-001")
    end = csi.gone(snapshot, "DEL-001")
    csi.seamless("DEL-001", snapshot.kind, content.kind)
    csi.check(
        "DEL-001",
        expected="the content gone before the snapshot",
        observed=f"content gone at version {last.resource_version}, snapshot at {end.resource_version}",
        holds=int(last.resource_version) < int(end.resource_version),
        about=snapshot,
    )
    csi.backend_keeps("DEL-001", handle, kept=False)
    csi.ready_snapshot(claim)  # which must not bring back what the volume had before
    csi.backend_keeps("DEL-016", handle, kept=False)


@pytest.mark.csi_clause("DEL-002", "DEL-007", "SNAP-PRE-006")
def test_retain_policy_keeps_content_and_data(csi: Scenario) -> None:
    claim = csi.volume()
    csi.write(claim, trees.A)
    snapshot, content, handle = taken(csi, csi.snapshot_class("Retain"), claim)
    csi.delete(snapshot)
    csi.gone(snapshot, "DEL-002")
    left = csi.api.find(content.kind, None, content.name)
    ending = left["metadata"].get("deletionTimestamp") if left else "gone"
    csi.check("DEL-002", expected=None, observed=ending, about=f"deletionTimestamp of {content}")
    csi.wait(content, MARKED, "DEL-007")
    csi.backend_keeps("DEL-002", handle, kept=True)

    imported = csi.import_content(handle)
    again = csi.import_snapshot(imported)
    try:
        csi.ready(again, "DEL-002")
        restored = csi.restore(again)
        csi.bound(restored, "DEL-002")
    except WaitTimeout as error:
        if not csi.backend_knows(handle, "DEL-002"):  # destroyed, but only after it was looked for
            error.blame = "SS, DRV"
        raise
    csi.holds("SNAP-PRE-006", trees.A, csi.read(restored, "DEL-002"), restored)
    ending = csi.get(content)["metadata"].get("deletionTimestamp")
    csi.check("DEL-002", expected=None, observed=ending, about=f"deletionTimestamp of {content}")
    csi.backend_keeps("DEL-002", handle, kept=True)  # whoever destroys it may take his time


@pytest.mark.csi_clause("DEL-003")
def test_policy_of_the_class_counts_no_more_once_the_content_exists(csi: Scenario) -> None:
    cls = csi.derived_class("Retain")
    snapshot, content, handle = taken(csi, cls.name)
    csi.patch(cls, {"deletionPolicy": "Delete"})
    csi.classes_heard()
    csi.delete(snapshot)
    csi.gone(snapshot)
    csi.wait(content, MARKED, "DEL-003")
    policy = csi.get(content)["spec"]["deletionPolicy"]
    csi.check("DEL-003", expected="Retain", observed=policy, about=content)
    csi.backend_keeps("DEL-003", handle, kept=True)


@pytest.mark.csi_clause("DEL-004", "DEL-006")
def test_content_turned_to_retain_keeps_the_backend_snapshot(csi: Scenario) -> None:
    claim = csi.volume()
    snapshot, content, handle = taken(csi, csi.snapshot_class("Delete"), claim)
    csi.set_policy(content, "Retain")
    csi.ready_snapshot(claim)  # a probe: the controllers have seen the change before this one was made
    csi.delete(snapshot)
    csi.gone(snapshot)
    left = csi.api.find(content.kind, None, content.name)
    policy = left["spec"]["deletionPolicy"] if left else "gone"
    csi.check("DEL-004", expected="Retain", observed=policy, about=f"policy of {content}", blame="SC")
    csi.backend_keeps("DEL-004", handle, kept=True)

    csi.delete(content)
    csi.gone(content, "DEL-006")
    csi.backend_keeps("DEL-006", handle, kept=True)
    csi.adopt(handle)


@pytest.mark.csi_clause("DEL-005")
def test_content_turned_to_delete_takes_the_backend_snapshot_with_it(csi: Scenario) -> None:
    claim = csi.volume()
    snapshot, content, handle = taken(csi, csi.snapshot_class("Retain"), claim)
    csi.set_policy(content, "Delete")
    csi.ready_snapshot(claim)  # a probe: the controllers have seen the change before this one was made
    csi.delete(snapshot)
    csi.gone(content, "DEL-005")
    csi.gone(snapshot, "DEL-005")
    csi.backend_keeps("DEL-005", handle, kept=False)


@pytest.mark.csi_clause("DEL-006", "DEL-007")
def test_retained_content_turned_to_delete_is_deleted_by_hand(csi: Scenario) -> None:
    snapshot, content, handle = taken(csi, csi.snapshot_class("Retain"))
    csi.delete(snapshot)
    csi.gone(snapshot)
    csi.wait(content, MARKED, "DEL-007")
    csi.set_policy(content, "Delete")
    csi.delete(content)
    csi.gone(content, "DEL-006")
    csi.backend_keeps("DEL-006", handle, kept=False)


@pytest.mark.csi_clause("DEL-008")
def test_deleting_a_bound_content_first_destroys_nothing(csi: Scenario) -> None:
    claim = csi.volume()
    snapshot, content, handle = taken(csi, csi.snapshot_class("Delete"), claim)
    csi.delete(content)
    csi.wait(content, TERMINATING, "DEL-008")
    csi.nudge(content)
    csi.bound(csi.restore(snapshot), "DEL-008")
    ready = status_of(csi.get(snapshot)).get("readyToUse")
    csi.check("DEL-008", expected=True, observed=ready, about=snapshot)
    csi.backend_keeps("DEL-008", handle, kept=True)
    csi.delete(snapshot)
    csi.gone(snapshot, "DEL-008")
    csi.gone(content, "DEL-008")
    csi.backend_keeps("DEL-008", handle, kept=False)
