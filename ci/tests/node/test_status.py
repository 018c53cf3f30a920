"""Phase, conditions and container statuses, computed from records."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pytest_csi_snapshot.fixtures.node.adoption import pod_record
from pytest_csi_snapshot.fixtures.node.records import (
    ContainerRecord,
    Exit,
    PodRecord,
    Running,
    State,
    Terminated,
    Waiting,
)
from pytest_csi_snapshot.fixtures.node.status import phase_of, pod_status

T0 = datetime(2026, 1, 1, tzinfo=UTC)
T1 = datetime(2026, 1, 2, tzinfo=UTC)
UP = Running(T0)
OK = Terminated(Exit(0), "Completed", "", T0, T0, "process://1")
BAD = Terminated(Exit(137, 9), "Error", "boom", T0, T0, "process://1")
NEW = Waiting("ContainerCreating")
LOOP = Waiting("CrashLoopBackOff")


def container(state: State, *, last: Terminated | None = None, ready: bool = False) -> ContainerRecord:
    return ContainerRecord("c", "image", state, last=last, ready=ready)


def record(*states: State, init: tuple[State, ...] = (), **more: Any) -> PodRecord:
    main = [container(state, last=BAD if state is LOOP else None) for state in states]
    return PodRecord("10.0.0.1", T0, [container(state) for state in init], main, **more)


@pytest.mark.parametrize(
    ("states", "policy", "phase"),
    [
        ((NEW,), "Always", "Pending"),
        ((UP, NEW), "Always", "Pending"),
        ((UP,), "Never", "Running"),
        ((LOOP,), "OnFailure", "Running"),
        ((OK, UP), "Never", "Running"),
        ((OK,), "Always", "Running"),
        ((OK, OK), "OnFailure", "Succeeded"),
        ((OK, BAD), "Never", "Failed"),
        ((OK, BAD), "OnFailure", "Running"),
    ],
)
def test_phase(states: tuple[State, ...], policy: str, phase: str) -> None:
    assert phase_of(record(*states), policy) == phase


@pytest.mark.parametrize(
    ("init", "policy", "phase"),
    [
        ((UP,), "Never", "Pending"),
        ((BAD,), "Never", "Failed"),
        ((BAD,), "Always", "Pending"),
        ((OK,), "Never", "Pending"),
    ],
)
def test_phase_while_init_containers_have_not_all_succeeded(
    init: tuple[State, ...], policy: str, phase: str
) -> None:
    assert phase_of(record(NEW, init=init), policy) == phase


def test_a_stopped_pod_has_a_final_phase_whatever_its_policy() -> None:
    assert phase_of(record(OK, ended=True), "Always") == "Succeeded"
    assert phase_of(record(BAD, ended=True), "Always") == "Failed"
    assert phase_of(record(NEW, ended=True), "Always") == "Failed"


def conditions(pod: dict[str, Any], seen: PodRecord, moment: datetime = T1) -> dict[str, dict[str, Any]]:
    return {c["type"]: c for c in pod_status(pod, seen, moment)["conditions"]}


def pod(**status: Any) -> dict[str, Any]:
    spec = {"restartPolicy": "Always", "containers": [{"name": "c", "image": "image"}]}
    return {"metadata": {"name": "p"}, "spec": spec, "status": status}


def test_ready_follows_the_containers_and_keeps_its_time() -> None:
    seen = record(UP, sandbox=True)
    seen.main[0].ready = True
    first = conditions(pod(), seen, T0)["Ready"]
    assert (first["status"], first["lastTransitionTime"]) == ("True", "2026-01-01T00:00:00Z")
    again = conditions(pod(conditions=[first]), seen, T1)["Ready"]
    assert again["lastTransitionTime"] == "2026-01-01T00:00:00Z"
    seen.main[0].ready = False
    fallen = conditions(pod(conditions=[first]), seen, T1)["Ready"]
    assert (fallen["status"], fallen["lastTransitionTime"]) == ("False", "2026-01-02T00:00:00Z")
    assert fallen["message"] == "containers with unready status: [c]"


def test_a_late_probe_result_makes_no_ended_container_ready() -> None:
    seen = record(OK, sandbox=True)
    seen.main[0].ready = True
    assert pod_status(pod(), seen, T1)["containerStatuses"][0]["ready"] is False


def test_readiness_gates_hold_ready_back_but_not_containers_ready() -> None:
    seen = record(UP, sandbox=True)
    seen.main[0].ready = True
    gated = pod()
    gated["spec"]["readinessGates"] = [{"conditionType": "example.com/open"}]
    found = conditions(gated, seen)
    assert (found["Ready"]["status"], found["ContainersReady"]["status"]) == ("False", "True")
    gated["status"]["conditions"] = [{"type": "example.com/open", "status": "True"}]
    assert conditions(gated, seen)["Ready"]["status"] == "True"


def test_a_refused_pod_shows_no_container() -> None:
    status = pod_status(pod(), record(NEW, verdict=("UnsupportedField", "why")), T1)
    assert (status["phase"], status["reason"], status["containerStatuses"]) == ("Failed", "UnsupportedField", [])


def test_an_end_by_a_signal_is_an_exit_code_above_128() -> None:
    ended = pod_status(pod(), record(BAD, sandbox=True), T1)["containerStatuses"][0]["state"]["terminated"]
    assert (ended["exitCode"], ended["message"]) == (137, "boom")


def test_a_container_of_an_earlier_life_of_the_node_is_lost_and_counted() -> None:
    seen = record(UP, sandbox=True)
    seen.main[0].container_id, seen.main[0].attempt = "process://1", 4
    known = pod(**pod_status(pod(), seen, T0))
    adopted = pod_record(known, "10.0.0.1").main[0]
    assert adopted.attempt == 4
    assert isinstance(adopted.state, Terminated)
    assert (adopted.state.exit.code, adopted.state.reason) == (137, "ContainerStatusUnknown")
