"""The codes the specification asks for, call by call; each test names its clause."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import grpc
import pytest

from pytest_csi_snapshot.reference_impl.wire import csi_pb2, registration_pb2, registration_pb2_grpc

from .machine import MIB, NODE, Machine, block_capability, mount_capability
from .rest import Rest

CAPABILITY = mount_capability()
Code = grpc.StatusCode


def refused(call: Callable[..., Any], *arguments: Any, **named: Any) -> grpc.StatusCode:
    with pytest.raises(grpc.RpcError) as error:
        call(*arguments, **named)
    code = error.value.code()
    assert isinstance(code, grpc.StatusCode)
    return code


def test_what_is_missing_in_a_request_is_an_invalid_argument(machine: Machine) -> None:
    """RPC-CRS-001, RPC-DES-001, RPC-CEX-002, RPC-NEX-001, RPC-GET-001."""
    controller, node = machine.controller, machine.node
    machine.create("pvc-a", CAPABILITY)
    for call, request in (
        (controller.CreateVolume, csi_pb2.CreateVolumeRequest(volume_capabilities=[CAPABILITY])),
        (controller.CreateVolume, csi_pb2.CreateVolumeRequest(name="pvc-b")),
        (controller.DeleteVolume, csi_pb2.DeleteVolumeRequest()),
        (controller.ControllerPublishVolume, csi_pb2.ControllerPublishVolumeRequest(node_id=NODE)),
        (
            controller.ControllerPublishVolume,
            csi_pb2.ControllerPublishVolumeRequest(volume_id="pvc-a", node_id=NODE),
        ),
        (controller.ControllerUnpublishVolume, csi_pb2.ControllerUnpublishVolumeRequest()),
        (controller.ValidateVolumeCapabilities, csi_pb2.ValidateVolumeCapabilitiesRequest(volume_id="pvc-a")),
        (controller.CreateSnapshot, csi_pb2.CreateSnapshotRequest(name="s")),
        (controller.CreateSnapshot, csi_pb2.CreateSnapshotRequest(source_volume_id="pvc-a")),
        (controller.DeleteSnapshot, csi_pb2.DeleteSnapshotRequest()),
        (controller.GetSnapshot, csi_pb2.GetSnapshotRequest()),
        (controller.ControllerExpandVolume, csi_pb2.ControllerExpandVolumeRequest(volume_id="pvc-a")),
        (node.NodeStageVolume, csi_pb2.NodeStageVolumeRequest(volume_id="pvc-a")),
        (node.NodeUnstageVolume, csi_pb2.NodeUnstageVolumeRequest(volume_id="pvc-a")),
        (node.NodePublishVolume, csi_pb2.NodePublishVolumeRequest(volume_id="pvc-a")),
        (node.NodeUnpublishVolume, csi_pb2.NodeUnpublishVolumeRequest(volume_id="pvc-a")),
        (node.NodeExpandVolume, csi_pb2.NodeExpandVolumeRequest(volume_id="pvc-a")),
        (node.NodeGetVolumeStats, csi_pb2.NodeGetVolumeStatsRequest(volume_id="pvc-a")),
    ):
        assert refused(call, request) is Code.INVALID_ARGUMENT, request


@pytest.mark.parametrize("unknown", ["nobody", "../volumes", "With Capitals/and slashes"])
def test_an_unknown_volume_is_not_found_or_already_gone(machine: Machine, unknown: str) -> None:
    controller, node = machine.controller, machine.node
    for call, request in (
        (
            controller.ValidateVolumeCapabilities,
            csi_pb2.ValidateVolumeCapabilitiesRequest(volume_id=unknown, volume_capabilities=[CAPABILITY]),
        ),
        (
            controller.ControllerPublishVolume,
            csi_pb2.ControllerPublishVolumeRequest(volume_id=unknown, node_id=NODE, volume_capability=CAPABILITY),
        ),
        (
            controller.CreateSnapshot,
            csi_pb2.CreateSnapshotRequest(source_volume_id=unknown, name="s", parameters={"type": "snap"}),
        ),
        (
            controller.ControllerExpandVolume,
            csi_pb2.ControllerExpandVolumeRequest(
                volume_id=unknown, capacity_range=csi_pb2.CapacityRange(required_bytes=MIB)
            ),
        ),
        (node.NodeExpandVolume, csi_pb2.NodeExpandVolumeRequest(volume_id=unknown, volume_path="/tmp")),
        (node.NodeGetVolumeStats, csi_pb2.NodeGetVolumeStatsRequest(volume_id=unknown, volume_path="/tmp")),
    ):
        assert refused(call, request) is Code.NOT_FOUND, request
    controller.DeleteVolume(csi_pb2.DeleteVolumeRequest(volume_id=unknown))
    controller.ControllerUnpublishVolume(csi_pb2.ControllerUnpublishVolumeRequest(volume_id=unknown, node_id=NODE))
    assert not controller.ListSnapshots(csi_pb2.ListSnapshotsRequest(source_volume_id=unknown)).entries


def test_create_volume_again(machine: Machine) -> None:
    """RPC-CRV-001: the same call is the same volume; another size, mode or source is not."""
    machine.create("pvc-a", CAPABILITY, 16)
    machine.create("pvc-b", CAPABILITY, 16)
    snapshot = machine.snapshot("pvc-a", "snapshot-1")

    assert machine.create("pvc-a", CAPABILITY, 16).volume_id == "pvc-a"
    assert refused(machine.create, "pvc-a", CAPABILITY, 32) is Code.ALREADY_EXISTS
    assert refused(machine.create, "pvc-a", block_capability(), 16) is Code.ALREADY_EXISTS
    assert refused(machine.create, "pvc-a", CAPABILITY, 16, snapshot.snapshot_id) is Code.ALREADY_EXISTS
    restored = machine.create("pvc-c", CAPABILITY, 16, snapshot.snapshot_id)
    assert restored.content_source.snapshot.snapshot_id == snapshot.snapshot_id
    machine.controller.DeleteSnapshot(csi_pb2.DeleteSnapshotRequest(snapshot_id=snapshot.snapshot_id))
    assert (
        machine.create("pvc-c", CAPABILITY, 16, snapshot.snapshot_id) == restored
    )  # its source is not needed again


def test_sizes(machine: Machine) -> None:
    """RPC-CRV-001/002, RPC-CEX-001/002, EXP-013."""

    def create(name: str, required: int, limit: int = 0, source: str = "") -> int:
        content = csi_pb2.VolumeContentSource(volume=csi_pb2.VolumeContentSource.VolumeSource(volume_id=source))
        request = csi_pb2.CreateVolumeRequest(
            name=name,
            capacity_range=csi_pb2.CapacityRange(required_bytes=required, limit_bytes=limit),
            volume_capabilities=[CAPABILITY],
            volume_content_source=content if source else None,
        )
        return machine.controller.CreateVolume(request).volume.capacity_bytes

    def expand(required: int) -> int:
        asked = csi_pb2.CapacityRange(required_bytes=required)
        request = csi_pb2.ControllerExpandVolumeRequest(volume_id="pvc-b", capacity_range=asked)
        return machine.controller.ControllerExpandVolume(request).capacity_bytes

    assert create("pvc-a", 1) == 10 * MIB
    assert create("pvc-b", 15 * MIB) == 16 * MIB
    assert create("pvc-c", 15 * MIB, source="pvc-b") == 16 * MIB
    assert create("pvc-d", 0, source="pvc-b") == 16 * MIB
    assert refused(create, "pvc-e", 12 * MIB, source="pvc-b") is Code.OUT_OF_RANGE
    assert refused(create, "pvc-e", 15 * MIB, 15 * MIB) is Code.OUT_OF_RANGE
    assert refused(create, "pvc-e", 1 << 50) is Code.OUT_OF_RANGE
    assert expand(17 * MIB) == 18 * MIB
    assert expand(17 * MIB) == 18 * MIB
    assert expand(MIB) == 18 * MIB
    assert refused(expand, 1 << 50) is Code.OUT_OF_RANGE


def test_an_unknown_source_is_not_found(machine: Machine) -> None:
    """RPC-CRV-001; also for ids that are none of this driver's."""
    for source in (
        "snap://pvc-a/nothing",
        "snap://",
        "snap://a/b/c",
        "snap:/a/b",
        "bi://backing?backingImage=x",
        "://",
        "snap://../volumes",
        "pvc-nothing",
    ):
        assert refused(machine.create, "pvc-b", CAPABILITY, 16, source) is Code.NOT_FOUND, source


