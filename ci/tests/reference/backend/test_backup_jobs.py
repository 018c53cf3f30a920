"""Jobs while they run: what is seen, what is refused, what happens when one fails or its process ends."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_csi_snapshot.reference_impl.backend import durable
from pytest_csi_snapshot.reference_impl.backend.backup_parts import INTERRUPTED, default_folder
from pytest_csi_snapshot.reference_impl.backend.backup_restores import Restores
from pytest_csi_snapshot.reference_impl.backend.backup_states import TRANSITIONS, UNFINISHED
from pytest_csi_snapshot.reference_impl.backend.backupstore import creating, deleting, locks
from pytest_csi_snapshot.reference_impl.backend.backupstore.blocks import Blocks
from pytest_csi_snapshot.reference_impl.backend.engine import Engine
from pytest_csi_snapshot.reference_impl.backend.jobs import Jobs

from .backing import MIB, PLAIN, Story
from .conftest import Open
from .http import Http


@pytest.fixture
def story(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Story:
    monkeypatch.setattr(engine.locks, "_wait", 0.05)
    monkeypatch.setattr(locks, "WAIT", 0.05)
    return Story(engine, Http(engine))


class Gate:
    """Holds whoever calls one method until it is opened."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()

    def before(self, clean: Callable[..., Any]) -> Callable[..., Any]:
        def held(*arguments: Any, **more: Any) -> Any:
            self.reached.set()
            assert self.opened.wait(30)
            return clean(*arguments, **more)

        return held


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.opened.set()


