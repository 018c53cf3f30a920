"""Faults of the csi-provisioner: each fills a claim that the clean one leaves alone, or the other way round."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest

from pytest_csi_snapshot.reference_impl.controllers import markers
from pytest_csi_snapshot.reference_impl.controllers.csi.sidecar import Peer
from pytest_csi_snapshot.reference_impl.controllers.kube.kinds import PVC, SNAPSHOT, SNAPSHOT_CONTENT
from pytest_csi_snapshot.reference_impl.faults import registry
from pytest_csi_snapshot.reference_impl.wire import csi_pb2

from ..clean_again import clean_again
from .fake_csi import FakeDriver
from .provisioner_stage import FROM_CLAIM, FROM_SNAPSHOT, Theatre
from .stage import NS

Json = dict[str, Any]
Arrange = Callable[[Theatre], Json]

ROLE = "csi-provisioner"


@pytest.fixture
def stage(peer: Peer) -> Iterator[Theatre]:
    with clean_again():
        yield Theatre(peer)


def of_snapshot(content: Json | None = None, **claim: Any) -> Arrange:
    """A claim on a ready snapshot of 1Gi."""

    def arrange(stage: Theatre) -> Json:
        stage.ready_snapshot(**(content or {}))
        return stage.wish(dataSource=FROM_SNAPSHOT, **claim)

    return arrange


def of_claim(source: Json | None = None, **claim: Any) -> Arrange:
    """A claim on another one of 1Gi that is bound."""

    def arrange(stage: Theatre) -> Json:
        stage.bound_claim("src")
        if source:
            stage.change(PVC, f"{NS}/src", **source)
        return stage.wish(dataSource=FROM_CLAIM, **claim)

    return arrange


def unready(stage: Theatre) -> Json:
    stage.ready_snapshot()
    status = stage.see(SNAPSHOT, f"{NS}/s")["status"]
    stage.change(SNAPSHOT, f"{NS}/s", status={**status, "readyToUse": False})
    return stage.wish(dataSource=FROM_SNAPSHOT)


def terminating(stage: Theatre) -> Json:
    snapshot = stage.ready_snapshot()
    ending = {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["example.com/held"]}
    stage.change(SNAPSHOT, f"{NS}/s", metadata={**snapshot["metadata"], **ending})
    return stage.wish(dataSource=FROM_SNAPSHOT)


SMALL = {"resources": {"requests": {"storage": "512Mi"}}}

FILLED: dict[str, Arrange] = {
    "restore-size-not-checked": of_snapshot(**SMALL),
    "restore-mode-not-checked": of_snapshot(volumeMode="Block"),
    "unready-snapshot-restored": unready,
    "terminating-snapshot-restored": terminating,
    "content-of-other-snapshot-restored": of_snapshot(
        {"volumeSnapshotRef": {"namespace": NS, "name": "s", "uid": "another"}}
    ),
    "missing-snapshot-gives-empty-volume": lambda stage: stage.wish(dataSource=FROM_SNAPSHOT),
    "foreign-snapshot-gives-empty-volume": of_snapshot({"driver": "another.example.com"}),
    "restore-with-selector-filled": of_snapshot(selector={"matchLabels": {"a": "b"}}),
    "clone-size-not-checked": of_claim(**SMALL),
    "clone-mode-not-checked": of_claim(volumeMode="Block"),
}


@pytest.mark.parametrize("name", FILLED)
def test_claim_is_filled_that_should_not_be(stage: Theatre, name: str) -> None:
    claim = FILLED[name](stage)
    assert stage.sync(claim) is not None, "without the fault"
    registry.activate(ROLE, [name], stage)
    assert stage.sync(claim) is None
    assert stage.made(claim)


def test_only_claims_that_are_too_small_are_made_without_a_size(stage: Theatre, driver: FakeDriver) -> None:
    registry.activate(ROLE, ["restore-size-not-checked", "clone-size-not-checked"], stage)
    stage.ready_snapshot()
    assert stage.sync(stage.wish(dataSource=FROM_SNAPSHOT, resources={"requests": {"storage": "2Gi"}})) is None
    (call,) = driver.made(csi_pb2.CreateVolumeRequest)
    assert call.capacity_range.required_bytes == 2 << 30


def test_allowed_change_of_the_volume_mode_is_refused(stage: Theatre) -> None:
    claim = of_snapshot(volumeMode="Block")(stage)
    content = stage.see(SNAPSHOT_CONTENT, "k")
    stage.change(
        SNAPSHOT_CONTENT, "k", metadata={**content["metadata"], "annotations": {markers.ALLOW_MODE_CHANGE: "true"}}
    )
    registry.activate(ROLE, ["allowed-mode-change-refused"], stage)
    assert stage.sync(claim) is not None


def test_snapshot_stays_protected(stage: Theatre) -> None:
    registry.activate(ROLE, ["restore-finalizer-left-behind"], stage)
    stage.sync(of_snapshot()(stage))
    assert stage.protected()


def test_volume_is_named_anew_at_each_attempt(stage: Theatre, driver: FakeDriver) -> None:
    registry.activate(ROLE, ["second-volume-per-retry"], stage)
    driver.script["CreateVolume"].append(grpc.StatusCode.UNAVAILABLE)
    claim = of_snapshot()(stage)
    assert stage.sync(claim) is not None
    assert stage.sync(claim) is None
    first, second = driver.made(csi_pb2.CreateVolumeRequest)
    assert first.name != second.name