def test_access_modes(machine: Machine) -> None:
    shared = mount_capability(mode="MULTI_NODE_MULTI_WRITER")
    assert refused(machine.create, "pvc-a", shared) is Code.INVALID_ARGUMENT
    assert refused(machine.create, "pvc-a", mount_capability("ext3")) is Code.INVALID_ARGUMENT
    assert machine.create("pvc-b", block_capability("MULTI_NODE_MULTI_WRITER")).volume_id == "pvc-b"
    answer = machine.controller.ValidateVolumeCapabilities(
        csi_pb2.ValidateVolumeCapabilitiesRequest(volume_id="pvc-b", volume_capabilities=[shared])
    )
    assert not answer.HasField("confirmed")
    assert "MULTI_NODE_MULTI_WRITER" in answer.message


def test_create_snapshot_again(machine: Machine) -> None:
    """RPC-CRS-002, RPC-CRS-003."""
    machine.create("pvc-a", CAPABILITY)
    machine.create("pvc-b", CAPABILITY)
    first = machine.snapshot("pvc-a", "snapshot-1")

    assert machine.snapshot("pvc-a", "snapshot-1") == first
    assert refused(machine.snapshot, "pvc-b", "snapshot-1") is Code.ALREADY_EXISTS
    assert first.snapshot_id == "snap://pvc-a/snapshot-1"
    assert (first.source_volume_id, first.size_bytes, first.ready_to_use) == ("pvc-a", 16 * MIB, True)
    assert first.creation_time.seconds > 1_700_000_000
    assert machine.snapshot("pvc-a", "Any Name At All " * 8).snapshot_id.startswith(
        "snap://pvc-a/any-name-at-all-"
    )


