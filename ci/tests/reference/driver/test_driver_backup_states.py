"""Backups and restores in the middle and at a bad end, where a real backend is only for a moment."""

from __future__ import annotations

import grpc
import httpx
import pytest

from pytest_csi_snapshot.reference_impl.wire import csi_pb2

from .machine import MIB
from .stand_in import COPIED, Context, StandIn, refusal

Code = grpc.StatusCode


@pytest.fixture
def backend() -> StandIn:
    """With one volume, pvc-a."""
    made = StandIn()
    made.add_volume("pvc-a")
    return made


def only(backend: StandIn) -> dict[str, object]:
    (found,) = backend.backups.values()
    return found


def test_a_snapshot_is_a_backup_unless_its_class_says_otherwise(backend: StandIn) -> None:
    assert backend.create("pvc-a", "none").snapshot_id.startswith("bak://pvc-a/backup-")
    for asked in ("", "bak", "bs"):
        assert backend.create("pvc-a", f"of-{asked}", type=asked).snapshot_id.startswith("bak://pvc-a/backup-")
    assert backend.create("pvc-a", "local", type="snap").snapshot_id == "snap://pvc-a/local"
    assert len(backend.backups) == 4


@pytest.mark.parametrize("asked", ["bi", "mistyped"])
def test_a_type_that_is_not_there_is_refused_by_its_name(backend: StandIn, asked: str) -> None:
    code, why = refusal(backend.create, "pvc-a", "one", type=asked)
    assert code is Code.INVALID_ARGUMENT
    assert asked in why
    assert refusal(backend.create, "pvc-a", "one", type="bak", backupMode="half")[0] is Code.INVALID_ARGUMENT
    assert backend.seen == []


def test_every_call_of_one_name_tells_of_one_backup(backend: StandIn) -> None:
    """RPC-CRS-002, RPC-CRS-003: handle, size and moment stay; it is ready when it is complete."""
    first = backend.create("pvc-a", "one")
    only(backend).update(state="InProgress", snapshotCreated=COPIED)
    second = backend.create("pvc-a", "one")
    backend.snapshots.clear()
    backend.volumes.clear()
    only(backend).update(state="Completed")
    third = backend.create("pvc-a", "one")

    assert first == second
    assert [item.ready_to_use for item in (first, second, third)] == [False, False, True]
    third.ready_to_use = False
    assert third == first
    assert first.size_bytes == 16 * MIB
    assert first.creation_time.ToJsonString() == "2026-01-02T03:04:05Z"
    assert len(backend.backups) == 1


def test_a_call_that_died_before_its_backup_began_is_made_up_for(backend: StandIn) -> None:
    backend.create("pvc-a", "one")
    backend.backups.clear()

    assert backend.create("pvc-a", "one").snapshot_id == "bak://pvc-a/backup-0000000000000000"
    assert len(backend.snapshots) == len(backend.backups) == 1


def test_a_name_is_of_one_volume_and_of_one_kind(backend: StandIn) -> None:
    """RPC-CRS-002, also when only the backup is left of the first."""
    backend.add_volume("pvc-b")
    backend.create("pvc-a", "one")
    backend.create("pvc-a", "two", type="snap")

    assert refusal(backend.create, "pvc-b", "one")[0] is Code.ALREADY_EXISTS
    backend.snapshots.pop("one")
    assert refusal(backend.create, "pvc-b", "one")[0] is Code.ALREADY_EXISTS
    assert refusal(backend.create, "pvc-a", "two")[0] is Code.ALREADY_EXISTS
    backend.create("pvc-a", "three")
    assert refusal(backend.create, "pvc-a", "three", type="snap")[0] is Code.ALREADY_EXISTS
    assert len(backend.backups) == 2


def test_a_copy_that_somebody_else_made_changes_no_handle(backend: StandIn) -> None:
    first = backend.create("pvc-a", "one")
    backend.add_backup("pvc-a", "one", name="a-backup", state="Completed", snapshotCreated=COPIED)

    assert backend.create("pvc-a", "one") == first


def test_a_backup_whose_answer_was_lost_is_not_begun_again(backend: StandIn) -> None:
    def lose() -> None:
        if backend.seen[-1].endswith("?snapshotBackup") and not backend.backups:
            backend.add_backup("pvc-a", "one", labels={"type": "bak"}, snapshotCreated=COPIED)
            raise httpx.ReadError("the backend was killed")

    backend.on_call = lose
    assert refusal(backend.create, "pvc-a", "one")[0] is Code.UNAVAILABLE

    assert backend.create("pvc-a", "one").snapshot_id == "bak://pvc-a/backup-0000000000000000"
    assert len(backend.backups) == 1


