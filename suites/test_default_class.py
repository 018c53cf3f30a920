"""CLS and SNAP-PRE: snapshots that name no class, by the default classes that there are.

Default classes belong to the whole cluster: these tests run alone, and put back what they found.
"""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.conditions import HAS_ERROR, status_of
from pytest_csi_snapshot.kube.kinds import SNAPSHOT_CONTENT
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.scenario import Scenario

pytestmark = pytest.mark.csi_exclusive


def class_of(csi: Scenario, snapshot: Handle) -> str | None:
    """The class that a snapshot names now."""
    name = csi.get(snapshot)["spec"].get("volumeSnapshotClassName")
    return None if name is None else str(name)


def unsettled(csi: Scenario, clause: str, claim: Handle) -> Handle:
    """Check that a snapshot of a claim finds no class; the snapshot."""
    snapshot = csi.unclassed(claim)
    csi.event(snapshot, "SetDefaultSnapshotClassFailed", clause)
    body = csi.wait(snapshot, HAS_ERROR, clause)
    content = csi.api.find(SNAPSHOT_CONTENT, None, f"snapcontent-{snapshot.uid}")
    csi.check(
        clause,
        expected={"class": None, "finalizers": None, "readyToUse": None, "content": False},
        observed={
            "class": body["spec"].get("volumeSnapshotClassName"),
            "finalizers": body["metadata"].get("finalizers"),
            "readyToUse": status_of(body).get("readyToUse"),
            "content": content is not None,
        },
        about=snapshot,
    )
    return snapshot


def settles(csi: Scenario, clause: str, snapshot: Handle, on: Handle) -> None:
    """Check that a snapshot without a class takes this one, now that it is the only default."""
    csi.classes_heard()
    csi.nudge(snapshot)
    csi.ready(snapshot, clause)
    csi.check(clause, expected=on.name, observed=class_of(csi, snapshot), about=snapshot)


@pytest.mark.csi_clause("CLS-001", "CLS-003")
def test_only_default_class_is_used_where_none_is_named(csi: Scenario) -> None:
    csi.no_defaults("CLS-003")
    default, named = csi.default_class(), csi.derived_class("Retain")
    csi.classes_heard()
    claim = csi.volume()
    snapshot = csi.unclassed(claim)
    csi.ready(snapshot, "CLS-003")
    csi.check("CLS-003", expected=default.name, observed=class_of(csi, snapshot), about=snapshot)
    content = csi.get(csi.content_of(snapshot))["spec"].get("volumeSnapshotClassName")
    csi.check("CLS-003", expected=default.name, observed=content, about=f"content of {snapshot}")

    other = csi.ready_snapshot(claim, cls=named.name)
    csi.check("CLS-001", expected=named.name, observed=class_of(csi, other), about=other)
    spec = csi.get(csi.content_of(other))["spec"]
    observed = (spec.get("volumeSnapshotClassName"), spec["deletionPolicy"])
    csi.check("CLS-001", expected=(named.name, "Retain"), observed=observed, about=f"content of {other}")


@pytest.mark.csi_clause("CLS-004", "CLS-009")
def test_snapshot_without_any_default_class_waits_for_one(csi: Scenario) -> None:
    csi.no_defaults("CLS-004")
    claim = csi.volume()
    csi.classes_heard()
    snapshot = unsettled(csi, "CLS-004", claim)
    default = csi.default_class()
    settles(csi, "CLS-009", snapshot, default)


@pytest.mark.csi_clause("CLS-005")
def test_none_of_several_default_classes_is_chosen(csi: Scenario) -> None:
    csi.no_defaults("CLS-005")
    stays, goes = csi.default_class(), csi.default_class()
    claim = csi.volume()
    csi.classes_heard()
    snapshot = unsettled(csi, "CLS-005", claim)
    csi.set_default(goes, None)
    settles(csi, "CLS-005", snapshot, stays)


@pytest.mark.csi_clause("CLS-006")
def test_default_class_of_another_driver_is_ignored(csi: Scenario) -> None:
    csi.no_defaults("CLS-006")
    csi.default_class(driver=csi.forsaken_driver())
    claim = csi.volume()
    csi.classes_heard()
    snapshot = unsettled(csi, "CLS-006", claim)
    ours = csi.default_class()
    settles(csi, "CLS-006", snapshot, ours)


@pytest.mark.csi_clause("CLS-006")
def test_default_class_is_that_of_the_volumes_driver(csi: Scenario) -> None:
    """The StorageClass of the claim is of the driver under test, its volume is of another one."""
    csi.no_defaults("CLS-006")
    driver = csi.forsaken_driver()
    csi.default_class()
    theirs = csi.default_class(driver=driver)
    csi.classes_heard()
    source = {"csi": {"driver": driver, "volumeHandle": "a-volume-that-never-was"}}
    claim = csi.static_claim(source, storage_class=csi.storage_class)
    snapshot = csi.unclassed(claim)
    csi.content_of(snapshot, "CLS-006")
    csi.check("CLS-006", expected=theirs.name, observed=class_of(csi, snapshot), about=snapshot)


@pytest.mark.csi_clause("CLS-007")
def test_only_the_word_true_makes_a_default_class(csi: Scenario) -> None:
    csi.no_defaults("CLS-007")
    claim = csi.volume()
    cls = csi.derived_class("Delete")
    for value in ("True", "1", "yes"):
        csi.set_default(cls, value)
        csi.classes_heard()
        csi.delete(unsettled(csi, "CLS-007", claim))
    csi.set_default(cls, "true")
    csi.classes_heard()
    csi.ready(csi.unclassed(claim), "CLS-007")


@pytest.mark.csi_clause("SNAP-PRE-002")
def test_imported_snapshot_without_a_class_gets_no_default(csi: Scenario) -> None:
    csi.no_defaults("SNAP-PRE-002")
    handle = csi.taken(csi.volume()).handle
    for defaults in ("none", "one"):
        if defaults == "one":
            csi.default_class()
            csi.classes_heard()
        content = csi.import_content(handle)
        snapshot = csi.import_snapshot(content)
        csi.ready(snapshot, "SNAP-PRE-002")
        found = (class_of(csi, snapshot), csi.get(content)["spec"].get("volumeSnapshotClassName"))
        csi.check("SNAP-PRE-002", expected=(None, None), observed=found, about=f"{snapshot}, defaults: {defaults}")