def test_a_volume_with_as_many_snapshots_as_it_may_have(machine: Machine, rest: Rest) -> None:
    """RPC-CRS-004; what is there stays usable, and a deletion makes room."""
    machine.create("pvc-a", CAPABILITY)
    rest.act("volumes/pvc-a", "updateSnapshotMaxCount", snapshotMaxCount=2)
    made = [machine.snapshot("pvc-a", f"snapshot-{number}") for number in range(2)]

    for kind in ("snap", "bak"):
        assert refused(machine.snapshot, "pvc-a", "snapshot-2", type=kind) is Code.RESOURCE_EXHAUSTED
    assert machine.snapshot("pvc-a", "snapshot-1") == made[1]
    machine.delete_snapshot(made[0])
    assert machine.snapshot("pvc-a", "snapshot-2").ready_to_use


def test_delete_and_get_snapshot(machine: Machine) -> None:
    """RPC-DES-001, RPC-GET-001."""
    machine.create("pvc-a", CAPABILITY)
    snapshot = machine.snapshot("pvc-a", "snapshot-1")
    get = csi_pb2.GetSnapshotRequest(snapshot_id=snapshot.snapshot_id)
    assert machine.controller.GetSnapshot(get).snapshot == snapshot
    for snapshot_id in ("snap://pvc-b/snapshot-1", snapshot.snapshot_id, snapshot.snapshot_id, "anything"):
        machine.controller.DeleteSnapshot(csi_pb2.DeleteSnapshotRequest(snapshot_id=snapshot_id))
    assert refused(machine.controller.GetSnapshot, get) is Code.NOT_FOUND


def test_list_snapshots_in_pages(machine: Machine) -> None:
    """RPC-LIS-001, RPC-LIS-002."""
    for volume in ("pvc-a", "pvc-b"):
        machine.create(volume, CAPABILITY)
        for number in range(3):
            machine.snapshot(volume, f"{volume}-snapshot-{number}")

    def listed(**asked: Any) -> list[str]:
        found, token = [], ""
        while True:
            answer = machine.controller.ListSnapshots(csi_pb2.ListSnapshotsRequest(**asked, starting_token=token))
            found += [entry.snapshot.snapshot_id for entry in answer.entries]
            token = answer.next_token
            if not token:
                return found

    everything = listed()
    assert len(set(everything)) == 6
    assert listed(max_entries=4) == listed(max_entries=1) == everything
    assert listed(source_volume_id="pvc-b") == everything[3:]
    assert listed(snapshot_id=everything[0]) == everything[:1]
    assert listed(snapshot_id="snap://pvc-a/nothing") == listed(source_volume_id="nothing") == []
    assert listed(snapshot_id=everything[0], source_volume_id="pvc-b") == []
    bad = csi_pb2.ListSnapshotsRequest(starting_token="5")
    assert refused(machine.controller.ListSnapshots, bad) is Code.ABORTED
    pages = machine.controller.ListVolumes(csi_pb2.ListVolumesRequest(max_entries=1))
    assert [entry.volume.volume_id for entry in pages.entries] == ["pvc-a"]
    assert pages.next_token


