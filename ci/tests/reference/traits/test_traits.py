"""Each trait makes a driver of another kind out of services that do all they are asked."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import grpc
import pytest

from pytest_csi_snapshot.reference_impl.driver.refusals import Refusal
from pytest_csi_snapshot.reference_impl.traits import registry
from pytest_csi_snapshot.reference_impl.traits.scripted import Script
from pytest_csi_snapshot.reference_impl.wire import csi_pb2

GIB = 1 << 30
RPC = csi_pb2.ControllerServiceCapability.RPC


class Caller:
    """The context of a call; its caller hangs up after so many looks."""

    def __init__(self, patience: int = 1_000_000) -> None:
        self._patience = patience

    def is_active(self) -> bool:
        self._patience -= 1
        return self._patience >= 0


class Controller:
    """Answers everything; ``sizes`` are the volumes, ``used`` those that a node has."""

    def __init__(self) -> None:
        self.sizes: dict[str, int] = {}
        self.used: set[str] = set()
        self.cut: list[str] = []

    def ControllerGetCapabilities(self, request: Any, context: Any) -> Any:  # noqa: N802
        kind = csi_pb2.ControllerServiceCapability
        types = (RPC.LIST_SNAPSHOTS, RPC.GET_SNAPSHOT, RPC.CLONE_VOLUME, RPC.EXPAND_VOLUME)
        return csi_pb2.ControllerGetCapabilitiesResponse(
            capabilities=[kind(rpc=kind.RPC(type=one)) for one in types]
        )

    def ListSnapshots(self, request: Any, context: Any) -> Any:  # noqa: N802
        return csi_pb2.ListSnapshotsResponse()

    GetSnapshot = ListSnapshots

    def ListVolumes(self, request: Any, context: Any) -> Any:  # noqa: N802
        entry = csi_pb2.ListVolumesResponse.Entry
        return csi_pb2.ListVolumesResponse(
            entries=[
                entry(
                    volume=csi_pb2.Volume(volume_id=name),
                    status=csi_pb2.ListVolumesResponse.VolumeStatus(
                        published_node_ids=["node-1"] if name in self.used else []
                    ),
                )
                for name in self.sizes
            ]
        )

    def CreateVolume(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.sizes[request.name] = request.capacity_range.required_bytes
        volume = csi_pb2.Volume(volume_id=request.name, content_source=request.volume_content_source)
        return csi_pb2.CreateVolumeResponse(volume=volume)

    def DeleteVolume(self, request: Any, context: Any) -> Any:  # noqa: N802
        del self.sizes[request.volume_id]
        return csi_pb2.DeleteVolumeResponse()

    def ControllerExpandVolume(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.sizes[request.volume_id] = request.capacity_range.required_bytes
        return csi_pb2.ControllerExpandVolumeResponse(capacity_bytes=request.capacity_range.required_bytes)

    def CreateSnapshot(self, request: Any, context: Any) -> Any:  # noqa: N802
        assert not set(request.parameters) & {"answers", "omits", "takes", "ready_after", "held_by", "tells"}
        self.cut.append(request.name)
        snapshot = csi_pb2.Snapshot(snapshot_id=request.name, size_bytes=GIB, ready_to_use=True)
        snapshot.creation_time.GetCurrentTime()
        return csi_pb2.CreateSnapshotResponse(snapshot=snapshot)

    def DeleteSnapshot(self, request: Any, context: Any) -> Any:  # noqa: N802
        return csi_pb2.DeleteSnapshotResponse()


class Node:
    def NodeExpandVolume(self, request: Any, context: Any) -> Any:  # noqa: N802
        return csi_pb2.NodeExpandVolumeResponse(capacity_bytes=request.capacity_range.required_bytes)


class Identity:
    def GetPluginCapabilities(self, request: Any, context: Any) -> Any:  # noqa: N802
        kind = csi_pb2.PluginCapability
        online = kind(volume_expansion=kind.VolumeExpansion(type=kind.VolumeExpansion.ONLINE))
        return csi_pb2.GetPluginCapabilitiesResponse(capabilities=[online])


def services(*traits: str) -> Any:
    made: Any = SimpleNamespace(controller=Controller(), node=Node(), identity=Identity(), groups=None)
    registry.apply(registry.chosen(traits), made)
    return made


def announced(driver: Any) -> set[int]:
    answer = driver.controller.ControllerGetCapabilities(None, None)
    return {one.rpc.type for one in answer.capabilities}


def volume(driver: Any, gib: int = 1, **parameters: str) -> Any:
    request = csi_pb2.CreateVolumeRequest(name="a", parameters=parameters)
    request.capacity_range.required_bytes = gib * GIB
    request.volume_content_source.volume.volume_id = "source"
    return driver.controller.CreateVolume(request, Caller()).volume


def expand(driver: Any, gib: int) -> Any:
    asked = csi_pb2.CapacityRange(required_bytes=gib * GIB)
    request = csi_pb2.ControllerExpandVolumeRequest(volume_id="a", capacity_range=asked)
    return driver.controller.ControllerExpandVolume(request, Caller())


def expand_on_node(driver: Any, gib: int) -> Any:
    asked = csi_pb2.CapacityRange(required_bytes=gib * GIB)
    return driver.node.NodeExpandVolume(csi_pb2.NodeExpandVolumeRequest(volume_id="a", capacity_range=asked), None)


def snapshot(driver: Any, caller: Caller | None = None, **parameters: str) -> Any:
    request = csi_pb2.CreateSnapshotRequest(name="s", source_volume_id="a", parameters=parameters)
    return driver.controller.CreateSnapshot(request, caller or Caller()).snapshot


def refused(code: str, call: Any, *args: Any, **parameters: Any) -> str:
    with pytest.raises(Refusal) as caught:
        call(*args, **parameters)
    assert caught.value.code is grpc.StatusCode[code]
    return caught.value.message


def test_less_is_announced_and_done() -> None:
    driver = services("no-list-snapshots", "no-clone")
    assert announced(driver) == {RPC.EXPAND_VOLUME}
    for method in (driver.controller.ListSnapshots, driver.controller.GetSnapshot):
        with pytest.raises(NotImplementedError):
            method(None, None)


def test_the_node_expands_alone() -> None:
    driver = services("node-expansion")
    volume(driver)
    assert RPC.EXPAND_VOLUME not in announced(driver)
    with pytest.raises(NotImplementedError):
        expand(driver, 2)
    assert expand_on_node(driver, 2).capacity_bytes == 2 * GIB
    assert driver.controller.sizes["a"] == 2 * GIB


def test_sizes_are_limited() -> None:
    driver = services("max-size=4", "max-node-size=2")
    refused("OUT_OF_RANGE", volume, driver, 5)
    volume(driver, 1)
    expand(driver, 4)
    refused("OUT_OF_RANGE", expand, driver, 5)
    expand_on_node(driver, 2)
    refused("OUT_OF_RANGE", expand_on_node, driver, 3)


def test_volumes_in_use_do_not_grow() -> None:
    driver = services("offline-expansion")
    volume(driver)
    driver.controller.used.add("a")
    refused("FAILED_PRECONDITION", expand, driver, 2)
    driver.controller.used.clear()
    expand(driver, 2)
    found = driver.identity.GetPluginCapabilities(None, None).capabilities[0].volume_expansion
    assert found.type == csi_pb2.PluginCapability.VolumeExpansion.OFFLINE


def test_answers_are_scripted_call_by_call() -> None:
    driver = services("scripted")
    answers = "CreateSnapshot=UNAVAILABLE*2 DeleteSnapshot=INTERNAL*1"
    first = refused("UNAVAILABLE", snapshot, driver, answers=answers)
    second = refused("UNAVAILABLE", snapshot, driver, answers=answers)
    assert (first[:38], second[:38]) == (
        "scripted answer to CreateSnapshot: cal",
        "scripted answer to CreateSnapshot: cal",
    )
    assert first != second
    assert snapshot(driver, answers=answers).ready_to_use
    gone = csi_pb2.DeleteSnapshotRequest(snapshot_id="s")
    refused("INTERNAL", driver.controller.DeleteSnapshot, gone, None)
    driver.controller.DeleteSnapshot(gone, None)


def test_an_answer_tells_what_came_with_the_call() -> None:
    driver = services("scripted")
    told = refused(
        "ABORTED", snapshot, driver, answers="CreateSnapshot=ABORTED*1", tells="parameters", plain="x", a="b"
    )
    assert told.endswith(" s, told a=b plain=x")
    assert snapshot(driver, answers="CreateSnapshot=ABORTED*1", tells="parameters", plain="x").ready_to_use


def test_a_volume_has_its_script_for_life() -> None:
    driver = services("scripted")
    volume(driver, answers="ControllerExpandVolume=ABORTED*1")
    refused("ABORTED", expand, driver, 2)
    expand(driver, 2)


def test_fields_are_left_out() -> None:
    driver = services("scripted")
    assert not volume(driver, omits="content_source").HasField("content_source")
    cut = snapshot(driver, omits="creation_time size_bytes")
    assert not cut.HasField("creation_time")
    assert cut.size_bytes == 0


def test_a_slow_snapshot_is_cut_before_its_caller_hangs_up() -> None:
    driver = services("scripted")
    refused("DEADLINE_EXCEEDED", snapshot, driver, Caller(patience=1), takes="0.3")
    assert driver.controller.cut == ["s"]
    assert snapshot(driver, takes="0.3").ready_to_use


def test_a_snapshot_is_held_by_what_was_restored_from_it() -> None:
    driver = services("scripted")
    snapshot(driver, held_by="restores")
    request = csi_pb2.CreateVolumeRequest(name="b")
    request.volume_content_source.snapshot.snapshot_id = "s"
    driver.controller.CreateVolume(request, Caller())
    gone = csi_pb2.DeleteSnapshotRequest(snapshot_id="s")
    refused("FAILED_PRECONDITION", driver.controller.DeleteSnapshot, gone, None)
    driver.controller.DeleteVolume(csi_pb2.DeleteVolumeRequest(volume_id="b"), None)
    driver.controller.DeleteSnapshot(gone, None)


def test_a_snapshot_is_ready_after_a_while() -> None:
    driver = services("scripted")
    assert not snapshot(driver, ready_after="60").ready_to_use


@pytest.mark.parametrize(
    "parameters",
    [{"answers": "CreateSnapshot"}, {"answers": "CreateSnapshot=NO_SUCH*1"}, {"takes": "long"}],
)
def test_a_script_that_means_nothing_is_refused(parameters: dict[str, str]) -> None:
    refused("INVALID_ARGUMENT", Script.of, parameters)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("no-lists", "unknown trait 'no-lists': known are no-list-snapshots, "),
        ("no-clone=1", "takes no value"),
        ("max-size", "needs =GIB"),
        ("max-size=big", "'big' is not a number of GiB"),
    ],
)
def test_a_wrong_trait_is_named(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        registry.chosen([text])
