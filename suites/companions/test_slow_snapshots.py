"""Snapshots that are cut at once and may be restored later: the phase that fast drivers hide."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.conditions import (
    BOUND,
    HAS_ERROR,
    HAS_HANDLE,
    READY,
    TERMINATING,
    Condition,
    has_finalizer,
    status_of,
)
from pytest_csi_snapshot.history import Version
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.scenario import Scenario

ON_CLAIM = "snapshot.storage.kubernetes.io/pvc-as-source-protection"
CUT = Condition("status.creationTime", lambda snapshot: bool(status_of(snapshot).get("creationTime")))


def ready_at(csi: Scenario, snapshot: Handle, clause: str = "") -> Version:
    """The first ready version, as soon as there is one."""
    return csi.seen(snapshot, READY, clause, within=csi.limits.snapshot)


@pytest.mark.csi_companion("slow-snapshots", or_itself=True)
@pytest.mark.csi_clause("STAT-003", "STAT-006", "FIN-001")
def test_a_cut_snapshot_protects_its_source_until_it_may_be_restored(csi: Scenario) -> None:
    claim = csi.volume()
    volume = csi.pv_of(claim)
    snapshot = csi.snapshot(claim)
    cut = csi.seen(snapshot, CUT)
    if READY.holds(cut.object):
        csi.of_another_kind("STAT-006", "snapshots of this driver are ready as soon as they are cut")
    content = csi.content_of(snapshot)
    first = csi.seen(content, HAS_HANDLE)
    early = status_of(cut.object).get("readyToUse")
    if early and any(HAS_ERROR.holds(version.object) for version in csi.versions(content)):
        csi.unknown("STAT-006", "calls have failed before: what the driver would have said to them is not known")
    csi.in_time("STAT-006", expected="readyToUse absent or false", observed=early, holds=not early, about=snapshot,
                blame="SS" if READY.holds(first.object) else "SC")  # fmt: skip
    csi.seen(claim, has_finalizer(ON_CLAIM), "FIN-001")
    csi.delete(claim)
    deleted = csi.seen(claim, TERMINATING)
    ready = ready_at(csi, snapshot, "STAT-006")
    csi.check("STAT-006", expected="cut, then ready", observed=f"cut {cut.position}, ready {ready.position}",
              holds=cut.position < ready.position, about=snapshot)  # fmt: skip
    csi.wait(content, READY)
    for what, writer in ((content, None), (snapshot, "SC")):
        statuses = [status_of(version.object) for version in csi.versions(what)]
        told = {str(status["creationTime"]) for status in statuses if status.get("creationTime")}
        csi.check("STAT-003", expected="one creationTime", observed=sorted(told), holds=len(told) == 1, about=what,
                  blame=writer)  # fmt: skip
    if int(deleted.resource_version) > int(ready.resource_version):
        csi.unknown("FIN-001", "the snapshot was ready before the deletion of its source came through")
    claim_end, volume_end = csi.gone(claim, "FIN-001"), csi.gone(volume)
    csi.seamless("FIN-001", claim.kind, snapshot.kind, volume.kind)
    for what, end in ((claim, claim_end), (volume, volume_end)):
        csi.check(
            "FIN-001",
            expected="gone after the snapshot was ready",
            observed=f"gone at version {end.resource_version}, snapshot ready at {ready.resource_version}",
            holds=int(end.resource_version) > int(ready.resource_version),
            about=what,
        )


@pytest.mark.csi_companion("slow-snapshots", or_itself=True)
@pytest.mark.csi_clause("RES-007")
def test_a_cut_snapshot_is_not_restored_before_it_is_ready(csi: Scenario) -> None:
    """Content and handle are there: only readiness is not."""
    snapshot = csi.snapshot(csi.volume())
    cut = csi.seen(snapshot, CUT)
    if READY.holds(cut.object):
        csi.of_another_kind("RES-007", "snapshots of this driver are ready as soon as they are cut")
    restored = csi.claim(csi.size, source=snapshot)
    asked = csi.get(restored)["metadata"]["resourceVersion"]
    ready = ready_at(csi, snapshot)
    if int(asked) > int(ready.resource_version):
        csi.unknown("RES-007", "the snapshot was ready before the claim on it came through")
    csi.nudge(restored)
    bound = csi.seen(restored, BOUND, "RES-007", within=csi.limits.bind)
    csi.seamless("RES-007", restored.kind, snapshot.kind)
    csi.check(
        "RES-007",
        expected="bound after the snapshot was ready",
        observed=f"bound at version {bound.resource_version}, snapshot ready at {ready.resource_version}",
        holds=int(bound.resource_version) > int(ready.resource_version),
        about=restored,
    )
