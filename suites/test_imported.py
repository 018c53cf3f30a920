"""SNAP-PRE and BIND: snapshots that existed before their objects, and who may bind what."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pytest_csi_snapshot.conditions import HAS_ERROR, READY, status_of
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.scenario import Scenario


@dataclass(frozen=True)
class Taken:
    """A ready dynamic snapshot: what there is to import."""

    snapshot: Handle
    content: Handle
    handle: str


def taken(csi: Scenario) -> Taken:
    snapshot = csi.ready_snapshot(csi.volume())
    content = csi.content_of(snapshot)
    return Taken(snapshot, content, csi.handle_in(csi.wait(content, READY)))


@pytest.mark.csi_clause("SNAP-PRE-001", "SNAP-PRE-003", "SNAP-PRE-007")
def test_imported_snapshot_binds_both_ways(csi: Scenario) -> None:
    source = taken(csi)
    content = csi.import_content(source.handle)
    alone = csi.wait(content, READY, "SNAP-PRE-007")
    csi.check("SNAP-PRE-007", expected=source.handle, observed=csi.handle_in(alone), about=content)

    cls = csi.snapshot_class()
    reserved = csi.get(content)["spec"]["volumeSnapshotRef"]["name"]
    snapshot = csi.imported(content.name, name=reserved, cls=cls)
    named = status_of(csi.ready(snapshot, "SNAP-PRE-001")).get("boundVolumeSnapshotContentName")
    spec = csi.get(content)["spec"]
    csi.check(
        "SNAP-PRE-001",
        expected=(content.name, snapshot.uid),
        observed=(named, spec["volumeSnapshotRef"].get("uid")),
        about=snapshot,
    )
    csi.check("SNAP-PRE-003", expected=cls, observed=spec.get("volumeSnapshotClassName"), about=content)


@pytest.mark.csi_clause("SNAP-PRE-004")
def test_handle_that_nobody_knows_never_becomes_ready(csi: Scenario) -> None:
    content = csi.import_content("a-handle-that-never-was")
    if READY.holds(csi.backend_answers(content)):
        csi.unknown("SNAP-PRE-004", "the driver does not list snapshots: it cannot know what is missing")
    csi.event(content, "SnapshotContentCheckandUpdateFailed", "SNAP-PRE-004")
    snapshot = csi.import_snapshot(content)
    status = status_of(csi.wait(snapshot, HAS_ERROR, "SNAP-PRE-004"))
    csi.check("SNAP-PRE-004", expected=False, observed=status.get("readyToUse"), about=snapshot)


@pytest.mark.csi_clause("BIND-002", "BIND-004")
def test_content_reserved_for_another_snapshot_is_not_bound(csi: Scenario) -> None:
    content = csi.import_content(taken(csi).handle)
    first = csi.import_snapshot(content)
    csi.ready(first)
    before = csi.get(content)["spec"]
    second = csi.imported(content.name)
    csi.event(second, "SnapshotContentMisbound", "BIND-002")
    csi.check("BIND-002", expected=before, observed=csi.get(content)["spec"], about=content)
    held = csi.get(second)["metadata"].get("finalizers")
    csi.check("BIND-002", expected=None, observed=held, about=f"finalizers of {second}")
    csi.check("BIND-004", expected=True, observed=status_of(csi.get(first)).get("readyToUse"), about=first)


@pytest.mark.csi_clause("BIND-003")
def test_dynamic_content_is_not_bound_a_second_time(csi: Scenario) -> None:
    source = taken(csi)
    second = csi.imported(source.content.name)
    csi.event(second, "SnapshotContentMismatch", "BIND-003")
    still = status_of(csi.get(source.snapshot)).get("readyToUse")
    csi.check("BIND-003", expected=True, observed=still, about=source.snapshot)