def test_where_a_volume_may_be_attached(machine: Machine) -> None:
    machine.create("pvc-a", CAPABILITY)

    def attach(node: str, capability: csi_pb2.VolumeCapability = CAPABILITY) -> Any:
        return machine.controller.ControllerPublishVolume(
            csi_pb2.ControllerPublishVolumeRequest(volume_id="pvc-a", node_id=node, volume_capability=capability)
        )

    assert refused(attach, "node-of-nobody") is Code.NOT_FOUND
    assert attach(NODE) == attach(NODE)
    assert refused(attach, NODE, mount_capability(mode="SINGLE_NODE_MULTI_WRITER")) is Code.ALREADY_EXISTS
    delete = csi_pb2.DeleteVolumeRequest(volume_id="pvc-a")
    assert refused(machine.controller.DeleteVolume, delete) is Code.FAILED_PRECONDITION


def test_only_writers_that_may_be_several_are_on_several_nodes(machine: Machine, rest: Rest) -> None:
    rest.add_node("node-2")

    def attach(volume: str, node: str, capability: csi_pb2.VolumeCapability) -> None:
        machine.controller.ControllerPublishVolume(
            csi_pb2.ControllerPublishVolumeRequest(volume_id=volume, node_id=node, volume_capability=capability)
        )

    def detach(volume: str, node: str) -> None:
        machine.controller.ControllerUnpublishVolume(
            csi_pb2.ControllerUnpublishVolumeRequest(volume_id=volume, node_id=node)
        )

    shared, readers = block_capability("MULTI_NODE_MULTI_WRITER"), mount_capability(mode="MULTI_NODE_READER_ONLY")
    for volume, capability in (("pvc-a", shared), ("pvc-b", readers)):
        machine.create(volume, capability)
        attach(volume, NODE, capability)
        attach(volume, "node-2", capability)
    machine.create("pvc-c", CAPABILITY)
    attach("pvc-c", NODE, CAPABILITY)
    assert refused(attach, "pvc-c", "node-2", CAPABILITY) is Code.FAILED_PRECONDITION

    listed = machine.controller.ListVolumes(csi_pb2.ListVolumesRequest()).entries
    nodes = {entry.volume.volume_id: list(entry.status.published_node_ids) for entry in listed}
    assert nodes == {"pvc-a": [NODE, "node-2"], "pvc-b": [NODE, "node-2"], "pvc-c": [NODE]}
    detach("pvc-a", NODE)
    detach("pvc-a", "node-2")
    detach("pvc-b", "")
    detach("pvc-c", NODE)
    listed = machine.controller.ListVolumes(csi_pb2.ListVolumesRequest()).entries
    assert [list(entry.status.published_node_ids) for entry in listed] == [[], [], []]


def test_a_volume_that_is_not_attached_cannot_be_staged(machine: Machine) -> None:
    machine.create("pvc-a", CAPABILITY)
    assert refused(machine.stage, "pvc-a", CAPABILITY) is Code.FAILED_PRECONDITION
    machine.attach("pvc-a", CAPABILITY)
    assert refused(machine.publish, "pvc-a", CAPABILITY) is Code.FAILED_PRECONDITION  # not staged


def test_capabilities_are_claimed_if_and_only_if_they_work(machine: Machine) -> None:
    """RPC-CAP-001, RPC-CAP-002: the calls behind those claimed are in the other tests."""
    kind = csi_pb2.ControllerServiceCapability.RPC
    answer = machine.controller.ControllerGetCapabilities(csi_pb2.ControllerGetCapabilitiesRequest())
    claimed = {kind.Type.Name(item.rpc.type) for item in answer.capabilities}

    assert {"CREATE_DELETE_SNAPSHOT", "LIST_SNAPSHOTS", "CLONE_VOLUME", "EXPAND_VOLUME", "GET_CAPACITY"} <= claimed
    assert "PUBLISH_READONLY" not in claimed


