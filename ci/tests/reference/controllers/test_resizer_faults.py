"""Faults of the csi-resizer: what a claim and its volume say of a growth is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import grpc
import pytest

from pytest_csi_snapshot.reference_impl.controllers import markers
from pytest_csi_snapshot.reference_impl.controllers.csi.sidecar import Peer
from pytest_csi_snapshot.reference_impl.controllers.kube import objects
from pytest_csi_snapshot.reference_impl.controllers.kube.kinds import PV
from pytest_csi_snapshot.reference_impl.faults import registry

from ..clean_again import clean_again
from .fake_csi import FakeDriver
from .test_csi_resizer import GI, Theatre, without_node_step


@pytest.fixture
def stage(peer: Peer) -> Iterator[Theatre]:
    with clean_again():
        yield Theatre(peer)


def capacity(stage: Theatre) -> str:
    return str(stage.claim_now()["status"]["capacity"]["storage"])


ALONE: dict[str, Callable[[Theatre], bool]] = {
    "pv-keeps-old-size": lambda stage: (stage.volume_size(), capacity(stage)) == ("1Gi", "2Gi"),
    "resizing-condition-left-behind": lambda stage: "Resizing" in stage.conditions(),
    "resize-state-left-behind": lambda stage: stage.state() == "ControllerResizeInProgress",
    "allocated-size-not-told": lambda stage: "allocatedResources" not in stage.claim_now()["status"],
    "growth-without-events": lambda stage: "Resizing" not in stage.events.reasons(),
    "node-expansion-not-required-not-told": lambda stage: (
        objects.annotation(stage.claim_now(), markers.NODE_EXPANSION_NOT_REQUIRED) is None
    ),
}


@pytest.mark.parametrize("name", ALONE)
def test_growth_without_a_node_step_is_told_wrong(stage: Theatre, driver: FakeDriver, name: str) -> None:
    registry.activate("csi-resizer", [name], stage.claims)
    driver.script["ControllerExpandVolume"].append(without_node_step(2 * GI))
    stage.ask("2Gi")
    assert stage.sync() is None
    assert ALONE[name](stage)


WITH_NODE: dict[str, Callable[[Theatre], bool]] = {
    "growth-done-before-the-node": lambda stage: capacity(stage) == "2Gi",
    "claim-grows-before-its-volume": lambda stage: capacity(stage) == "2Gi",
    "pre-resize-capacity-not-noted": lambda stage: (
        objects.annotation(stage.see(PV, "pv-c"), markers.PRE_RESIZE_CAPACITY) is None
    ),
}


@pytest.mark.parametrize("name", WITH_NODE)
def test_growth_with_a_node_step_is_told_wrong(stage: Theatre, name: str) -> None:
    registry.activate("csi-resizer", [name], stage.claims)
    stage.ask("2Gi")
    assert stage.sync() is None
    assert WITH_NODE[name](stage)


def test_infeasible_size_is_tried_again_soon(stage: Theatre, driver: FakeDriver) -> None:
    registry.activate("csi-resizer", ["infeasible-size-tried-fast"], stage.claims)
    stage.ask("2Gi")
    for _ in range(2):
        driver.script["ControllerExpandVolume"].append(grpc.StatusCode.OUT_OF_RANGE)
        error = stage.sync()
        assert error is not None
        assert error.after is None
    assert stage.state() == "ControllerResizeInfeasible"


def test_open_answer_is_called_a_failure(stage: Theatre, driver: FakeDriver) -> None:
    registry.activate("csi-resizer", ["open-answer-called-failure"], stage.claims)
    driver.script["ControllerExpandVolume"].append(grpc.StatusCode.UNAVAILABLE)
    stage.ask("2Gi")
    stage.sync()
    assert stage.state() == "ControllerResizeInfeasible"
