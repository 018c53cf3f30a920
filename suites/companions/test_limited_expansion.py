"""Drivers that refuse a growth: too large for them, too large for the node, or not while the volume is in use."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.conditions import (
    Condition,
    Json,
    capacity_of,
    has_capacity,
    resize_conditions,
    status_of,
)
from pytest_csi_snapshot.kube.kinds import PV
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.quantities import GI, parse_quantity
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.verbs.quotas import charges
from pytest_csi_snapshot.workloads import trees

FEASIBLE, TOO_LARGE_FOR_NODE, TOO_LARGE = 2 * GI, 3 * GI, 5 * GI
"""On a driver whose controller makes 4 GiB at most, and its nodes 2 GiB."""


def resize_state(claim: Json) -> str:
    return str((status_of(claim).get("allocatedResourceStatuses") or {}).get("storage", ""))


def allocated(claim: Json) -> int:
    return parse_quantity((status_of(claim).get("allocatedResources") or {}).get("storage") or "0")


def in_state(*states: str) -> Condition:
    return Condition(" or ".join(states), lambda claim: resize_state(claim) in states)


def shows(*types: str) -> Condition:
    wanted = set(types)
    return Condition(f"conditions {sorted(wanted)}", lambda claim: wanted <= resize_conditions(claim))


CONTROLLED = Condition(
    "the end of the controller's part",
    lambda claim: resize_state(claim).startswith("Node") or capacity_of(claim) >= FEASIBLE,
)


@pytest.mark.csi_companion("size-limits")
@pytest.mark.csi_clause("EXP-013", "EXP-015", "EXP-017")
def test_an_infeasible_size_is_told_and_can_be_taken_back(csi: Scenario) -> None:
    quota = csi.quota()
    claim = csi.volume()
    csi.wait(quota, charges(csi.size), "EXP-017")
    csi.expand(claim, TOO_LARGE)
    csi.seen(claim, in_state("ControllerResizeInfeasible") & shows("ControllerResizeError", "Resizing"), "EXP-013")
    csi.event(claim, "VolumeResizeFailed", "EXP-013")
    csi.wait(quota, charges(TOO_LARGE), "EXP-017")
    csi.check(
        "EXP-013", expected=csi.size, observed=csi.capacity(csi.pv_of(claim)), about="capacity of the volume"
    )

    csi.expand(claim, FEASIBLE)
    csi.wait(csi.pv_of(claim), has_capacity(FEASIBLE), "EXP-015", within=csi.limits.resize)
    # A pod before the end of that would be in the way of a retry: this driver grows no volume in use.
    csi.wait(claim, CONTROLLED, "EXP-015", within=csi.limits.resize)
    errors_gone = Condition(
        "no resize error", lambda body: not resize_conditions(body) & {"ControllerResizeError", "NodeResizeError"}
    )
    csi.wait(claim, errors_gone, "EXP-015")
    csi.wait(quota, charges(FEASIBLE), "EXP-015")
    csi.answer(csi.start_write(claim, trees.A))
    csi.grown(claim, FEASIBLE, "EXP-015")


def scripted(csi: Scenario, answers: str) -> Handle:
    """A volume of which the driver answers so, in order, to ControllerExpandVolume."""
    cls = csi.storage_class_with(parameters={"answers": f"ControllerExpandVolume={answers}"})
    claim = csi.claim(storage_class=cls)
    csi.bound(claim)
    return claim


@pytest.mark.csi_companion("scripted")
@pytest.mark.csi_clause("EXP-013")
def test_an_infeasible_size_is_not_tried_again_soon(csi: Scenario) -> None:
    """Another growth, begun later, succeeds at its fourth try: one that does not wait has had four, too."""
    refused, unavailable = scripted(csi, "OUT_OF_RANGE*9"), scripted(csi, "UNAVAILABLE*3")
    csi.expand(refused, FEASIBLE)
    csi.event(refused, "VolumeResizeFailed", "EXP-013")
    csi.expand(unavailable, FEASIBLE)
    csi.wait(csi.pv_of(unavailable), has_capacity(FEASIBLE), within=csi.limits.resize)
    told = [csi.history.latest(event.uid) or event for event in csi.events_of(refused)]
    refusals = [body for each in told if (body := each.object)["reason"] == "VolumeResizeFailed"]
    times = sum(int(body.get("count") or 1) for body in refusals)
    csi.in_time("EXP-013", expected="two refusals at most", observed=times, holds=times <= 2, about=refused)


@pytest.mark.csi_companion("size-limits")
@pytest.mark.csi_clause("EXP-016", "EXP-017")
def test_what_the_controller_has_made_is_not_taken_back(csi: Scenario) -> None:
    quota = csi.quota()
    claim = csi.volume()
    volume = csi.pv_of(claim)
    csi.expand(claim, TOO_LARGE_FOR_NODE)
    csi.wait(volume, has_capacity(TOO_LARGE_FOR_NODE), within=csi.limits.resize)
    csi.wait(claim, CONTROLLED, within=csi.limits.resize)  # a pod before that would be in the way of a retry
    pod = csi.start_write(claim, trees.A)
    csi.seen(claim, in_state("NodeResizeInfeasible"), "EXP-016", within=csi.limits.pod)
    csi.seen(claim, shows("NodeResizeError", "Resizing", "FileSystemResizePending"), "EXP-016")
    csi.event(pod, "FailedMount", "EXP-016")

    lowered = csi.expand(claim, FEASIBLE)
    csi.check(
        "EXP-016", expected=TOO_LARGE_FOR_NODE, observed=allocated(lowered), about="status.allocatedResources"
    )
    csi.delete(pod)
    csi.gone(pod)
    csi.volume()  # a probe: whoever looks at claims has had the lower request before it
    kept = csi.get(claim)
    csi.check("EXP-016", expected=TOO_LARGE_FOR_NODE, observed=allocated(kept), about="allocatedResources")
    csi.check("EXP-016", expected=TOO_LARGE_FOR_NODE, observed=csi.capacity(volume), about=volume)
    csi.wait(quota, charges(TOO_LARGE_FOR_NODE + csi.size), "EXP-017")


@pytest.mark.csi_companion("scripted")
@pytest.mark.csi_clause("EXP-014")
def test_a_growth_that_may_still_be_under_way_stays_in_progress(csi: Scenario) -> None:
    claim = scripted(csi, "UNAVAILABLE*2")
    volume = csi.pv_of(claim)
    csi.expand(claim, FEASIBLE)
    csi.event(claim, "VolumeResizeFailed", "EXP-014")
    failed = csi.seen(claim, in_state("ControllerResizeInProgress"), "EXP-014")
    csi.wait(volume, has_capacity(FEASIBLE), "EXP-014", within=csi.limits.resize)
    csi.seamless("EXP-014", claim.kind, PV)
    states = {resize_state(v.object) for v in csi.versions(claim) if v.position >= failed.position} - {""}
    csi.check("EXP-014", expected="never infeasible", observed=sorted(states),
              holds="ControllerResizeInfeasible" not in states, about=claim)  # fmt: skip
    sizes = [capacity_of(version.object) for version in csi.versions(volume)]
    csi.check("EXP-014", expected=sorted(sizes), observed=sizes, about=f"capacities of {volume}, in order")


@pytest.mark.csi_companion("offline-expansion", or_itself=True)
@pytest.mark.csi_clause("EXP-023")
def test_a_refused_growth_is_done_once_no_pod_uses_the_volume(csi: Scenario) -> None:
    csi.may_grow("EXP-023")
    claim = csi.volume()
    writer = csi.writer(claim)
    volume = csi.pv_of(claim)
    csi.expand(claim, FEASIBLE)
    refused = Condition("a refusal", has_refusal)
    grown_or_refused = Condition("growth or a refusal", lambda body: refused.holds(body) or CONTROLLED.holds(body))
    if not refused.holds(csi.wait(claim, grown_or_refused, within=csi.limits.resize)):
        csi.of_another_kind("EXP-023", "the driver grows a volume that is in use")
    csi.check("EXP-023", expected=csi.size, observed=csi.capacity(volume), about=f"{volume} while a pod uses it")
    csi.delete(writer)
    csi.gone(writer)
    csi.wait(volume, has_capacity(FEASIBLE), "EXP-023", within=csi.limits.resize)
    csi.wait(claim, CONTROLLED, "EXP-023", within=csi.limits.resize)
    csi.read(claim, "EXP-023")
    csi.grown(claim, FEASIBLE, "EXP-023")


def has_refusal(claim: Json) -> bool:
    """The driver refuses to grow a volume in use; the CSI code for it is in the message."""
    errors = [c for c in status_of(claim).get("conditions") or [] if c["type"] == "ControllerResizeError"]
    return any("FailedPrecondition" in error.get("message", "") for error in errors)
