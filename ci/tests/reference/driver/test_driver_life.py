"""What a user does with volumes, from the first write to the last delete."""

from __future__ import annotations

import hashlib
import os
import subprocess
import threading
from pathlib import Path

import grpc
import pytest

from pytest_csi_snapshot.reference_impl.driver.filesystems import grows_mounted
from pytest_csi_snapshot.reference_impl.wire import csi_pb2

from .machine import MIB, Machine, block_capability, mount_capability
from .rest import Rest


def synced(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


@pytest.mark.parametrize("fstype", ["ext4", "xfs"])
def test_a_restore_holds_what_was_written_before_the_cut_and_nothing_later(machine: Machine, fstype: str) -> None:
    capability = mount_capability(fstype)
    machine.create("pvc-a", capability)
    source = machine.use("pvc-a", capability)
    synced(source / "before", b"x" * MIB)
    snapshot = machine.snapshot("pvc-a", "snapshot-1")
    synced(source / "after", b"y")

    machine.create("pvc-b", capability, 320, source=snapshot.snapshot_id)
    restored = machine.use("pvc-b", capability)  # beside its source: an XFS restore has the same UUID

    assert snapshot.ready_to_use
    assert (restored / "before").read_bytes() == b"x" * MIB
    assert not (restored / "after").exists()
    (restored / "before").write_bytes(b"changed")
    assert (source / "before").read_bytes() == b"x" * MIB
    machine.unuse("pvc-b")
    machine.unuse("pvc-a")


@pytest.mark.parametrize("fstype", ["ext4", "xfs"])
def test_a_larger_restore_spans_its_device(machine: Machine, fstype: str) -> None:
    capability = mount_capability(fstype)
    machine.create("pvc-a", capability)
    source = machine.use("pvc-a", capability)
    machine.snapshot("pvc-a", "snapshot-1")
    machine.create("pvc-b", capability, 640, source="snap://pvc-a/snapshot-1")
    restored = machine.use("pvc-b", capability)

    assert size(restored) > 1.6 * size(source)
    assert size(restored) > 560 * MIB
    machine.unuse("pvc-b")
    machine.unuse("pvc-a")


@pytest.mark.parametrize(
    "fstype",
    [
        pytest.param(
            "ext4", marks=pytest.mark.skipif(not grows_mounted("ext4"), reason="ext4 asks for CAP_SYS_RESOURCE")
        ),
        "xfs",
    ],
)
def test_expansion_reaches_a_mounted_filesystem_while_it_is_written(machine: Machine, fstype: str) -> None:
    capability = mount_capability(fstype)
    machine.create("pvc-a", capability)
    path = machine.use("pvc-a", capability)
    before = size(path)
    with (path / "open").open("wb") as file:
        file.write(b"a" * MIB)
        answer = machine.expand("pvc-a", capability, 640)
        machine.node.NodeExpandVolume(
            csi_pb2.NodeExpandVolumeRequest(volume_id="pvc-a", volume_path=str(path), volume_capability=capability)
        )
        file.write(b"b" * MIB)

    assert answer.node_expansion_required
    assert answer.capacity_bytes == 640 * MIB
    assert size(path) > max(before, 560 * MIB)
    assert (path / "open").read_bytes() == b"a" * MIB + b"b" * MIB
    machine.unuse("pvc-a")


@pytest.mark.parametrize("fstype", ["ext4", "xfs"])
def test_expansion_without_a_pod_is_there_at_the_next_mount(machine: Machine, fstype: str) -> None:
    capability = mount_capability(fstype)
    machine.create("pvc-a", capability)
    (machine.use("pvc-a", capability) / "file").write_text("kept")
    machine.unuse("pvc-a")
    answer = machine.expand("pvc-a", capability, 640)
    path = machine.use("pvc-a", capability)
    machine.node.NodeExpandVolume(csi_pb2.NodeExpandVolumeRequest(volume_id="pvc-a", volume_path=str(path)))

    assert answer.node_expansion_required
    assert size(path) > 560 * MIB
    assert (path / "file").read_text() == "kept"
    machine.unuse("pvc-a")


@pytest.mark.skipif(grows_mounted("ext4"), reason="shown where CAP_SYS_RESOURCE is missing")
def test_where_ext4_cannot_grow_mounted_the_driver_says_so(machine: Machine) -> None:
    capability = mount_capability()
    machine.create("pvc-a", capability)
    machine.use("pvc-a", capability)
    with pytest.raises(grpc.RpcError) as refused:
        machine.expand("pvc-a", capability, 32)
    claimed = machine.identity.GetPluginCapabilities(csi_pb2.GetPluginCapabilitiesRequest()).capabilities

    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert csi_pb2.PluginCapability.VolumeExpansion.OFFLINE in [item.volume_expansion.type for item in claimed]
    machine.unuse("pvc-a")


def test_a_clone_of_a_volume_in_use_is_independent_of_it(machine: Machine) -> None:
    capability = mount_capability()
    machine.create("pvc-a", capability)
    source = machine.use("pvc-a", capability)
    (source / "file").write_text("of the source")
    machine.create("pvc-b", capability, source="pvc-a")
    clone = machine.use("pvc-b", capability)

    assert (clone / "file").read_text() == "of the source"
    (clone / "file").write_text("of the clone")
    assert (source / "file").read_text() == "of the source"
    machine.unuse("pvc-b")
    machine.unuse("pvc-a")
    machine.controller.DeleteVolume(csi_pb2.DeleteVolumeRequest(volume_id="pvc-a"))
    assert (machine.use("pvc-b", capability) / "file").read_text() == "of the clone"
    machine.unuse("pvc-b")


def test_a_block_volume_is_restored_byte_for_byte_and_grows_in_use(machine: Machine) -> None:
    capability = block_capability()
    machine.create("pvc-a", capability)
    device = machine.use("pvc-a", capability)
    content = os.urandom(16 * MIB)
    synced(device, content)
    snapshot = machine.snapshot("pvc-a", "snapshot-1")
    machine.create("pvc-b", capability, source=snapshot.snapshot_id)
    restored = machine.use("pvc-b", capability)

    assert hashlib.sha256(restored.read_bytes()).digest() == hashlib.sha256(content).digest()
    answer = machine.expand("pvc-b", capability, 32)
    assert not answer.node_expansion_required
    with restored.open("rb") as file:
        assert file.seek(0, os.SEEK_END) == 32 * MIB
    request = csi_pb2.NodeGetVolumeStatsRequest(volume_id="pvc-b", volume_path=str(restored))
    assert [item.total for item in machine.node.NodeGetVolumeStats(request).usage] == [32 * MIB]
    machine.unuse("pvc-b")
    machine.unuse("pvc-a")


def test_snapshots_of_a_running_log_hold_a_prefix_of_it(machine: Machine) -> None:
    capability = mount_capability()
    machine.create("pvc-a", capability, 64)
    source = machine.use("pvc-a", capability)
    enough, ended = threading.Event(), threading.Event()

    def write() -> None:
        with (source / "log").open("ab", buffering=0) as log:
            for number in range(1_000_000):
                log.write(f"{number}\n".encode())
                os.fsync(log.fileno())
                if number > 50:
                    enough.set()
                if ended.is_set():
                    return

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert enough.wait(30)
        for count in range(5):
            machine.snapshot("pvc-a", f"snapshot-{count}")
    finally:
        ended.set()
        writer.join(30)
    written = (source / "log").read_bytes()
    lengths = []
    for count in range(5):
        machine.create(f"pvc-r{count}", capability, 64, source=f"snap://pvc-a/snapshot-{count}")
        restored = (machine.use(f"pvc-r{count}", capability) / "log").read_bytes()
        machine.unuse(f"pvc-r{count}")
        assert written.startswith(restored)
        assert len(restored.splitlines()) > 50
        lengths.append(len(restored))
    assert lengths == sorted(lengths)
    machine.unuse("pvc-a")


def test_a_snapshot_outlives_its_volume(machine: Machine) -> None:
    capability = mount_capability()
    machine.create("pvc-a", capability)
    (machine.use("pvc-a", capability) / "file").write_text("kept")
    snapshot = machine.snapshot("pvc-a", "snapshot-1")
    machine.unuse("pvc-a")
    machine.controller.DeleteVolume(csi_pb2.DeleteVolumeRequest(volume_id="pvc-a"))
    machine.create("pvc-b", capability, source=snapshot.snapshot_id)

    assert (machine.use("pvc-b", capability) / "file").read_text() == "kept"
    machine.controller.DeleteSnapshot(csi_pb2.DeleteSnapshotRequest(snapshot_id=snapshot.snapshot_id))
    assert (machine.target("pvc-b") / "file").read_text() == "kept"
    assert not machine.controller.ListSnapshots(csi_pb2.ListSnapshotsRequest()).entries
    machine.unuse("pvc-b")


def test_the_class_says_how_many_replicas_there_are(machine: Machine, rest: Rest) -> None:
    created = csi_pb2.CreateVolumeRequest(
        name="pvc-a", volume_capabilities=[mount_capability()], parameters={"numberOfReplicas": "2"}
    )
    machine.controller.CreateVolume(created)

    assert [volume["numberOfReplicas"] for volume in rest.items("volumes")] == [2]
    assert len(list((machine.data / "pool" / "replicas").glob("pvc-a-*"))) == 2


def test_the_class_says_how_a_volume_is_formatted(machine: Machine) -> None:
    capability = mount_capability("")
    parameters = {"fsType": "xfs", "mkfsParams": "-L 'of class'"}
    created = csi_pb2.CreateVolumeRequest(name="pvc-a", volume_capabilities=[capability], parameters=parameters)
    volume = machine.controller.CreateVolume(created).volume
    device = machine.attach("pvc-a", capability)
    machine.node.NodeStageVolume(
        csi_pb2.NodeStageVolumeRequest(
            volume_id="pvc-a",
            staging_target_path=str(machine.staging("pvc-a")),
            volume_capability=capability,
            volume_context=volume.volume_context,
        )
    )
    shown = subprocess.run(
        ["blkid", "-p", "-s", "TYPE", "-s", "LABEL", "-o", "value", device],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")

    assert {"xfs", "of class"} <= set(shown)
    machine.unuse("pvc-a")


def test_data_without_a_filesystem_is_never_formatted(machine: Machine) -> None:
    machine.create("pvc-a", block_capability())
    synced(machine.use("pvc-a", block_capability()), b"raw data of someone")
    machine.unuse("pvc-a")
    device = machine.attach("pvc-a", mount_capability())

    with pytest.raises(grpc.RpcError) as refused:
        machine.stage("pvc-a", mount_capability())

    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert Path(device).read_bytes().startswith(b"raw data of someone")


def test_a_restore_for_readers_cannot_be_written(machine: Machine) -> None:
    capability = mount_capability()
    machine.create("pvc-a", capability)
    (machine.use("pvc-a", capability) / "file").write_text("to read")
    machine.snapshot("pvc-a", "snapshot-1")
    readers = mount_capability(mode="MULTI_NODE_READER_ONLY")
    machine.create("pvc-b", readers, source="snap://pvc-a/snapshot-1")
    path = machine.use("pvc-b", readers)

    assert (path / "file").read_text() == "to read"
    with pytest.raises(OSError, match="Read-only"):
        (path / "new").touch()
    machine.unuse("pvc-b")
    machine.unuse("pvc-a")


def size(path: Path) -> int:
    """Bytes of the filesystem at ``path``."""
    found = os.statvfs(path)
    return found.f_blocks * found.f_frsize


def test_the_second_target_of_a_single_writer_is_refused(machine: Machine) -> None:
    capability = mount_capability(mode="SINGLE_NODE_SINGLE_WRITER")
    machine.create("pvc-a", capability)
    machine.use("pvc-a", capability)
    machine.publish("pvc-a", capability)  # the same target again is no second one

    with pytest.raises(grpc.RpcError) as refused:
        machine.publish("pvc-a", capability, "pod-2")

    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    machine.unuse("pvc-a")


def test_statistics_and_what_is_left_after_unpublishing(machine: Machine) -> None:
    capability = mount_capability()
    machine.create("pvc-a", capability)
    path = machine.use("pvc-a", capability)
    request = csi_pb2.NodeGetVolumeStatsRequest(volume_id="pvc-a", volume_path=str(path))
    usage = {item.unit: item for item in machine.node.NodeGetVolumeStats(request).usage}

    assert usage[csi_pb2.VolumeUsage.BYTES].total == size(path)
    assert usage[csi_pb2.VolumeUsage.INODES].used > 0
    machine.unuse("pvc-a")
    machine.unuse("pvc-a")  # all of it again
    assert not path.exists()
    devices = subprocess.run(["losetup", "-a"], capture_output=True, text=True, check=True).stdout
    assert f"{machine.data}/pool/" not in devices
