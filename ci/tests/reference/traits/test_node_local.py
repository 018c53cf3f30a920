"""A driver whose volumes are on one node each: what it says of them, and what it refuses."""

# ruff: noqa: N802  names of methods are the interface's

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import grpc
import pytest

from pytest_csi_snapshot.reference_impl.driver.refusals import Refusal
from pytest_csi_snapshot.reference_impl.traits import registry
from pytest_csi_snapshot.reference_impl.traits.node_local import SEGMENT
from pytest_csi_snapshot.reference_impl.wire import csi_pb2


class Controller:
    """Does as it is asked."""

    def CreateVolume(self, request: Any, context: Any) -> Any:
        return csi_pb2.CreateVolumeResponse(volume=csi_pb2.Volume(volume_id=request.name))

    def CreateSnapshot(self, request: Any, context: Any) -> Any:
        return csi_pb2.CreateSnapshotResponse()

    def ControllerPublishVolume(self, request: Any, context: Any) -> Any:
        return csi_pb2.ControllerPublishVolumeResponse()


class Node:
    """Stages only what has a plain context."""

    def NodeGetInfo(self, request: Any, context: Any) -> Any:
        return csi_pb2.NodeGetInfoResponse(node_id="node-1")

    def NodeStageVolume(self, request: Any, context: Any) -> Any:
        assert SEGMENT not in request.volume_context
        return csi_pb2.NodeStageVolumeResponse()


class Identity:
    """Announces nothing."""

    def GetPluginCapabilities(self, request: Any, context: Any) -> Any:
        return csi_pb2.GetPluginCapabilitiesResponse()


@pytest.fixture
def driver() -> Any:
    made: Any = SimpleNamespace(controller=Controller(), node=Node(), identity=Identity(), groups=None)
    registry.apply(registry.chosen(["node-local"]), made)
    return made


def volume(driver: Any, name: str = "a", node: str = "node-1", **source: str) -> Any:
    request = csi_pb2.CreateVolumeRequest(name=name)
    request.accessibility_requirements.requisite.add().segments[SEGMENT] = node
    if "volume" in source:
        request.volume_content_source.volume.volume_id = source["volume"]
    if "snapshot" in source:
        request.volume_content_source.snapshot.snapshot_id = source["snapshot"]
    return driver.controller.CreateVolume(request, None).volume


def refused(code: str, call: Any, *args: Any, **parameters: Any) -> None:
    with pytest.raises(Refusal) as caught:
        call(*args, **parameters)
    assert caught.value.code is grpc.StatusCode[code]


def test_it_announces_where_its_volumes_are(driver: Any) -> None:
    (capability,) = driver.identity.GetPluginCapabilities(None, None).capabilities
    assert capability.service.type == csi_pb2.PluginCapability.Service.VOLUME_ACCESSIBILITY_CONSTRAINTS
    info = driver.node.NodeGetInfo(csi_pb2.NodeGetInfoRequest(), None)
    assert dict(info.accessible_topology.segments) == {SEGMENT: "node-1"}
    (topology,) = volume(driver).accessible_topology
    assert dict(topology.segments) == {SEGMENT: "node-1"}


def test_it_makes_no_volume_for_another_node(driver: Any) -> None:
    refused("RESOURCE_EXHAUSTED", volume, driver, node="node-2")


def test_it_copies_and_cuts_only_what_it_has(driver: Any) -> None:
    refused("NOT_FOUND", volume, driver, "b", volume="a")
    refused("NOT_FOUND", volume, driver, "b", snapshot="snap://a/snapshot-1")
    cut = csi_pb2.CreateSnapshotRequest(name="s", source_volume_id="a")
    refused("NOT_FOUND", driver.controller.CreateSnapshot, cut, None)
    volume(driver)
    volume(driver, "b", volume="a")
    volume(driver, "c", snapshot="snap://a/snapshot-1")
    driver.controller.CreateSnapshot(cut, None)


def test_it_gives_a_volume_to_no_other_node(driver: Any) -> None:
    context = {SEGMENT: "node-1"}
    publish = csi_pb2.ControllerPublishVolumeRequest
    driver.controller.ControllerPublishVolume(publish(node_id="node-1", volume_context=context), None)
    elsewhere = publish(node_id="node-2", volume_context=context)
    refused("FAILED_PRECONDITION", driver.controller.ControllerPublishVolume, elsewhere, None)
    driver.node.NodeStageVolume(csi_pb2.NodeStageVolumeRequest(volume_context=context), None)
    stage = csi_pb2.NodeStageVolumeRequest(volume_context={SEGMENT: "node-2"})
    refused("FAILED_PRECONDITION", driver.node.NodeStageVolume, stage, None)
