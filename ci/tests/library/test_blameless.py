"""What befalls a workload without any fault of its volume is never the driver's."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_csi_snapshot.conditions import TERMINATING, not_the_volumes_fault
from pytest_csi_snapshot.kube.kinds import EVENT, PVC, SNAPSHOT, Kind
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.outcomes import Outcome
from pytest_csi_snapshot.recorder import ClauseViolation, Recorder
from pytest_csi_snapshot.verbs.core import Core
from pytest_csi_snapshot.verbs.ground import PreparationError
from pytest_csi_snapshot.verbs.pods import PodVerbs
from pytest_csi_snapshot.verbs.volumes import VolumeVerbs
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
    with pytest.raises(PreparationError, match=why):
        answer_of(status)


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
    core.history, core._begun, core._recorder = Recorded(), 0, Recorder("t")
    core.history.record_gap(PVC, "ns", "too old")
    core.seamless("FIN-006", SNAPSHOT)
    with pytest.raises(pytest.skip.Exception, match="versions of PersistentVolumeClaim were missed: too old"):
        core.seamless("FIN-006", PVC)
    assert core._recorder.ending is not None
    assert core._recorder.ending.outcome is Outcome.UNKNOWN


class Tacit(Core):
    """A test of whose cluster nobody says anything."""

    def controllers_say(self, _what: Handle) -> list[str]:
        return []

    def timeline(self) -> list[str]:
        return []

    def _culprit(self, _what: Handle, _awaited: str) -> str:
        return ""


def over_a_gap(kind: Kind) -> tuple[Core, Handle]:
    """A test that waits for no time at all, and a claim of it; versions of ``kind`` were missed meanwhile."""
    core = object.__new__(Tacit)
    core.history, core._begun, core._recorder, core._every = Recorded(), 0, Recorder("t"), set()
    core.limits = SimpleNamespace(reaction=0.0)  # type: ignore[assignment]
    held = {"metadata": meta("p", namespace="ns"), "spec": {}, "status": {"phase": "Bound"}}
    core.history.told(PVC, held).record_gap(kind, "ns", "too old")
    return core, Handle.of(PVC, held)


def unmet(core: Core, claim: Handle) -> None:
    core.seen(claim, TERMINATING, "FIN-009")


def unseen(core: Core, claim: Handle) -> None:
    core.check("FIN-009", expected="a finalizer", observed=core.versions(claim), holds=False)


@pytest.mark.parametrize("fails", [unmet, unseen])
def test_what_may_have_been_in_a_gap_is_not_missed(fails: Callable[[Core, Handle], None]) -> None:
    core, claim = over_a_gap(PVC)
    with pytest.raises(pytest.skip.Exception, match="versions of PersistentVolumeClaim were missed: too old"):
        fails(core, claim)


@pytest.mark.parametrize(("fails", "how"), [(unmet, WaitTimeout), (unseen, ClauseViolation)])
def test_what_was_not_in_any_gap_is_missed(
    fails: Callable[[Core, Handle], None], how: type[BaseException]
) -> None:
    core, claim = over_a_gap(SNAPSHOT)
    with pytest.raises(how):
        fails(core, claim)


class Unbound(VolumeVerbs):
    """A claim that waits in vain, and whose provisioner has said something."""

    def __init__(self, message: str) -> None:
        self.history = Recorded()
        self.limits = SimpleNamespace(bind=0.0)  # type: ignore[assignment]
        self._recorder = Recorder("t")
        event = {"metadata": meta("e", namespace="ns"), "involvedObject": {"uid": "uid-p"}, "message": message}
        self.history.told(EVENT, event)

    def wait(self, *_: Any, **__: Any) -> Json:
        raise WaitTimeout("CLN-001", "phase Bound", about="PVC ns/p", within=0.0, observations=[], why="in vain")


def test_a_driver_that_does_not_claim_to_clone_is_not_failed_for_it() -> None:
    clone = Handle.of(PVC, {"metadata": meta("p", namespace="ns"), "spec": {}})
    refused = Unbound("CSI driver does not support clone operations: capability CLONE_VOLUME")
    with pytest.raises(pytest.skip.Exception, match="not supported: CSI driver does not support clone"):
        refused.bound(clone, "CLN-001")
    with pytest.raises(WaitTimeout):
        Unbound("rpc error: code = Internal").bound(clone, "CLN-001")
