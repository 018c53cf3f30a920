"""EXP: what a claim and its volume say while they grow, and after."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.conditions import (
    capacity_of,
    has_annotation,
    has_capacity,
    lacks_annotation,
    request_of,
    resize_conditions,
    status_of,
)
from pytest_csi_snapshot.growing import NODE_STEP_DUE, RESIZE_STATES, allocated, controller_done, resize_state
from pytest_csi_snapshot.kube.client import STRATEGIC_PATCH
from pytest_csi_snapshot.quantities import parse_quantity
from pytest_csi_snapshot.scenario import Scenario

MODES = ("Filesystem", "Block")
OLD_SIZE = "volume.alpha.kubernetes.io/pre-resize-capacity"
NO_NODE_STEP = "volume.kubernetes.io/node-expansion-not-required"
FOREIGN = "example.com/AuditedByNobody"


@pytest.mark.csi_clause("EXP-005", "EXP-007")
def test_volume_has_its_new_size_before_its_claim(csi: Scenario) -> None:
    csi.may_grow("EXP-005")
    claim = csi.volume()
    volume = csi.pv_of(claim)
    csi.expand(claim, csi.larger)
    csi.wait(volume, has_capacity(csi.larger), "EXP-005", within=csi.limits.resize)
    csi.needs_node_step(claim, csi.larger, "EXP-007")
    waiting = csi.get(claim)
    csi.check(
        "EXP-007",
        expected={"conditions": ["FileSystemResizePending", "Resizing"], "claim grown": False},
        observed={
            "conditions": sorted(resize_conditions(waiting)),
            "claim grown": capacity_of(waiting) >= csi.larger,
        },
        about=claim,
    )
    csi.read(claim)
    csi.grown(claim, csi.larger, "EXP-005")


@pytest.mark.csi_clause("EXP-005")
def test_device_that_has_grown_is_not_said_to_be_growing(csi: Scenario) -> None:
    """Of many drivers the node has nothing to do for a device: then it is the resizer that clears up."""
    csi.may_grow("EXP-005")
    claim = csi.volume_of("Block", "EXP-005")
    csi.expand(claim, csi.larger)
    if csi.node_step_due(claim, csi.larger, "EXP-005"):
        csi.use(claim)
    csi.grown(claim, csi.larger, "EXP-005")


@pytest.mark.csi_clause("EXP-006")
@pytest.mark.parametrize("mode", MODES)
def test_growth_is_told_by_events(csi: Scenario, mode: str) -> None:
    csi.may_grow("EXP-006")
    claim = csi.volume_of(mode, "EXP-006")
    csi.expand(claim, csi.larger)
    csi.event(claim, "ExternalExpanding", "EXP-006")
    csi.event(claim, "Resizing", "EXP-006")
    if not csi.node_step_due(claim, csi.larger):
        csi.event(claim, "VolumeResizeSuccessful", "EXP-006")
        return
    csi.event(claim, "FileSystemResizeRequired", "EXP-006")
    csi.use(claim)
    csi.grown(claim, csi.larger)
    csi.event(claim, "FileSystemResizeSuccessful", "EXP-006")


@pytest.mark.csi_clause("EXP-010", "EXP-011")
@pytest.mark.parametrize("mode", MODES)
def test_growth_is_told_by_states_and_leaves_its_target(csi: Scenario, mode: str) -> None:
    csi.may_grow("EXP-010")
    claim = csi.volume_of(mode, "EXP-010")
    csi.expand(claim, csi.larger)
    if csi.node_step_due(claim, csi.larger):
        csi.use(claim)
    body = csi.grown(claim, csi.larger)

    csi.seamless("EXP-010", claim.kind)
    under_way = [version.object for version in csi.versions(claim) if resize_state(version.object)]
    targets, states = {allocated(each) for each in under_way}, {resize_state(each) for each in under_way}
    csi.check(
        "EXP-010",
        expected=[csi.larger],
        observed=sorted(parse_quantity(target or "0") for target in targets),
        about=f"targets of {claim}",
    )
    csi.check("EXP-010", expected=f"some of {sorted(RESIZE_STATES)}", observed=sorted(states),
              holds=bool(states) and states <= RESIZE_STATES, about=claim)  # fmt: skip
    target = parse_quantity(allocated(body) or "0")
    csi.check("EXP-011", expected=f"no state, and a target from {csi.larger} to {capacity_of(body)}",
              observed=(resize_state(body), target),
              holds=not resize_state(body) and csi.larger <= target <= capacity_of(body), about=claim)  # fmt: skip


@pytest.mark.csi_clause("EXP-012")
def test_condition_of_somebody_else_says_nothing_about_a_growth(csi: Scenario) -> None:
    csi.may_grow("EXP-012")
    claim = csi.volume()
    foreign = {"type": FOREIGN, "status": "True", "reason": "Shown", "message": "not about resizing"}
    csi.patch(claim, {"status": {"conditions": [foreign]}}, subresource="status", content_type=STRATEGIC_PATCH)
    csi.expand(claim, csi.larger)
    if csi.node_step_due(claim, csi.larger):
        csi.read(claim)
    body = csi.grown(claim, csi.larger, "EXP-012")
    there = {condition["type"] for condition in status_of(body).get("conditions") or []}
    csi.check(
        "EXP-012", expected=f"{FOREIGN} still there", observed=sorted(there), holds=FOREIGN in there, about=claim
    )


@pytest.mark.csi_clause("EXP-018")
def test_growth_asked_for_before_the_last_one_is_done_ends_at_the_last_size(csi: Scenario) -> None:
    """Each step may need a pod for its node part; a controller may also see both requests as one."""
    csi.may_grow("EXP-018")
    claim = csi.volume()
    csi.expand(claim, csi.larger)
    csi.expand(claim, csi.largest)
    for step in (csi.larger, csi.largest):
        if not NODE_STEP_DUE.holds(csi.wait(claim, controller_done(csi.largest), within=csi.limits.resize)):
            break
        csi.read(claim)
        csi.wait(claim, has_capacity(step), "EXP-018")
        csi.detached(claim)
        csi.nudge(claim)  # a driver may have refused the next step while the pod was there
    csi.grown(claim, csi.largest, "EXP-018")
    csi.at_least("EXP-018", csi.largest, csi.capacity(csi.pv_of(claim)), claim)


@pytest.mark.csi_clause("EXP-025")
@pytest.mark.parametrize("mode", MODES)
def test_old_size_is_kept_while_the_node_has_a_step_to_do(csi: Scenario, mode: str) -> None:
    """Where it has none, the claim says so, as raw devices of many drivers do."""
    csi.may_grow("EXP-025")
    claim = csi.volume_of(mode, "EXP-025")
    volume, before = csi.pv_of(claim), csi.capacity(claim)
    csi.expand(claim, csi.larger)
    if not csi.node_step_due(claim, csi.larger):
        csi.wait(claim, has_annotation(NO_NODE_STEP), "EXP-025")
        csi.wait(volume, lacks_annotation(OLD_SIZE), "EXP-025")
        return
    kept = csi.wait(volume, has_annotation(OLD_SIZE), "EXP-025")["metadata"]["annotations"][OLD_SIZE]
    csi.check("EXP-025", expected=before, observed=parse_quantity(kept), about=f"{OLD_SIZE} of {volume}")
    csi.use(claim)
    csi.wait(volume, lacks_annotation(OLD_SIZE), "EXP-025", within=csi.limits.resize)


@pytest.mark.csi_clause("EXP-027")
def test_odd_size_is_reached_or_exceeded(csi: Scenario) -> None:
    csi.may_grow("EXP-027")
    claim = csi.volume(csi.size + 1)
    csi.at_least("EXP-027", csi.size + 1, csi.capacity(claim), claim)
    csi.expand(claim, csi.larger + 1)
    if csi.node_step_due(claim, csi.larger + 1):
        csi.read(claim)
    body = csi.grown(claim, csi.larger + 1, "EXP-027")
    csi.at_least("EXP-027", request_of(body), csi.capacity(csi.pv_of(claim)), f"volume of {claim}")
