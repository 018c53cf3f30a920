"""The profile of the old release: what its driver does otherwise, from the first write to the last delete."""

from __future__ import annotations

import time

import grpc
import pytest

from pytest_csi_snapshot.reference_impl.wire import csi_pb2

from .machine import MIB, NODE, Machine, mount_capability
from .test_driver_codes import refused
from .test_driver_life import size, synced

CAPABILITY = mount_capability()
Code = grpc.StatusCode


@pytest.fixture
def seed(stopped: Machine) -> Machine:
    """A machine like that release."""
    stopped.backend.start("--profile", "seed")
    stopped.driver.start("--profile", "seed")
    stopped.ready()
    return stopped


def attach_when_filled(machine: Machine, volume: str) -> None:
    """As Kubernetes does: until the driver no longer says ABORTED."""
    end, said = time.monotonic() + 30, f"volume {volume} is not ready for workloads"
    while True:
        try:
            machine.attach(volume, CAPABILITY)
            return
        except grpc.RpcError as error:
            if error.code() is not Code.ABORTED or said not in str(error.details()) or time.monotonic() > end:
                raise
        time.sleep(0.02)


def test_what_it_claims(seed: Machine) -> None:
    kind = csi_pb2.ControllerServiceCapability.RPC
    answer = seed.controller.ControllerGetCapabilities(csi_pb2.ControllerGetCapabilitiesRequest())
    plugin = seed.identity.GetPluginCapabilities(csi_pb2.GetPluginCapabilitiesRequest()).capabilities

    assert {kind.Type.Name(item.rpc.type) for item in answer.capabilities} == {
        "CREATE_DELETE_VOLUME",
        "PUBLISH_UNPUBLISH_VOLUME",
        "CREATE_DELETE_SNAPSHOT",
        "CLONE_VOLUME",
        "EXPAND_VOLUME",
    }
    services = csi_pb2.PluginCapability.Service
    assert [item.service.type for item in plugin if item.HasField("service")] == [services.CONTROLLER_SERVICE]
    expansions = [item.volume_expansion.type for item in plugin if item.HasField("volume_expansion")]
    assert expansions == [csi_pb2.PluginCapability.VolumeExpansion.OFFLINE]
    for call, request in (
        (seed.controller.ListSnapshots, csi_pb2.ListSnapshotsRequest()),
        (seed.controller.GetSnapshot, csi_pb2.GetSnapshotRequest(snapshot_id="bs://a/b")),
        (seed.controller.ListVolumes, csi_pb2.ListVolumesRequest()),
        (seed.controller.GetCapacity, csi_pb2.GetCapacityRequest()),
        (seed.groups.CreateVolumeGroupSnapshot, csi_pb2.CreateVolumeGroupSnapshotRequest(name="g")),
    ):
        assert refused(call, request) is Code.UNIMPLEMENTED, request


def test_a_snapshot_is_a_backup_of_an_attached_volume(seed: Machine) -> None:
    seed.create("pvc-a", CAPABILITY)
    with pytest.raises(grpc.RpcError) as error:
        seed.snapshot("pvc-a", "snapshot-1", type="")
    assert error.value.code() is Code.INTERNAL
    assert error.value.details() == "action [snapshotList] not available on volume pvc-a: it is detached"
    path = seed.use("pvc-a", CAPABILITY)
    synced(path / "file", b"x" * MIB)

    first = seed.snapshot("pvc-a", "snapshot-1", type="")
    backup = seed.backup("pvc-a", "snapshot-1")

    assert first.snapshot_id == backup.snapshot_id
    assert first.snapshot_id.startswith("bs://pvc-a/backup-")
    assert first.creation_time == backup.creation_time
    assert (first.creation_time.nanos, first.size_bytes) == (0, 16 * MIB)
    seed.create("pvc-b", CAPABILITY, source=backup.snapshot_id)
    attach_when_filled(seed, "pvc-b")
    assert (seed.use("pvc-b", CAPABILITY) / "file").read_bytes() == b"x" * MIB
    seed.delete_snapshot(backup)
    seed.delete_snapshot(backup)
    assert refused(seed.create, "pvc-c", CAPABILITY, 16, backup.snapshot_id) is Code.NOT_FOUND
    seed.unuse("pvc-b")
    seed.unuse("pvc-a")


def test_a_clone_is_made_of_a_volume_in_use_and_grows_detached(seed: Machine) -> None:
    seed.create("pvc-a", CAPABILITY)
    path = seed.use("pvc-a", CAPABILITY)
    synced(path / "file", b"of the source")
    seed.create("pvc-b", CAPABILITY, source="pvc-a")

    answer = seed.expand("pvc-b", CAPABILITY, 640)
    assert (answer.capacity_bytes, answer.node_expansion_required) == (640 * MIB, False)
    clone = seed.use("pvc-b", CAPABILITY)
    assert (clone / "file").read_bytes() == b"of the source"
    assert size(clone) > 560 * MIB
    with pytest.raises(grpc.RpcError) as error:
        seed.expand("pvc-b", CAPABILITY, 1024)
    assert error.value.code() is Code.FAILED_PRECONDITION
    assert error.value.details() == "volume pvc-b invalid state attached for expansion"
    assert refused(seed.create, "pvc-c", CAPABILITY, 8, "pvc-a") is Code.OUT_OF_RANGE
    seed.unuse("pvc-b")
    seed.unuse("pvc-a")


def test_unknown_things_are_not_found(seed: Machine) -> None:
    publish = csi_pb2.ControllerPublishVolumeRequest(
        volume_id="nobody", node_id=NODE, volume_capability=CAPABILITY
    )
    assert refused(seed.controller.ControllerPublishVolume, publish) is Code.NOT_FOUND
    assert refused(seed.snapshot, "nobody", "snapshot-1") is Code.NOT_FOUND
    for source in ("bs://pvc-a/nothing", "snap://pvc-a/nothing", "bs://pvc-a", "anything"):
        if "://" in source:
            assert refused(seed.create, "pvc-b", CAPABILITY, 16, source) is Code.NOT_FOUND, source
        seed.controller.DeleteSnapshot(csi_pb2.DeleteSnapshotRequest(snapshot_id=source))
