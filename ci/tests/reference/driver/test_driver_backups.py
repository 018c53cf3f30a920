"""Snapshots that are backups, from the first write to the last delete, over a real backupstore."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import grpc
import pytest

from pytest_csi_snapshot.reference_impl.wire import csi_pb2

from .machine import MIB, Machine, block_capability, mount_capability
from .rest import Rest
from .test_driver_codes import refused
from .test_driver_crash import until
from .test_driver_life import size, synced

CAPABILITY = mount_capability()
Code = grpc.StatusCode


def listed(machine: Machine) -> list[str]:
    entries = machine.controller.ListSnapshots(csi_pb2.ListSnapshotsRequest()).entries
    return [entry.snapshot.snapshot_id for entry in entries]


@pytest.mark.parametrize("fstype", ["ext4", "xfs"])
def test_a_backup_holds_what_was_written_before_the_cut_and_outlives_its_volume(
    machine: Machine, rest: Rest, fstype: str
) -> None:
    capability = mount_capability(fstype)
    machine.create("pvc-a", capability)
    source = machine.use("pvc-a", capability)
    content = os.urandom(5 * MIB)
    synced(source / "before", content)
    backup = machine.backup("pvc-a", "snapshot-1")
    synced(source / "after", b"y")
    machine.unuse("pvc-a")
    machine.controller.DeleteVolume(csi_pb2.DeleteVolumeRequest(volume_id="pvc-a"))

    machine.create("pvc-b", capability, 640, source=backup.snapshot_id)
    restored = machine.use("pvc-b", capability)

    assert (restored / "before").read_bytes() == content
    assert not (restored / "after").exists()
    assert size(restored) > 560 * MIB
    assert machine.snapshot("pvc-a", "snapshot-1", type="bak") == backup
    assert listed(machine) == [backup.snapshot_id]
    machine.delete_snapshot(backup)
    machine.delete_snapshot(backup)
    assert listed(machine) == []
    assert rest.items("backups") == rest.items("snapshotcrs") == []
    assert (restored / "before").read_bytes() == content
    machine.unuse("pvc-b")


def test_a_detached_volume_is_backed_up_and_left_detached(machine: Machine, rest: Rest) -> None:
    machine.create("pvc-a", block_capability())
    content = os.urandom(16 * MIB)
    synced(machine.use("pvc-a", block_capability()), content)
    machine.unuse("pvc-a")

    backup = machine.backup("pvc-a", "snapshot-1")
    assert [volume["state"] for volume in rest.items("volumes")] == ["detached"]
    machine.create("pvc-b", block_capability(), source=backup.snapshot_id.replace("bak://", "bs://"))

    device = machine.use("pvc-b", block_capability())
    assert hashlib.sha256(device.read_bytes()).digest() == hashlib.sha256(content).digest()
    machine.unuse("pvc-b")


def test_however_often_it_is_asked_for_there_is_one_backup(machine: Machine, rest: Rest) -> None:
    machine.create("pvc-a", CAPABILITY)
    machine.create("pvc-b", CAPABILITY)
    answers = [machine.snapshot("pvc-a", "snapshot-1", type="bak") for _ in range(5)]
    answers.append(machine.backup("pvc-a", "snapshot-1"))

    assert len({answer.snapshot_id for answer in answers}) == 1
    assert len({answer.creation_time.ToNanoseconds() for answer in answers}) == 1
    assert {answer.size_bytes for answer in answers} == {16 * MIB}
    assert refused(machine.snapshot, "pvc-b", "snapshot-1", type="bak") is Code.ALREADY_EXISTS
    (backup,) = rest.items("backups")
    assert (backup["snapshotName"], backup["volumeName"]) == ("snapshot-1", "pvc-a")
    assert backup["labels"]["type"] == "bak"


def test_what_a_sidecar_adds_to_the_parameters_hinders_no_backup(machine: Machine, rest: Rest) -> None:
    machine.create("pvc-a", CAPABILITY)
    added = {"csi.storage.k8s.io/volumesnapshot/name": "mysql", "empty": "", "example.com/of": "somebody"}

    machine.backup("pvc-a", "snapshot-1", **added)

    (backup,) = rest.items("backups")
    assert backup["labels"]["example.com/of"] == "somebody"
    assert not {"csi.storage.k8s.io/volumesnapshot/name", "empty"} & set(backup["labels"])
    assert set(rest.items("snapshotcrs")[0]["labels"]) == {*added, "type"} - {"empty"}


def test_calls_at_once_make_one_backup(machine: Machine, rest: Rest) -> None:
    machine.create("pvc-a", CAPABILITY)
    request = csi_pb2.CreateSnapshotRequest(
        source_volume_id="pvc-a", name="snapshot-1", parameters={"type": "bak"}
    )
    calls = [machine.controller.CreateSnapshot.future(request, timeout=30) for _ in range(4)]

    assert len({call.result().snapshot.snapshot_id for call in calls}) == 1
    assert len(rest.items("backups")) == 1
    machine.backup("pvc-a", "snapshot-1")


def test_without_a_target_the_caller_is_told_to_come_again(machine: Machine, rest: Rest) -> None:
    machine.create("pvc-a", CAPABILITY)
    (target,) = rest.items("backuptargets")
    rest.set_target("")

    with pytest.raises(grpc.RpcError) as error:
        machine.snapshot("pvc-a", "snapshot-1", type="bak")

    assert error.value.code() is Code.ABORTED
    assert "backup target default is not available" in str(error.value.details())
    assert rest.items("snapshotcrs") == []
    machine.controller.DeleteSnapshot(csi_pb2.DeleteSnapshotRequest(snapshot_id="bak://pvc-a/backup-1"))
    rest.set_target(target["backupTargetURL"])
    assert machine.backup("pvc-a", "snapshot-1").ready_to_use


def test_a_damaged_backup_restores_to_no_volume(machine: Machine, rest: Rest) -> None:
    machine.create("pvc-a", block_capability())
    synced(machine.use("pvc-a", block_capability()), os.urandom(4 * MIB))
    machine.unuse("pvc-a")
    backup = machine.backup("pvc-a", "snapshot-1")
    folder = store(rest)
    for block in folder.rglob("*.blk"):
        block.write_bytes(b"damaged")

    with pytest.raises(grpc.RpcError) as error:
        machine.create("pvc-b", block_capability(), source=backup.snapshot_id)

    assert error.value.code() is Code.INTERNAL
    assert [volume["name"] for volume in rest.items("volumes")] == ["pvc-a"]


def store(rest: Rest) -> Path:
    """The folder of the target."""
    (target,) = rest.items("backuptargets")
    return Path(target["backupTargetURL"].removeprefix("vfs://"))


def test_a_backup_that_fails_says_why(machine: Machine, rest: Rest) -> None:
    machine.create("pvc-a", CAPABILITY)
    folder = store(rest)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder / "backupstore", ignore_errors=True)
    (folder / "backupstore").write_text("in the way of the backupstore")
    backup = machine.snapshot("pvc-a", "snapshot-1", type="bak")
    until(lambda: rest.items("backups")[0]["state"] == "Error", "it does not fail")

    with pytest.raises(grpc.RpcError) as error:
        machine.snapshot("pvc-a", "snapshot-1", type="bak")

    assert error.value.code() is Code.INTERNAL
    assert rest.items("backups")[0]["error"] in str(error.value.details())
    (folder / "backupstore").unlink()
    machine.delete_snapshot(backup)
    assert rest.items("backups") == rest.items("snapshotcrs") == []


def test_a_name_is_of_one_kind(machine: Machine) -> None:
    machine.create("pvc-a", CAPABILITY)
    machine.backup("pvc-a", "snapshot-1")
    machine.snapshot("pvc-a", "snapshot-2")

    assert refused(machine.snapshot, "pvc-a", "snapshot-1") is Code.ALREADY_EXISTS
    assert refused(machine.snapshot, "pvc-a", "snapshot-2", type="bak") is Code.ALREADY_EXISTS
    assert refused(machine.group, "group-1", "pvc-a", type="bak") is Code.INVALID_ARGUMENT