def test_what_two_drivers_made_at_once_goes_together(backend: StandIn) -> None:
    handle = backend.create("pvc-a", "one").snapshot_id
    only(backend).update(state="Completed")
    backend.add_backup("pvc-a", "one", state="Completed", labels=only(backend)["labels"])
    backend.add_backup("pvc-a", "one", state="Completed", snapshotCreated=COPIED, name="of-somebody")

    backend.delete(handle)

    assert list(backend.backups) == ["of-somebody"]


def test_a_failed_backup_is_an_error_and_can_be_deleted(backend: StandIn) -> None:
    handle = backend.create("pvc-a", "one").snapshot_id
    only(backend).update(state="Error", error="the disk of the target is full")

    for _ in range(2):
        code, why = refusal(backend.create, "pvc-a", "one")
        assert code is Code.INTERNAL
        assert "the disk of the target is full" in why
    assert len(backend.backups) == 1
    assert refusal(backend.restore, "pvc-r", handle)[0] is Code.FAILED_PRECONDITION
    backend.delete(handle)
    assert not backend.backups
    assert not backend.snapshots


def test_in_the_old_release_a_failed_backup_is_never_ready() -> None:
    backend = StandIn("seed")
    backend.add_volume("pvc-a")
    backend.create("pvc-a", "one")
    only(backend).update(state="Error", error="the disk of the target is full")

    assert not backend.create("pvc-a", "one").ready_to_use


@pytest.mark.parametrize(
    "target",
    [
        {"available": False, "message": "/backups is not a folder"},
        {"backupTargetURL": ""},
        {"name": "another"},
    ],
)
def test_without_a_target_nothing_is_begun_and_the_caller_comes_again(
    backend: StandIn, target: dict[str, object]
) -> None:
    """Nothing is made at each try; when the target is there, the same call succeeds."""
    good = dict(backend.target)
    backend.target.update(target)

    code, why = refusal(backend.create, "pvc-a", "one")

    assert code is Code.ABORTED
    assert why.startswith("backup target default is not available: ")
    assert str(target.get("message", "")) in why
    assert not backend.backups
    assert not backend.snapshots
    backend.target.update(good)
    assert backend.create("pvc-a", "one").snapshot_id


def test_a_deletion_waits_for_the_copy_to_end(backend: StandIn) -> None:
    handle = backend.create("pvc-a", "one").snapshot_id
    code, why = refusal(backend.delete, handle, Context(left=0.5))
    assert code is Code.ABORTED
    assert "still being made" in why
    assert len(backend.backups) == 1

    def complete() -> None:
        if backend.seen.count("GET backupvolumes") == 8:
            only(backend).update(state="Completed")

    backend.on_call = complete
    backend.delete(handle)

    assert not backend.backups
    assert not backend.snapshots


def test_a_snapshot_that_was_there_before_its_backup_outlives_it(backend: StandIn) -> None:
    handle = backend.create("pvc-a", "one", type="snap").snapshot_id
    copy = backend.add_backup("pvc-a", "one", state="Completed", snapshotCreated=COPIED)
    listed = backend.controller.ListSnapshots(csi_pb2.ListSnapshotsRequest(), Context())  # type: ignore[arg-type]
    assert [item.snapshot.snapshot_id for item in listed.entries] == [f"bak://pvc-a/{copy['name']}", handle]

    backend.delete(f"bak://pvc-a/{copy['name']}")

    assert not backend.backups
    assert list(backend.snapshots) == ["one"]


def test_lists_have_each_snapshot_once_and_none_that_failed(backend: StandIn) -> None:
    """RPC-LIS-001: what a backup was made of at once is not another snapshot."""

    def listed(snapshot_id: str = "") -> list[str]:
        request = csi_pb2.ListSnapshotsRequest(snapshot_id=snapshot_id)
        answer = backend.controller.ListSnapshots(request, Context())  # type: ignore[arg-type]
        return [item.snapshot.snapshot_id for item in answer.entries]

    handle = backend.create("pvc-a", "one").snapshot_id
    local = backend.create("pvc-a", "two", type="snap").snapshot_id
    assert listed() == [handle, local]
    old = handle.replace("bak://", "bs://")
    assert listed(snapshot_id=old) == [old]
    only(backend).update(state="Error", error="x")
    assert listed(snapshot_id=handle) == []
    assert listed() == ["snap://pvc-a/one", local]


