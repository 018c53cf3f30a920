"""EXP: volumes that grow."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from pytest_csi_snapshot.conditions import (
    Condition,
    capacity_of,
    grown,
    has_capacity,
    resize_conditions,
    status_of,
)
from pytest_csi_snapshot.kube.kinds import STORAGE_CLASS
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.quantities import MI, format_quantity, parse_quantity
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.verbs.volumes import SIZE
from pytest_csi_snapshot.workloads import trees

LARGER, LARGEST = SIZE + 512 * MI, 2 * SIZE
RESIZE_STATES = frozenset(
    f"{who}Resize{state}" for who in ("Controller", "Node") for state in ("InProgress", "Infeasible")
) | {"NodeResizePending"}


def resize_state(claim: dict[str, Any]) -> str:
    return str((status_of(claim).get("allocatedResourceStatuses") or {}).get("storage", ""))


NODE_STEP_DUE = Condition("NodeResizePending", lambda claim: resize_state(claim) == "NodeResizePending")


def controller_done(size: int) -> Condition:
    """The node has its step to do, or nothing is left to do."""
    done = grown(size)
    return Condition(
        f"{NODE_STEP_DUE.text}, or {done.text}", lambda claim: NODE_STEP_DUE.holds(claim) or done.holds(claim)
    )


def refusal(claim: dict[str, Any]) -> str:
    """What the driver says where it refuses to grow a volume in use; the CSI code for it is in the message."""
    errors = [c for c in status_of(claim).get("conditions") or [] if c["type"] == "ControllerResizeError"]
    return next((error["message"] for error in errors if "FailedPrecondition" in error.get("message", "")), "")


DONE_OR_REFUSED = Condition(
    "the end of the controller's part, or a refusal",
    lambda claim: controller_done(LARGER).holds(claim) or bool(refusal(claim)),
)


def needs_node_step(csi: Scenario, claim: Handle, clause: str) -> None:
    """Go on only where the volume's last step of growth is the node's."""
    if not NODE_STEP_DUE.holds(csi.wait(claim, controller_done(LARGER), within=csi.limits.resize)):
        csi.unknown(clause, "the driver grows a volume without its node: there is no node step to look at")


@pytest.mark.csi_clause("EXP-001")
def test_class_decides_whether_a_claim_may_grow(csi: Scenario) -> None:
    cls = csi.storage_class_with(allowVolumeExpansion=False)
    claim = csi.claim(storage_class=cls)
    csi.bound(claim)
    csi.refuses("EXP-001", "growth forbidden by the class", partial(csi.expand, claim, LARGER), status=403)
    csi.api.patch(STORAGE_CLASS, None, cls, {"allowVolumeExpansion": True})
    csi.accepts_soon("EXP-001", "growth allowed by the class", partial(csi.expand, claim, LARGER))


@pytest.mark.csi_clause("EXP-003")
def test_claim_does_not_shrink(csi: Scenario) -> None:
    claim = csi.volume()
    smaller = {"spec": {"resources": {"requests": {"storage": format_quantity(SIZE - MI)}}}}
    csi.refuses("EXP-003", "a smaller request", partial(csi.try_patch, claim, smaller), "can not be less than")


@pytest.mark.csi_clause("EXP-005", "EXP-007", "EXP-008", "EXP-019")
def test_detached_volume_grows_when_a_pod_comes(csi: Scenario) -> None:
    csi.may_grow("EXP-005")
    claim = csi.volume()
    csi.write(claim, trees.A)
    csi.detached(claim)
    volume = csi.pv_of(claim)
    csi.expand(claim, LARGER)
    csi.wait(volume, has_capacity(LARGER), "EXP-005", within=csi.limits.resize)
    needs_node_step(csi, claim, "EXP-007")
    waiting = csi.get(claim)
    csi.check(
        "EXP-007",
        expected={"conditions": ["FileSystemResizePending", "Resizing"], "claim grown": False},
        observed={"conditions": sorted(resize_conditions(waiting)), "claim grown": capacity_of(waiting) >= LARGER},
        about=claim,
    )
    answer = csi.read(claim, "EXP-008")
    csi.grown(claim, LARGER, "EXP-005")
    csi.holds("EXP-019", trees.A, answer, claim)
    csi.spans("EXP-008", LARGER, answer, claim)


@pytest.mark.csi_clause("EXP-006", "EXP-010")
def test_growth_is_told_by_events_and_states(csi: Scenario) -> None:
    csi.may_grow("EXP-006")
    claim = csi.volume()
    csi.expand(claim, LARGER)
    csi.event(claim, "Resizing", "EXP-006")
    needs_node_step(csi, claim, "EXP-006")
    csi.event(claim, "FileSystemResizeRequired", "EXP-006")
    csi.read(claim)
    csi.grown(claim, LARGER)
    csi.event(claim, "FileSystemResizeSuccessful", "EXP-006")

    csi.seamless("EXP-010", claim.kind)
    targets = {
        parse_quantity((status_of(version.object).get("allocatedResources") or {})["storage"])
        for version in csi.versions(claim)
        if resize_state(version.object)
    }
    csi.check("EXP-010", expected={LARGER}, observed=targets, about="status.allocatedResources while growing")
    states = {resize_state(version.object) for version in csi.versions(claim)} - {""}
    csi.check("EXP-010", expected=f"some of {sorted(RESIZE_STATES)}", observed=sorted(states),
              holds=bool(states) and states <= RESIZE_STATES, about=claim)  # fmt: skip


@pytest.mark.csi_clause("EXP-018")
def test_growth_asked_for_before_the_last_one_is_done_ends_at_the_last_size(csi: Scenario) -> None:
    """Each step may need a pod for its node part; a controller may also see both requests as one."""
    csi.may_grow("EXP-018")
    claim = csi.volume()
    csi.expand(claim, LARGER)
    csi.expand(claim, LARGEST)
    for step in (LARGER, LARGEST):
        if not NODE_STEP_DUE.holds(csi.wait(claim, controller_done(LARGEST), within=csi.limits.resize)):
            break
        csi.read(claim)
        csi.wait(claim, has_capacity(step), "EXP-018")
        csi.detached(claim)
        csi.nudge(claim)  # a driver may have refused the next step while the pod was there
    csi.grown(claim, LARGEST, "EXP-018")
    csi.at_least("EXP-018", LARGEST, csi.capacity(csi.pv_of(claim)), claim)


@pytest.mark.csi_clause("EXP-009")
def test_volume_in_use_grows_under_its_pod(csi: Scenario) -> None:
    """The pod goes on writing; its last words tell the size that it sees."""
    csi.may_grow("EXP-009")
    claim = csi.volume()
    writer = csi.writer(claim)
    csi.expand(claim, LARGER)
    answer = csi.wait(claim, DONE_OR_REFUSED, within=csi.limits.resize)
    if reason := refusal(answer):
        csi.not_supported("EXP-009", f"the driver does not grow a volume that is in use: {reason}")
    csi.nudge(writer)  # a kubelet looks at a pod that changed now, at any other in its next round
    csi.grown(claim, LARGER, "EXP-009")
    restarts = sum(c["restartCount"] for c in status_of(csi.get(writer))["containerStatuses"])
    csi.check("EXP-009", expected=0, observed=restarts, about="restarts of the pod that uses the volume")

    words = csi.stop(writer)
    if not words:
        csi.unknown("EXP-009", "the node did not pass on the last words of a deleted pod")
    csi.spans("EXP-009", LARGER, words, claim)