@pytest.fixture
def uploading(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> Gate:
    """Every upload stops at its first block."""
    monkeypatch.setattr(Blocks, "write", gate.before(Blocks.write))
    return gate


@pytest.fixture
def downloading(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> Gate:
    monkeypatch.setattr(Blocks, "read", gate.before(Blocks.read))
    return gate


def with_snapshot(story: Story) -> None:
    story.volume()
    story.write(0, 3 * MIB, 1)
    story.snapshot("snap-1")


def test_states_are_a_table() -> None:
    assert set(TRANSITIONS.values()) == {"Pending", "InProgress", "Completed", "Error"}
    assert {state for state, move in TRANSITIONS if move == "fail"} == UNFINISHED


def test_under_way(story: Story, uploading: Gate) -> None:
    with_snapshot(story)
    volume = story.act("pvc-a", "snapshotBackup", name="snap-1")
    assert volume["backupStatus"][0]["state"] in UNFINISHED
    assert uploading.reached.wait(10)
    (backup,) = story.backups()
    assert (backup["state"], backup["progress"], backup["snapshotName"]) == ("InProgress", 0, "snap-1")
    assert story.get("/v1/volumes/pvc-a")["lastBackup"] == ""
    named = {"name": backup["name"]}
    assert story.refused("POST", "/v1/backupvolumes/pvc-a?action=backupDelete", **named)[0] == "Aborted"
    assert story.refused("DELETE", "/v1/backupvolumes/pvc-a")[0] == "Aborted"
    assert story.refused("DELETE", "/v1/snapshotcrs/snap-1")[0] == "Aborted"
    refused = story.refused("POST", "/v1/volumes", name="pvc-r", size="16Mi", fromBackup=backup["url"])
    assert refused[0] == "FailedPrecondition"
    uploading.opened.set()
    story.settle()
    assert story.backups()[0]["state"] == "Completed"
    assert story.get("/v1/volumes/pvc-a")["lastBackup"] == backup["name"]


def test_it_is_complete_when_it_is_on_the_disk_not_when_it_can_be_seen(
    story: Story, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_snapshot(story)
    clean = durable.rename

    def renamed(old: Path, new: Path) -> None:
        if new.name.startswith("backup_backup-") and json.loads(old.read_text())["CreatedTime"]:
            durable.disk.rename(old, new)  # it can be seen, and is not synced
            gate.before(durable.disk.sync_folder)(new.parent)
        else:
            clean(old, new)

    monkeypatch.setattr(durable, "rename", renamed)
    story.act("pvc-a", "snapshotBackup", name="snap-1")
    assert gate.reached.wait(10)
    assert [item["state"] for item in story.backups()] == ["InProgress"]
    gate.opened.set()
    story.settle()
    assert [item["state"] for item in story.backups()] == ["Completed"]


def test_so_many_at_a_time(story: Story, uploading: Gate) -> None:
    with_snapshot(story)
    story.ok("PUT", "/v1/settings/concurrent-volume-backup-restore-per-node-limit", {"value": "1"})
    story.act("pvc-a", "snapshotBackup", name="snap-1")
    assert uploading.reached.wait(10)
    story.act("pvc-a", "snapshotBackup", name="snap-1")
    assert sorted(item["state"] for item in story.backups()) == ["InProgress", "Pending"]
    uploading.opened.set()
    story.settle()
    assert [item["state"] for item in story.backups()] == ["Completed", "Completed"]


def test_backups_of_one_volume_beside_each_other(story: Story) -> None:
    story.volume()
    for number in range(4):
        story.write(number * 2 * MIB, 2 * MIB, number % 2)
        story.snapshot(f"snap-{number}")
    for number in range(4):
        story.act("pvc-a", "snapshotBackup", name=f"snap-{number}")
    story.settle()
    backups = {item["snapshotName"]: item for item in story.backups()}
    assert {item["state"] for item in backups.values()} == {"Completed"}
    story.restore(backups["snap-3"], "pvc-r")
    assert story.content("pvc-r") == story.content()


def test_configurations_are_written_by_one_at_a_time(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    with_snapshot(story)
    alone = []
    for name in ("begin", "complete"):
        clean = getattr(creating, name)

        def checked(*arguments: Any, clean: Callable[..., Any] = clean) -> Any:
            alone.append(story.engine.backups.configuring.locked())
            return clean(*arguments)

        monkeypatch.setattr(creating, name, checked)
    assert story.back_up("snap-1")["state"] == "Completed"
    assert alone == [True, True]


def test_a_job_waits_longer_for_the_volume_than_a_call(story: Story) -> None:
    with_snapshot(story)
    with story.engine.locks.hold("volume pvc-a"):
        assert story.refused("POST", "/v1/volumes/pvc-a?action=expand", size="1Gi")[0] == "Aborted"
        story.act("pvc-a", "snapshotBackup", name="snap-1")
        assert story.refused("POST", "/v1/volumes/pvc-a?action=expand", size="1Gi")[0] == "Aborted"
    story.settle()
    assert [item["state"] for item in story.backups()] == ["Completed"]


def test_a_snapshot_that_is_gone_when_its_turn_comes(story: Story, uploading: Gate) -> None:
    with_snapshot(story)
    story.snapshot("snap-2")
    story.ok("PUT", "/v1/settings/concurrent-volume-backup-restore-per-node-limit", {"value": "1"})
    story.act("pvc-a", "snapshotBackup", name="snap-1")
    assert uploading.reached.wait(10)
    story.act("pvc-a", "snapshotBackup", name="snap-2")
    story.ok("DELETE", "/v1/snapshotcrs/snap-2")
    uploading.opened.set()
    story.settle()
    failed = next(item for item in story.backups() if item["snapshotName"] == "snap-2")
    assert (failed["state"], failed["error"]) == ("Error", "cannot find snapshot 'snap-2' for volume 'pvc-a'")


def test_a_failed_backup_shows_why_and_leaves_nothing(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    with_snapshot(story)
    clean = Blocks.write
    writes = iter(range(100))

    def full(*arguments: Any) -> int:
        if next(writes) == 1:
            raise OSError(28, "No space left on device")
        return clean(*arguments)

    monkeypatch.setattr(Blocks, "write", full)
    story.ok("PUT", "/v1/settings/backup-concurrent-limit", {"value": "1"})
    failed = story.back_up("snap-1")
    assert (failed["state"], failed["progress"]) == ("Error", 0)
    assert "No space left on device" in failed["error"]
    assert story.folder.backup_names() == []
    assert list(story.folder.blocks.rglob("*.blk")) == []
    events = [item["event"] for item in story.get("/v1/events")["data"]]
    assert any(item["reason"] == "Failed" and "No space" in item["message"] for item in events)

    assert story.back_up("snap-1")["state"] == "Completed"
    story.ok("POST", "/v1/backupvolumes/pvc-a?action=backupDelete", {"name": failed["name"]})
    assert [item["state"] for item in story.backups()] == ["Completed"]


def test_a_failed_backup_is_shown_for_its_time(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    with_snapshot(story)
    monkeypatch.setattr(Blocks, "write", lambda *_: 1 / 0)
    assert "ZeroDivisionError" in story.back_up("snap-1")["error"]
    story.ok("PUT", "/v1/settings/failed-backup-ttl", {"value": "0"})
    (job,) = story.engine.backups.jobs.all()
    long_ago = type(job)(**{**vars(job), "ended": job.ended - 2 * 60})
    story.engine.backups.jobs.put(long_ago)
    assert len(story.backups()) == 1
    story.ok("PUT", "/v1/settings/failed-backup-ttl", {"value": "1"})
    assert story.backups() == []


def test_a_backup_during_a_deletion_fails(story: Story, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    with_snapshot(story)
    first = story.back_up("snap-1")
    monkeypatch.setattr(deleting, "delete_backup", gate.before(deleting.delete_backup))
    path = "/v1/backupvolumes/pvc-a?action=backupDelete"
    thread = threading.Thread(target=story.ok, args=("POST", path, {"name": first["name"]}))
    thread.start()
    assert gate.reached.wait(10)
    second = story.back_up("snap-1")
    gate.opened.set()
    thread.join()
    assert second["state"] == "Error"
    assert "another operation on backups of default/pvc-a is still running" in second["error"]
    assert [item["name"] for item in story.backups()] == [second["name"]]


def test_a_lock_of_somebody_else_is_kept(story: Story) -> None:
    with_snapshot(story)
    backup = story.back_up("snap-1")
    path = "/v1/backupvolumes/pvc-a?action=backupDelete"
    with locks.hold(story.folder, locks.Kind.SHARED, "them"):
        code, message = story.refused("POST", path, name=backup["name"])
        assert (code, "please try again later" in message) == ("Aborted", True)
        assert story.back_up("snap-1")["state"] == "Completed"
    with locks.hold(story.folder, locks.Kind.DELETION, "them"):
        assert story.back_up("snap-1")["state"] == "Error"
    story.ok("POST", path, {"name": backup["name"]})


def test_while_a_restore_runs(story: Story, downloading: Gate) -> None:
    with_snapshot(story)
    backup = story.back_up("snap-1")
    body = {"name": "pvc-r", "fromBackup": backup["url"], **PLAIN}
    story.ok("POST", "/v1/volumes", body)
    assert downloading.reached.wait(10)
    volume = story.get("/v1/volumes/pvc-r")
    assert (volume["restoreInitiated"], volume["restoreRequired"], volume["ready"]) == (True, True, False)
    assert volume["notReadyMessage"] == "volume pvc-r is restoring data"
    assert volume["restoreStatus"][0]["isRestoring"]
    restoring = volume["conditions"]["Restore"]
    assert (restoring["status"], restoring["reason"]) == ("True", "RestoreInProgress")
    for action in ("attach", "expand", "snapshotCRCreate"):
        code, message = story.refused("POST", f"/v1/volumes/pvc-r?action={action}", hostId="node-1", size="1Gi")
        assert (code, message) == ("Aborted", "volume pvc-r is restoring data"), action
    clone = {"name": "pvc-c", "size": "16Mi", "dataSource": "vol://pvc-r"}
    assert story.refused("POST", "/v1/volumes", **clone)[0] == "Aborted"
    assert story.refused("POST", "/v1/groupsnapshots", name="g", volumes=["pvc-r"])[0] == "Aborted"
    path = "/v1/backupvolumes/pvc-a?action=backupDelete"
    assert story.refused("POST", path, name=backup["name"])[0] == "Aborted"
    assert story.ok("POST", "/v1/volumes", body)["created"] == volume["created"]
    downloading.opened.set()
    story.settle()
    assert story.content("pvc-r") == story.content()


def test_a_volume_deleted_while_it_is_restored(story: Story, downloading: Gate) -> None:
    with_snapshot(story)
    backup = story.back_up("snap-1")
    story.ok("POST", "/v1/volumes", {"name": "pvc-r", "fromBackup": backup["url"]})
    assert downloading.reached.wait(10)
    story.ok("DELETE", "/v1/volumes/pvc-r")
    fresh = story.volume("pvc-r")
    downloading.opened.set()
    story.settle()
    assert story.get("/v1/volumes/pvc-r") == fresh
    assert story.content("pvc-r") == bytes(16 * MIB)


def test_a_restore_from_a_damaged_backup_leaves_a_faulted_volume(story: Story) -> None:
    with_snapshot(story)
    backup = story.back_up("snap-1")
    for block in story.folder.blocks.rglob("*.blk"):
        block.write_bytes(b"rotten")
    volume = story.restore(backup, "pvc-r")
    assert (volume["robustness"], volume["ready"]) == ("faulted", False)
    condition = volume["conditions"]["Restore"]
    assert (condition["status"], condition["reason"]) == ("False", "RestoreFailure")
    assert "is damaged" in condition["message"]
    assert "is damaged" in volume["restoreStatus"][0]["error"]
    code, message = story.refused("POST", "/v1/volumes/pvc-r?action=attach", hostId="node-1")
    assert (code, "is damaged" in message) == ("FailedPrecondition", True)
    story.ok("DELETE", "/v1/volumes/pvc-r")
    assert story.get("/v1/volumes")["data"][0]["name"] == "pvc-a"


def test_a_backup_that_vanishes_before_its_restore(story: Story, downloading: Gate) -> None:
    with_snapshot(story)
    backup = story.back_up("snap-1")
    story.ok("PUT", "/v1/settings/concurrent-volume-backup-restore-per-node-limit", {"value": "1"})
    story.ok("POST", "/v1/volumes", {"name": "pvc-r", "fromBackup": backup["url"]})
    assert downloading.reached.wait(10)
    story.ok("POST", "/v1/volumes", {"name": "pvc-s", "fromBackup": backup["url"]})
    story.folder.backup_config(backup["name"]).unlink()
    downloading.opened.set()
    story.settle()
    assert story.get("/v1/volumes/pvc-r")["robustness"] == "unknown"
    volume = story.get("/v1/volumes/pvc-s")
    assert volume["robustness"] == "faulted"
    assert volume["conditions"]["Restore"]["message"] == f"backup {backup['name']} of volume pvc-a not found"


def test_a_backup_whose_process_ended_has_failed(open_engine: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = open_engine()
    story = Story(engine, Http(engine))
    with_snapshot(story)
    whole = story.back_up("snap-1")
    monkeypatch.setattr(Jobs, "start", lambda *_: None)
    story.act("pvc-a", "snapshotBackup", name="snap-1")
    half = next(item for item in story.backups() if item["state"] == "Pending")
    # What a kill in the middle leaves: a configuration in progress, blocks of it, and the lock.
    cfg = story.folder.backup_config(half["name"])
    cfg.write_bytes(
        story.folder.backup_config(whole["name"])
        .read_bytes()
        .replace(f'"CreatedTime":"{whole["created"]}"'.encode(), b'"CreatedTime":""')
        .replace(whole["name"].encode(), half["name"].encode())
    )
    stray = story.folder.blocks / "aa" / "bb" / f"{'aabb' * 16}.blk"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"")
    left = locks.hold(story.folder, locks.Kind.SHARED, engine.backups.owner)
    left.__enter__()
    assert locks.held(story.folder)

    again = open_engine()
    story = Story(again, Http(again))

    assert not locks.held(story.folder)
    assert not cfg.exists()
    assert not stray.exists()
    states = {item["name"]: (item["state"], item["error"]) for item in story.backups()}
    assert states == {whole["name"]: ("Completed", ""), half["name"]: ("Error", INTERRUPTED)}
    left.__exit__(None, None, None)
    monkeypatch.undo()
    story.ok("POST", "/v1/backupvolumes/pvc-a?action=backupDelete", {"name": half["name"]})
    assert story.back_up("snap-1")["state"] == "Completed"


def test_a_restore_whose_process_ended_begins_anew(open_engine: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = open_engine()
    story = Story(engine, Http(engine))
    with_snapshot(story)
    backup = story.back_up("snap-1")
    start = Jobs.start
    monkeypatch.setattr(Jobs, "start", lambda *_: None)
    story.ok("POST", "/v1/volumes", {"name": "pvc-r", "fromBackup": backup["url"], **PLAIN})
    monkeypatch.setattr(Jobs, "start", start)

    again = open_engine()
    story = Story(again, Http(again))
    assert story.get("/v1/volumes/pvc-r")["restoreRequired"] is True
    Restores(again).resume()
    story.settle()

    assert story.get("/v1/volumes/pvc-r")["restoreRequired"] is False
    assert story.content("pvc-r") == story.content()
    assert default_folder(again.pool.root.parent) == story.folder.root