def test_a_restore_is_answered_when_its_data_is_there(backend: StandIn) -> None:
    handle = backend.create("pvc-a", "one").snapshot_id
    only(backend).update(state="Completed")

    def finish() -> None:
        if backend.seen.count("GET volumes/pvc-r") == 3:
            backend.volumes["pvc-r"].update(restoreRequired=False, ready=True)

    backend.on_call = finish
    volume = backend.restore("pvc-r", handle.replace("bak://", "bs://"), mib=32)

    assert volume.capacity_bytes == 32 * MIB
    assert volume.content_source.snapshot.snapshot_id == handle.replace("bak://", "bs://")
    assert backend.volumes["pvc-r"]["fromBackup"] == only(backend)["url"]
    backend.backups.clear()
    assert backend.restore("pvc-r", handle, mib=32).volume_id == "pvc-r"  # its source is not needed again
    assert refusal(backend.restore, "pvc-r", "bak://pvc-a/another", mib=32)[0] is Code.ALREADY_EXISTS


def test_a_restore_that_takes_long_is_asked_for_again() -> None:
    backend = StandIn(patience=0.1)
    backend.add_volume("pvc-a")
    handle = backend.create("pvc-a", "one").snapshot_id
    assert refusal(backend.restore, "pvc-r", handle)[0] is Code.ABORTED  # the backup is not complete
    assert "pvc-r" not in backend.volumes
    only(backend).update(state="Completed")

    for _ in range(2):
        assert refusal(backend.restore, "pvc-r", handle) == (Code.ABORTED, "volume pvc-r is still being restored")
    backend.volumes["pvc-r"].update(restoreRequired=False, ready=True)
    assert backend.restore("pvc-r", handle).volume_id == "pvc-r"
    assert backend.seen.count("POST volumes") == 1


def test_a_restore_that_failed_leaves_no_volume(backend: StandIn) -> None:
    handle = backend.create("pvc-a", "one").snapshot_id
    only(backend).update(state="Completed")
    failed = {"Restore": {"reason": "RestoreFailure", "message": "block 3 is damaged"}}

    def fail() -> None:
        if "pvc-r" in backend.volumes:
            backend.volumes["pvc-r"].update(conditions=failed)

    backend.on_call = fail

    code, why = refusal(backend.restore, "pvc-r", handle)

    assert code is Code.INTERNAL
    assert "block 3 is damaged" in why
    assert "pvc-r" not in backend.volumes


def test_in_the_old_release_a_restore_is_answered_at_once_and_attached_later() -> None:
    backend = StandIn("seed")
    backend.add_volume("pvc-a")
    handle = backend.create("pvc-a", "one").snapshot_id
    assert handle.startswith("bs://pvc-a/backup-")
    only(backend).update(state="Completed")

    assert backend.restore("pvc-r", handle).volume_id == "pvc-r"
    backend.volumes["pvc-r"].update(notReadyMessage="volume pvc-r is restoring data")
    code, why = refusal(backend.attach, "pvc-r")
    assert code is Code.ABORTED
    assert why == "volume pvc-r is not ready for workloads: volume pvc-r is restoring data"
    backend.volumes["pvc-r"].update(restoreRequired=False, ready=True)
    assert backend.attach("pvc-r") == "/dev/loop1"


def test_a_volume_that_somebody_holds_without_a_device_is_not_published(backend: StandIn) -> None:
    backend.maintained = True

    code, why = refusal(backend.attach, "pvc-a")

    assert code is Code.ABORTED
    assert why == "volume pvc-a failed to attach to node node-1: the volume is attached with its frontend disabled"
    backend.maintained = False
    assert backend.attach("pvc-a") == "/dev/loop1"


def test_only_attachments_of_this_driver_are_published(backend: StandIn) -> None:
    def published() -> list[str]:
        answer = backend.controller.ListVolumes(csi_pb2.ListVolumesRequest(), Context())  # type: ignore[arg-type]
        return list(answer.entries[0].status.published_node_ids)

    held = {"attachmentType": "backup-controller", "nodeID": "node-2", "satisfied": True, "conditions": []}
    backend.volumes["pvc-a"]["volumeAttachment"]["attachments"]["backup-1"] = held
    assert published() == []
    backend.attach("pvc-a")
    assert published() == ["node-1"]
