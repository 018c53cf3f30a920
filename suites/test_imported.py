"""SNAP-PRE: snapshots that are in the backend before they have objects in the cluster."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.conditions import HAS_ERROR, READY, status_of
from pytest_csi_snapshot.scenario import Scenario, open_shared
from pytest_csi_snapshot.verbs.snapshots import Taken


@pytest.fixture(scope="module")
def csi_source(csi_cluster: Cluster) -> Iterator[Taken]:
    """What most tests of this file import; none of them changes it."""
    with open_shared(csi_cluster, "source of imports") as csi:
        volume = csi.volume()
        _, *later = [csi.taken(volume) for _ in range(3)]
        yield max(
            later, key=lambda taken: taken.handle
        )  # of all that are listed neither the first cut nor first by name


@pytest.mark.csi_clause("STAT-002", "SNAP-PRE-007")
def test_imported_content_says_all_before_anybody_claims_it(csi: Scenario, csi_source: Taken) -> None:
    content = csi.import_content(csi_source.handle)
    alone = csi.wait(content, READY, "SNAP-PRE-007")
    csi.check("STAT-002", expected=csi_source.handle, observed=csi.handle_in(alone), about=content)
    source = status_of(csi.get(csi_source.content))
    lacking = ({"creationTime", "restoreSize"} & source.keys()) - status_of(alone).keys()
    csi.check("SNAP-PRE-007", expected=set(), observed=lacking, about=f"what the status of {content} lacks",
              blame=csi.sidecar_or_driver(csi_source.handle, lambda told: not (told and told.cut and told.size))
              if lacking else None)  # fmt: skip
    cut, told = source.get("creationTime") or 0, status_of(alone).get("creationTime") or 0
    csi.check("SNAP-PRE-007", expected=f"{cut}, the moment of the cut, or that of the import", observed=told,
              holds=told >= cut > 0, about=f"creationTime of {content}")  # fmt: skip


@pytest.mark.csi_clause("SNAP-PRE-001", "SNAP-PRE-003")
def test_imported_snapshot_binds_both_ways(csi: Scenario, csi_source: Taken) -> None:
    content = csi.import_content(csi_source.handle)
    csi.wait(content, READY)
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


@pytest.mark.parametrize("mode", ["Filesystem", "Block"])
@pytest.mark.parametrize("policy", ["Delete", "Retain"])
@pytest.mark.csi_clause("SNAP-PRE-001", "SNAP-DYN-009")
def test_snapshot_changes_hands_by_its_handle(csi: Scenario, policy: str, mode: str) -> None:
    """The snapshot that was taken goes and leaves its handle to the imported one."""
    source = csi.taken(csi.volume_in(mode, "SNAP-PRE-001"), cls=csi.snapshot_class("Retain"))
    snapshot = csi.inherit(source, "SNAP-PRE-001", policy=policy, mode=mode).snapshot
    csi.event(snapshot, "SnapshotReady", "SNAP-DYN-009")
    told = [event.object["reason"] for event in csi.events_of(snapshot)]
    csi.check(
        "SNAP-DYN-009",
        expected="no event CreatingSnapshot",
        observed=told,
        holds="CreatingSnapshot" not in told,
        about=snapshot,
    )
    csi.bound(csi.restore(snapshot, mode=mode), "SNAP-PRE-001")


@pytest.mark.csi_clause("SNAP-PRE-002")
def test_class_that_is_named_and_missing_blocks_the_binding(csi: Scenario, csi_source: Taken) -> None:
    content = csi.import_content(csi_source.handle)
    csi.wait(content, READY)
    reserved = csi.get(content)["spec"]["volumeSnapshotRef"]["name"]
    snapshot = csi.imported(content.name, name=reserved, cls=csi.api.mark.fresh("class"))
    csi.event(snapshot, "GetSnapshotClassFailed", "SNAP-PRE-002")
    status = status_of(csi.wait(snapshot, HAS_ERROR, "SNAP-PRE-002"))
    csi.check(
        "SNAP-PRE-002",
        expected={"bound to": None, "ref.uid": None},
        observed={
            "bound to": status.get("boundVolumeSnapshotContentName"),
            "ref.uid": csi.get(content)["spec"]["volumeSnapshotRef"].get("uid"),
        },
        about=snapshot,
    )


@pytest.mark.csi_clause("SNAP-PRE-004", "SNAP-PRE-007")
def test_handle_that_nobody_knows_never_becomes_ready(csi: Scenario) -> None:
    content = csi.import_content("a-handle-that-never-was")
    if READY.holds(csi.backend_answers(content)):
        if not csi.driver_lists():
            csi.unknown("SNAP-PRE-004", "the driver does not list snapshots: it cannot know what is missing")
        csi.check("SNAP-PRE-004", expected="not ready", observed="ready, of a driver that lists", about=content,
                  blame=csi.sidecar_or_driver(csi.handle_in(csi.get(content)), bool))  # fmt: skip
    csi.wait(content, HAS_ERROR, "SNAP-PRE-007")
    csi.event(content, "SnapshotContentCheckandUpdateFailed", "SNAP-PRE-004")
    snapshot = csi.import_snapshot(content)
    status = status_of(csi.wait(snapshot, HAS_ERROR, "SNAP-PRE-004"))
    csi.check("SNAP-PRE-004", expected=False, observed=status.get("readyToUse"), about=snapshot)


@pytest.mark.csi_clause("SNAP-PRE-008")
def test_snapshot_waits_for_its_content(csi: Scenario, csi_source: Taken) -> None:
    name = csi.api.mark.fresh("content")
    snapshot = csi.imported(name)
    csi.event(snapshot, "SnapshotContentMissing", "SNAP-PRE-008")
    csi.wait(snapshot, HAS_ERROR, "SNAP-PRE-008")
    csi.import_content(csi_source.handle, name=name, snapshot=snapshot.name)
    csi.nudge(snapshot)
    csi.ready(snapshot, "SNAP-PRE-008")


@pytest.mark.csi_clause("SNAP-PRE-010")
def test_content_that_hides_its_volume_mode_lets_any_mode_pass(csi: Scenario, csi_source: Taken) -> None:
    csi.block_volume("SNAP-PRE-010")
    guarded, unguarded = (csi.import_content(csi_source.handle, mode=mode) for mode in ("Filesystem", ""))
    refused, allowed = (csi.import_snapshot(content) for content in (guarded, unguarded))
    for snapshot in (refused, allowed):
        csi.ready(snapshot)
    block = csi.restore(refused, mode="Block")
    csi.event(block, "ProvisioningFailed", "SNAP-PRE-010")
    csi.check("SNAP-PRE-010", expected="Pending", observed=status_of(csi.get(block)).get("phase"), about=block)
    csi.delete(block)  # as long as it waits, its snapshot cannot go
    csi.bound(csi.restore(allowed, mode="Block"), "SNAP-PRE-010")