def test_capacity_is_what_is_free_in_the_pool(machine: Machine) -> None:
    def capacity(**segments: str) -> csi_pb2.GetCapacityResponse:
        topology = csi_pb2.Topology(segments=segments)
        request = csi_pb2.GetCapacityRequest(accessible_topology=topology if segments else None)
        return machine.controller.GetCapacity(request)

    before = capacity()
    assert 0 < before.available_capacity == before.maximum_volume_size.value < 64 << 30
    assert before.minimum_volume_size.value == 10 * MIB
    path = machine.use(machine.create("pvc-a", block_capability(), 32).volume_id, block_capability())
    with path.open("r+b") as file:
        file.write(os.urandom(32 * MIB))
        os.fsync(file.fileno())

    assert capacity().available_capacity <= before.available_capacity - 32 * MIB
    assert capacity(**{"kubernetes.io/hostname": NODE}).available_capacity <= before.available_capacity - 32 * MIB
    assert refused(capacity, **{"kubernetes.io/hostname": "node-of-nobody"}) is Code.NOT_FOUND
    assert refused(capacity, zone="a") is Code.INVALID_ARGUMENT
    asked = csi_pb2.GetCapacityRequest(volume_capabilities=[mount_capability("ext3")])
    assert machine.controller.GetCapacity(asked).available_capacity == 0
    asked = csi_pb2.GetCapacityRequest(volume_capabilities=[mount_capability("xfs")])
    assert machine.controller.GetCapacity(asked).minimum_volume_size.value == 300 * MIB
    machine.unuse("pvc-a")


def test_secrets_are_taken_and_never_told(machine: Machine) -> None:
    """In no log, whether a call succeeds, is refused, or fails."""
    secrets = {"user": "somebody", "password": "not-to-be-told"}
    created = csi_pb2.CreateVolumeRequest(name="pvc-a", volume_capabilities=[CAPABILITY], secrets=secrets)
    volume = machine.controller.CreateVolume(created).volume.volume_id
    publish = csi_pb2.ControllerPublishVolumeRequest(
        volume_id=volume, node_id=NODE, volume_capability=CAPABILITY, secrets=secrets
    )
    machine.controller.ControllerPublishVolume(publish)
    stage = csi_pb2.NodeStageVolumeRequest(
        volume_id=volume,
        staging_target_path=str(machine.staging(volume)),
        volume_capability=CAPABILITY,
        secrets=secrets,
    )
    machine.node.NodeStageVolume(stage)
    snapshot = csi_pb2.CreateSnapshotRequest(
        source_volume_id=volume, name="snapshot-1", parameters={"type": "snap"}, secrets=secrets
    )
    made = machine.controller.CreateSnapshot(snapshot).snapshot
    machine.controller.DeleteSnapshot(csi_pb2.DeleteSnapshotRequest(snapshot_id=made.snapshot_id, secrets=secrets))
    snapshot.source_volume_id = "nobody"
    assert refused(machine.controller.CreateSnapshot, snapshot) is Code.NOT_FOUND
    (machine.folder / "file").touch()
    stage.staging_target_path = str(machine.folder / "file" / "nowhere")
    assert refused(machine.node.NodeStageVolume, stage) is Code.INTERNAL

    said = machine.driver.said() + machine.backend.said()
    assert "CreateSnapshot" in said
    assert "NodeStageVolume" in said
    assert "not-to-be-told" not in said
    machine.unuse(volume)


def test_the_kubelet_finds_the_driver(machine: Machine) -> None:
    with grpc.insecure_channel(f"unix://{machine.registry}/driver.longhorn.io-reg.sock") as channel:
        kubelet = registration_pb2_grpc.RegistrationStub(channel)
        info = kubelet.GetInfo(registration_pb2.InfoRequest())
        kubelet.NotifyRegistrationStatus(registration_pb2.RegistrationStatus(plugin_registered=True))
    assert (info.type, info.name, info.endpoint) == ("CSIPlugin", "driver.longhorn.io", str(machine.socket))
    assert machine.node.NodeGetInfo(csi_pb2.NodeGetInfoRequest()).node_id == NODE
    assert machine.driver.stop() == 0
    assert not list(machine.registry.iterdir())
