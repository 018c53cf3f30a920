"""The csi-resizer: its decision table, the status it writes, and whole growths step by step."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from pytest_csi_snapshot.reference_impl.controllers import markers
from pytest_csi_snapshot.reference_impl.controllers.csi.driver import Abilities
from pytest_csi_snapshot.reference_impl.controllers.csi.sidecar import Peer
from pytest_csi_snapshot.reference_impl.controllers.kube import objects
from pytest_csi_snapshot.reference_impl.controllers.kube.kinds import PV, PVC
from pytest_csi_snapshot.reference_impl.controllers.resizer.claims import Claims, relevant
from pytest_csi_snapshot.reference_impl.controllers.resizer.decisions import Sizes, Step, decide
from pytest_csi_snapshot.reference_impl.controllers.resizer.expansion import Expansion
from pytest_csi_snapshot.reference_impl.controllers.resizer.usage import claims_of
from pytest_csi_snapshot.reference_impl.controllers.work.loop import SyncError
from pytest_csi_snapshot.reference_impl.wire import csi_pb2

from .fake_csi import FakeDriver
from .stage import NS, Stage

Json = dict[str, Any]
Code = grpc.StatusCode

GI = 1 << 30
UNUSED = {"type": "Unused", "status": "True", "reason": "NoPodsUsingPVC"}


class Usage:
    """Pods that the test speaks for."""

    def __init__(self) -> None:
        self.refused: set[str] = set()
        self.used = False

    def refuse(self, claim: Json) -> None:
        self.refused.add(objects.key(claim))

    def forget(self, claim: Json) -> None:
        self.refused.discard(objects.key(claim))

    def holds(self, claim: Json) -> bool:
        return self.used and objects.key(claim) in self.refused


class Theatre(Stage):
    """The stage with the csi-resizer and a bound claim of 1Gi on it."""

    def __init__(self, peer: Peer, *, heeds_use: bool = True) -> None:
        super().__init__()
        self.usage = Usage()
        substitute: Any = self.usage
        client: Any = self.kube
        events: Any = self.events
        expansion = Expansion(peer, client)
        claims, volumes = self.direct(PVC), self.direct(PV)
        self.claims = Claims(expansion, claims, volumes, substitute, events, slow=300.0, heeds_use=heeds_use)
        self.bound_claim()
        self.change(PVC, f"{NS}/c", status={**self.claim_now()["status"], "conditions": [UNUSED]})

    def ask(self, size: str) -> None:
        spec = {**self.claim_now()["spec"], "resources": {"requests": {"storage": size}}}
        self.change(PVC, f"{NS}/c", spec=spec)

    def sync(self) -> SyncError | None:
        try:
            self.claims.sync(f"{NS}/c")
        except SyncError as error:
            return error
        return None

    def claim_now(self) -> Json:
        return self.see(PVC, f"{NS}/c")

    def state(self) -> str | None:
        statuses: Json = self.claim_now()["status"].get("allocatedResourceStatuses") or {}
        return statuses.get("storage")

    def conditions(self) -> set[str]:
        return {condition["type"] for condition in self.claim_now()["status"].get("conditions") or []}

    def volume_size(self) -> str:
        return str(self.see(PV, "pv-c")["spec"]["capacity"]["storage"])

    def node_finishes(self) -> None:
        """What the kubelet writes after NodeExpandVolume."""
        status = {
            "phase": "Bound",
            "capacity": {"storage": self.volume_size()},
            "allocatedResources": self.claim_now()["status"]["allocatedResources"],
            "conditions": [UNUSED],
        }
        self.change(PVC, f"{NS}/c", status=status)


@pytest.fixture
def stage(peer: Peer) -> Theatre:
    return Theatre(peer)


def without_node_step(size: int) -> Any:
    answer = csi_pb2.ControllerExpandVolumeResponse(capacity_bytes=size, node_expansion_required=False)
    return lambda _: answer


# ---- decisions


@pytest.mark.parametrize(
    ("state", "volume", "allocated", "step", "target"),
    [
        ("", 1, None, Step.TO_REQUEST, 5),
        ("", 1, 3, Step.TO_REQUEST, 5),
        ("", 6, 6, Step.TO_ALLOCATED, 6),
        ("", 6, None, Step.TO_ALLOCATED, 5),
        ("ControllerResizeInProgress", 1, 3, Step.TO_ALLOCATED, 3),
        ("ControllerResizeInfeasible", 1, 900, Step.TO_REQUEST, 5),
        ("ControllerResizeInfeasible", 6, 900, Step.TO_REQUEST, 5),
        ("NodeResizePending", 3, 3, Step.LEAVE, 5),
        ("NodeResizeInProgress", 3, 3, Step.LEAVE, 5),
        ("NodeResizeInfeasible", 9, 9, Step.NODE_AGAIN, 5),
        ("SomethingNew", 1, 1, Step.LEAVE, 5),
    ],
)
def test_decisions(state: str, volume: int, allocated: int | None, step: Step, target: int) -> None:
    sizes = Sizes(requested=5, reached=1, volume=volume, allocated=allocated)
    assert decide(state, sizes) == (step, target)


# ---- growth


def test_growth_up_to_the_node_step_and_after_it(stage: Theatre, driver: FakeDriver) -> None:
    stage.ask("2Gi")
    assert stage.sync() is None
    (call,) = driver.made(csi_pb2.ControllerExpandVolumeRequest)
    assert (call.volume_id, call.capacity_range.required_bytes) == ("handle-c", 2 * GI)
    assert call.volume_capability.mount.fs_type == "ext4"
    assert stage.volume_size() == "2Gi"
    status = stage.claim_now()["status"]
    assert status["capacity"] == {"storage": "1Gi"}
    assert status["allocatedResources"] == {"storage": "2Gi"}
    assert stage.state() == "NodeResizePending"
    assert stage.conditions() == {"Unused", "Resizing", "FileSystemResizePending"}
    assert stage.events.reasons() == ["Resizing", "FileSystemResizeRequired"]
    assert objects.annotation(stage.see(PV, "pv-c"), markers.PRE_RESIZE_CAPACITY) == "1Gi"
    stage.sync()
    assert len(driver.made(csi_pb2.ControllerExpandVolumeRequest)) == 1
    stage.node_finishes()
    stage.sync()
    assert objects.annotation(stage.see(PV, "pv-c"), markers.PRE_RESIZE_CAPACITY) is None


def test_growth_without_a_node_step_ends_here_and_keeps_allocated_resources(
    stage: Theatre, driver: FakeDriver
) -> None:
    driver.script["ControllerExpandVolume"].append(without_node_step(2 * GI + 4096))
    stage.ask("2Gi")
    assert stage.sync() is None
    status = stage.claim_now()["status"]
    assert status["capacity"] == {"storage": "2097156Ki"}, "what the driver rounded to, not what was asked"
    assert status["allocatedResources"] == {"storage": "2Gi"}
    assert "allocatedResourceStatuses" not in status
    assert stage.conditions() == {"Unused"}
    assert stage.events.reasons() == ["Resizing", "VolumeResizeSuccessful"]
    assert objects.annotation(stage.claim_now(), markers.NODE_EXPANSION_NOT_REQUIRED) == "true"
    assert objects.annotation(stage.see(PV, "pv-c"), markers.PRE_RESIZE_CAPACITY) is None


def test_a_request_raised_during_the_node_step_waits_for_it(stage: Theatre) -> None:
    stage.ask("2Gi")
    stage.sync()
    stage.ask("3Gi")
    assert stage.sync() is None
    assert stage.volume_size() == "2Gi"
    stage.node_finishes()
    stage.sync()
    assert (stage.volume_size(), stage.state()) == ("3Gi", "NodeResizePending")


def test_claims_that_do_not_want_to_grow_are_left_alone(stage: Theatre, driver: FakeDriver) -> None:
    before = stage.claim_now()
    assert stage.sync() is None
    assert stage.claim_now() == before
    stage.change(
        PV, "pv-c", spec={**stage.see(PV, "pv-c")["spec"], "csi": {"driver": "other", "volumeHandle": "x"}}
    )
    stage.ask("2Gi")
    assert stage.sync() is None
    assert driver.made(csi_pb2.ControllerExpandVolumeRequest) == []
    assert "allocatedResources" not in stage.claim_now()["status"]


# ---- failure


@pytest.mark.parametrize(
    ("code", "state", "condition", "after"),
    [
        (Code.OUT_OF_RANGE, "ControllerResizeInfeasible", True, 300.0),
        (Code.INVALID_ARGUMENT, "ControllerResizeInfeasible", True, 300.0),
        (Code.NOT_FOUND, "ControllerResizeInfeasible", True, 300.0),
        (Code.INTERNAL, "ControllerResizeInProgress", True, None),
        (Code.DEADLINE_EXCEEDED, "ControllerResizeInProgress", False, None),
        (Code.UNAVAILABLE, "ControllerResizeInProgress", False, None),
        (Code.ABORTED, "ControllerResizeInProgress", False, None),
        (Code.RESOURCE_EXHAUSTED, "ControllerResizeInProgress", False, None),
        (Code.CANCELLED, "ControllerResizeInProgress", False, None),
    ],
)
def test_codes_of_a_failed_growth(
    stage: Theatre, driver: FakeDriver, code: Code, state: str, condition: bool, after: float | None
) -> None:
    driver.script["ControllerExpandVolume"].append(code)
    stage.ask("2Gi")
    error = stage.sync()
    assert error is not None
    assert error.after == after
    assert stage.state() == state
    assert ("ControllerResizeError" in stage.conditions()) is condition
    assert "Resizing" in stage.conditions()
    assert stage.volume_size() == "1Gi"
    assert stage.events.reasons() == ["Resizing", "VolumeResizeFailed"]


def test_recovery_from_an_infeasible_size(stage: Theatre, driver: FakeDriver) -> None:
    driver.script["ControllerExpandVolume"].extend([Code.OUT_OF_RANGE, without_node_step(2 * GI)])
    stage.ask("2Ti")
    assert stage.sync()
    error = stage.sync()
    assert error is not None
    assert error.after is not None, "the same request is not tried before its time"
    assert len(driver.made(csi_pb2.ControllerExpandVolumeRequest)) == 1
    stage.ask("2Gi")
    assert stage.sync() is None
    status = stage.claim_now()["status"]
    assert (status["capacity"], status["allocatedResources"]) == ({"storage": "2Gi"}, {"storage": "2Gi"})
    assert stage.conditions() == {"Unused"}


def test_an_unknown_outcome_is_brought_to_its_end_before_another_size(stage: Theatre, driver: FakeDriver) -> None:
    driver.script["ControllerExpandVolume"].append(Code.DEADLINE_EXCEEDED)
    stage.ask("3Gi")
    stage.sync()
    stage.ask("2Gi")
    stage.sync()
    sizes = [call.capacity_range.required_bytes for call in driver.made(csi_pb2.ControllerExpandVolumeRequest)]
    assert sizes == [3 * GI, 3 * GI]


def test_a_request_changed_while_the_outcome_was_unknown_does_not_wait_for_the_old_one(
    stage: Theatre, driver: FakeDriver
) -> None:
    driver.script["ControllerExpandVolume"].extend([Code.DEADLINE_EXCEEDED, Code.OUT_OF_RANGE])
    stage.ask("3Ti")
    stage.sync()
    stage.ask("2Gi")
    error = stage.sync()
    assert error is not None
    assert error.after is None, "it was the old size that is infeasible"
    assert stage.sync() is None
    sizes = [call.capacity_range.required_bytes for call in driver.made(csi_pb2.ControllerExpandVolumeRequest)]
    assert sizes == [3 << 40, 3 << 40, 2 * GI]


def test_two_growths_in_a_row_end_at_the_last(stage: Theatre, driver: FakeDriver) -> None:
    driver.script["ControllerExpandVolume"].extend([without_node_step(2 * GI), without_node_step(3 * GI)])
    for size in ("2Gi", "3Gi"):
        stage.ask(size)
        assert stage.sync() is None
    assert stage.claim_now()["status"]["capacity"] == {"storage": "3Gi"}
    assert stage.volume_size() == "3Gi"


def test_without_heed_of_use_a_refused_volume_is_asked_again_by_back_off(peer: Peer, driver: FakeDriver) -> None:
    stage = Theatre(peer, heeds_use=False)
    driver.script["ControllerExpandVolume"].append(Code.FAILED_PRECONDITION)
    stage.ask("2Gi")
    assert stage.sync()
    stage.usage.used = True
    assert stage.sync() is None


def test_an_infeasible_node_step_is_given_back_to_the_node_and_the_volume_keeps_its_size(stage: Theatre) -> None:
    stage.ask("3Gi")
    stage.sync()
    status = {**stage.claim_now()["status"], "allocatedResourceStatuses": {"storage": "NodeResizeInfeasible"}}
    stage.change(PVC, f"{NS}/c", status=status)
    stage.ask("2Gi")
    stage.sync()
    assert (stage.state(), stage.volume_size()) == ("NodeResizePending", "3Gi")
    assert stage.claim_now()["status"]["allocatedResources"] == {"storage": "3Gi"}


def test_an_offline_driver_is_asked_again_when_no_pod_is_left(stage: Theatre, driver: FakeDriver) -> None:
    driver.script["ControllerExpandVolume"].append(Code.FAILED_PRECONDITION)
    stage.ask("2Gi")
    assert stage.sync()
    stage.usage.used = True
    assert "in use" in str(stage.sync())
    assert len(driver.made(csi_pb2.ControllerExpandVolumeRequest)) == 1
    stage.usage.used = False
    assert stage.sync() is None
    assert stage.usage.refused == set()


def test_a_driver_with_node_expansion_alone_grows_without_a_controller_call(
    peer: Peer, driver: FakeDriver
) -> None:
    stage = Theatre(Peer(peer.driver, peer.name, Abilities(frozenset(), frozenset())))
    stage.ask("2Gi")
    assert stage.sync() is None
    assert (stage.volume_size(), stage.state()) == ("2Gi", "NodeResizePending")
    assert driver.made(csi_pb2.ControllerExpandVolumeRequest) == []


# ---- details


@pytest.mark.parametrize(
    ("phase", "claims"),
    [("Running", {"ns/a", "ns/b"}), ("Pending", {"ns/a", "ns/b"}), ("Succeeded", set()), ("Failed", set())],
)
def test_an_ended_pod_uses_no_claim(phase: str, claims: set[str]) -> None:
    volumes = [{"persistentVolumeClaim": {"claimName": name}} for name in ("a", "b")]
    spec = {"volumes": [*volumes, {"emptyDir": {}}]}
    pod = {"metadata": {"name": "p", "namespace": NS}, "spec": spec, "status": {"phase": phase}}
    assert claims_of(pod) == claims


@pytest.mark.parametrize(
    ("status", "looked_at"),
    [
        ({"conditions": [{"type": "Resizing"}]}, False),
        ({"allocatedResources": {"storage": "9Gi"}}, False),
        ({"allocatedResourceStatuses": {"storage": "NodeResizeInfeasible"}}, True),
        ({"capacity": {"storage": "2Gi"}}, True),
        ({"phase": "Bound"}, True),
    ],
)
def test_own_writes_bring_no_new_attempt(status: Json, looked_at: bool) -> None:
    before: Json = {"metadata": {}, "spec": {}, "status": {}}
    assert relevant(before, {**before, "status": status}) is looked_at
