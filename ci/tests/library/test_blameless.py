"""What befalls a workload without any fault of its volume is never the driver's."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pytest_csi_snapshot.conditions import not_the_volumes_fault
from pytest_csi_snapshot.kube.kinds import PVC, SNAPSHOT
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.outcomes import Outcome
from pytest_csi_snapshot.recorder import Recorder
from pytest_csi_snapshot.verbs.core import Core, PreparationError
from pytest_csi_snapshot.verbs.pods import PodVerbs
from pytest_csi_snapshot.waiting import WaitTimeout

from .objects import Json, Recorded, meta


def container(**state: Json) -> Json:
    return {"containerStatuses": [{"image": "busybox:1.37", "state": state}]}


def unscheduled(message: str) -> Json:
    return {"conditions": [{"type": "PodScheduled", "status": "False", "message": message}]}


BLAMELESS = [
    (
        container(waiting={"reason": "ImagePullBackOff", "message": "no such host"}),
        "ImagePullBackOff: no such host",
    ),
    (container(terminated={"exitCode": 127, "message": "stat: not found"}), "lacks a program .*stat: not found"),
    ({"phase": "Failed", "reason": "Evicted", "message": "low on memory"}, "Evicted: low on memory"),
    ({"phase": "Failed", "reason": "OutOfpods"}, "OutOfpods"),
    (unscheduled("0/3 nodes are available: 3 Insufficient cpu"), "not scheduled: .*Insufficient cpu"),
]
PERHAPS_THE_VOLUMES = [
    {"phase": "Pending"},
    container(waiting={"reason": "ContainerCreating"}),
    container(terminated={"exitCode": 1, "message": "cat: Input/output error"}),
    unscheduled("0/3 nodes are available: 3 node(s) had volume node affinity conflict"),
]


@pytest.mark.parametrize(("status", "why"), BLAMELESS)
def test_no_fault_of_the_volume(status: Json, why: str) -> None:
    assert pytest.raises(PreparationError, answer_of, status).match(why)


@pytest.mark.parametrize("status", PERHAPS_THE_VOLUMES)
def test_what_may_be_the_volumes_fault_stays_a_failure(status: Json) -> None:
    assert not_the_volumes_fault({"status": status}) == ""
    with pytest.raises(WaitTimeout):
        answer_of(status)


class Waiting(PodVerbs):
    """A pod that is waited for in vain."""

    def __init__(self, history: Recorded) -> None:
        self.history = history
        self.limits = SimpleNamespace(pod=0.0)  # type: ignore[assignment]

    def wait(self, *_: Any, **__: Any) -> Json:
        raise WaitTimeout(
            "RES-001", "phase Succeeded", about="Pod ns/p", within=0.0, observations=[], why="in vain"
        )


def answer_of(status: Json) -> str:
    history = Recorded()
    pod = Handle.of(PVC, {"metadata": meta("p", namespace="ns"), "spec": {}})
    history.told(PVC, {"metadata": meta("p", namespace="ns"), "status": status})
    return Waiting(history).answer(pod, "RES-001")


def test_over_a_gap_nothing_is_said_about_all_versions() -> None:
    core = object.__new__(Core)
    core.history, core._begun, core._recorder = Recorded(), 0, Recorder("t")  # noqa: SLF001
    core.history.record_gap(PVC, "ns", "too old")
    core.seamless("FIN-006", SNAPSHOT)
    with pytest.raises(pytest.skip.Exception, match="versions of PersistentVolumeClaim were missed: too old"):
        core.seamless("FIN-006", PVC)
    assert core._recorder.ending is not None  # noqa: SLF001
    assert core._recorder.ending.outcome is Outcome.UNKNOWN  # noqa: SLF001
