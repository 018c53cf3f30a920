"""Backups and restores over the REST API, from end to end."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from pytest_csi_snapshot.reference_impl.backend.engine import Engine

from .backing import MIB, Story
from .http import Http


@pytest.fixture
def story(engine: Engine) -> Story:
    return Story(engine, Http(engine))


def test_a_backup_and_what_is_told_of_it(story: Story) -> None:
    made = story.volume()
    story.write(0, 3 * MIB, 1)
    story.snapshot("snap-1")
    backup = story.back_up("snap-1", labels={"type": "bak", "example.org/owner": "me"})

    assert backup["name"].startswith("backup-")
    assert (len(backup["name"]), backup["name"][19]) == (len("backup-") + 16, "4")
    assert (backup["state"], backup["progress"], backup["error"], backup["messages"]) == ("Completed", 100, "", {})
    assert (backup["snapshotName"], backup["volumeName"]) == ("snap-1", "pvc-a")
    assert (backup["size"], backup["volumeSize"]) == (str(4 * MIB), str(16 * MIB))
    assert (backup["backupMode"], backup["compressionMethod"], backup["blockSize"]) == (
        "incremental",
        "lz4",
        str(2 * MIB),
    )
    assert int(backup["newlyUploadDataSize"]) > 3 * MIB
    assert backup["url"] == f"vfs://{story.folder.root}?backup={backup['name']}&volume=pvc-a"
    assert backup["labels"].pop("longhorn.io/volume-access-mode") == "rwo"
    assert json.loads(backup["labels"].pop("KubernetesStatus"))["pvName"] == ""
    assert backup["labels"] == {"type": "bak", "example.org/owner": "me"}

    volume = story.get("/v1/volumes/pvc-a")
    assert (made["lastBackup"], made["lastBackupAt"], made["backupStatus"]) == ("", "", [])
    assert (volume["lastBackup"], volume["lastBackupAt"]) == (backup["name"], backup["created"])
    (status,) = volume["backupStatus"]
    assert (status["id"], status["snapshot"], status["state"], status["progress"]) == (
        backup["name"],
        "snap-1",
        "Completed",
        100,
    )
    assert status["backupURL"] == backup["url"]


def test_the_volume_of_backups(story: Story) -> None:
    story.volume()
    story.write(0, 3 * MIB, 1)
    story.snapshot("snap-1")
    backup = story.back_up("snap-1")
    (listed,) = story.get("/v1/backupvolumes")["data"]
    own_name = "pvc-a-" + hashlib.sha512(b"default/pvc-a").hexdigest()[:8]
    assert (listed["name"], listed["volumeName"], listed["backupTargetName"]) == (own_name, "pvc-a", "default")
    assert (listed["size"], listed["dataStored"]) == (str(16 * MIB), str(4 * MIB))
    assert (listed["lastBackupName"], listed["lastBackupAt"]) == (backup["name"], backup["created"])
    assert listed["messages"] == {}
    for name in (own_name, "pvc-a"):
        assert story.get(f"/v1/backupvolumes/{name}") == listed
    assert story.ok("POST", listed["actions"]["backupGet"], {"name": backup["name"]}) == backup
    assert story.ok("POST", listed["actions"]["backupListByVolume"], {"name": "pvc-a"})["data"] == [backup]
    assert story.ok("POST", listed["actions"]["backupVolumeSync"], {"syncBackupVolume": True}) == listed
    assert story.get("/v1/backups")["data"] == [backup]
    assert story.get(f"/v1/backups/{backup['name']}") == backup


def test_a_volume_without_backups_is_almost_empty(story: Story) -> None:
    unknown = story.get("/v1/backupvolumes/pvc-z")
    assert (unknown["id"], unknown["name"], unknown["lastBackupName"], unknown["dataStored"]) == (
        "pvc-z",
        "pvc-z",
        "",
        "0",
    )
    assert story.ok("POST", unknown["actions"]["backupList"])["data"] == []
    assert story.refused("POST", unknown["actions"]["backupGet"], name="backup-1")[0] == "NotFound"
    assert story.ok("POST", unknown["actions"]["backupDelete"], {"name": "backup-1"})["name"] == "pvc-z"
    story.ok("DELETE", "/v1/backupvolumes/pvc-z")
    assert not story.folder.path.exists()
    assert story.get("/v1/backupvolumes")["data"] == []


def test_each_of_three_backups_restores_its_own(story: Story) -> None:
    story.volume()
    story.write(0, 4 * MIB, 0)
    backups, contents = [], []
    for number in (1, 2, 3):
        story.write(0, 2 * MIB, number)
        story.snapshot(f"snap-{number}")
        backups.append(story.back_up(f"snap-{number}"))
        contents.append(story.content())
    stored = [story.get("/v1/backupvolumes/pvc-a")["dataStored"]]
    for number, backup in enumerate(backups):
        volume = story.restore(backup, f"pvc-r{number}")
        assert (volume["state"], volume["ready"], volume["robustness"]) == ("detached", True, "unknown")
        assert story.content(f"pvc-r{number}") == contents[number]
    for name in (backups[1]["name"], backups[2]["name"]):
        story.ok("POST", "/v1/backupvolumes/pvc-a?action=backupDelete", {"name": name})
        stored.append(story.get("/v1/backupvolumes/pvc-a")["dataStored"])
        if name == backups[1]["name"]:
            story.restore(backups[2], "pvc-after")
            assert story.content("pvc-after") == contents[2]
    assert stored == [str(8 * MIB), str(6 * MIB), str(4 * MIB)]
    assert story.get("/v1/volumes/pvc-a")["lastBackup"] == backups[0]["name"]
    story.ok("POST", "/v1/backupvolumes/pvc-a?action=backupDelete", {"name": backups[0]["name"]})
    volume = story.get("/v1/volumes/pvc-a")
    assert (volume["lastBackup"], volume["lastBackupAt"], volume["backupStatus"]) == ("", "", [])
    assert story.get("/v1/backupvolumes/pvc-a")["dataStored"] == "0"


def test_what_is_written_after_the_snapshot_is_not_in_its_backup(story: Story) -> None:
    story.volume()
    story.write(0, MIB, 1)
    before = story.content()
    story.snapshot("snap-1")
    story.write(0, MIB, 2)
    story.restore(story.back_up("snap-1"), "pvc-r")
    assert story.content("pvc-r") == before


def test_only_what_changed_is_uploaded(story: Story) -> None:
    story.volume()
    story.write(0, 8 * MIB, 1)
    story.snapshot("snap-1")
    first = story.back_up("snap-1")
    story.write(4 * MIB, 4096, 2)
    story.snapshot("snap-2")
    second = story.back_up("snap-2")
    assert int(first["newlyUploadDataSize"]) > 8 * MIB
    assert 2 * MIB < int(second["newlyUploadDataSize"]) < 3 * MIB
    assert json.loads(story.folder.backup_config(second["name"]).read_bytes())["IsIncremental"] is True
    again = story.back_up("snap-2")
    assert again["newlyUploadDataSize"] == "0"
    assert json.loads(story.folder.backup_config(again["name"]).read_bytes())["IsIncremental"] is False
    full = story.back_up("snap-2", backupMode="full")
    assert (full["backupMode"], full["newlyUploadDataSize"]) == ("full", "0")
    assert int(full["reUploadedDataSize"]) > 8 * MIB


def test_another_snapshot_of_the_same_name_is_no_base(story: Story) -> None:
    story.volume()
    story.write(0, 2 * MIB, 1)
    story.snapshot("snap-1")
    story.back_up("snap-1")
    story.act("pvc-a", "snapshotCRDelete", name="snap-1")
    story.write(0, 2 * MIB, 2)
    story.snapshot("snap-1")
    story.snapshot("snap-2")
    story.restore(story.back_up("snap-2"), "pvc-r")
    assert story.content("pvc-r") == story.content()


def test_a_lost_base_does_not_matter(story: Story) -> None:
    story.volume()
    story.write(0, 4 * MIB, 1)
    story.snapshot("snap-1")
    first = story.back_up("snap-1")
    story.folder.backup_config(first["name"]).write_text("{")
    story.write(0, 1, 2)
    story.snapshot("snap-2")
    story.restore(story.back_up("snap-2"), "pvc-r")
    assert story.content("pvc-r") == story.content()
    assert story.get("/v1/volumes/pvc-a")["lastBackup"] != first["name"]


@pytest.mark.parametrize("method", ["lz4", "gzip", "none"])
def test_each_compression(story: Story, method: str) -> None:
    story.volume(backupCompressionMethod=method)
    story.write(0, MIB, 1)
    story.snapshot("snap-1")
    backup = story.back_up("snap-1")
    assert backup["compressionMethod"] == method
    story.restore(backup, "pvc-r")
    assert story.content("pvc-r") == story.content()


def test_large_blocks_and_settings(story: Story) -> None:
    story.ok("PUT", "/v1/settings/default-backup-block-size", {"value": "16"})
    story.ok("PUT", "/v1/settings/backup-compression-method", {"value": "gzip"})
    volume = story.volume(size="32Mi")
    assert (volume["backupBlockSize"], volume["backupCompressionMethod"]) == (str(16 * MIB), "gzip")
    volume = story.act("pvc-a", "updateBackupCompressionMethod", backupCompressionMethod="none")
    assert volume["backupCompressionMethod"] == "none"
    story.write(0, 1, 1)
    story.snapshot("snap-1")
    backup = story.back_up("snap-1")
    assert (backup["size"], backup["blockSize"], backup["compressionMethod"]) == (
        str(16 * MIB),
        str(16 * MIB),
        "none",
    )
    assert story.get("/v1/backupvolumes/pvc-a")["dataStored"] == str(16 * MIB)
    assert (
        story.refused("POST", "/v1/volumes", name="pvc-b", size="3Mi", backupBlockSize="5")[0] == "InvalidArgument"
    )


def test_a_backup_outlives_its_volume_and_its_snapshot(story: Story) -> None:
    story.volume()
    story.write(0, MIB, 1)
    content = story.content()
    story.snapshot("snap-1")
    backup = story.back_up("snap-1")
    story.act("pvc-a", "snapshotCRDelete", name="snap-1")
    assert story.get("/v1/volumes/pvc-a")["backupStatus"] == []
    story.ok("DELETE", "/v1/volumes/pvc-a")
    assert story.backups() == [backup]
    story.restore(backup, "pvc-a")
    assert story.content() == content
    story.ok("POST", "/v1/backupvolumes/pvc-a?action=backupDelete", {"name": backup["name"]})
    assert story.backups() == []


def test_a_restore_and_what_the_volume_tells_of_it(story: Story) -> None:
    story.volume()
    story.write(0, MIB, 1)
    story.snapshot("snap-1")
    backup = story.back_up("snap-1")
    volume = story.restore(backup, "pvc-r", size="32Mi")
    assert (volume["size"], volume["fromBackup"]) == (str(32 * MIB), backup["url"])
    assert (volume["restoreInitiated"], volume["restoreRequired"]) == (True, False)
    (status,) = volume["restoreStatus"]
    assert (status["isRestoring"], status["progress"], status["state"]) == (False, 100, "complete")
    assert backup["name"] in status["lastRestored"]
    assert status["backupURL"] == backup["url"]
    assert volume["conditions"]["Restore"]["status"] == "False"
    assert (volume["lastBackup"], volume["backupStatus"]) == ("", [])
    assert int(volume["controllers"][0]["actualSize"]) > 0
    assert story.content("pvc-r") == story.content() + bytes(16 * MIB)

    again = story.restore(backup, "pvc-r")
    assert again["created"] == volume["created"]
    for body in ({"size": "64Mi"}, {"size": "16Mi", "fromBackup": ""}):
        refused = story.refused(
            "POST", "/v1/volumes", **{"name": "pvc-r", "fromBackup": backup["url"], "volumeMode": "Block"} | body
        )
        assert refused[0] == "AlreadyExists"
    story.ok("POST", "/v1/backupvolumes/pvc-a?action=backupDelete", {"name": backup["name"]})
    assert story.restore(backup, "pvc-r")["created"] == volume["created"]
    story.ok("DELETE", "/v1/volumes/pvc-r")
    assert story.volume("pvc-r")["fromBackup"] == ""


def test_the_size_of_a_restore(story: Story) -> None:
    story.volume()
    story.snapshot("snap-1")
    backup = story.back_up("snap-1")
    story.act("pvc-a", "expand", size="32Mi")
    story.snapshot("snap-2")
    assert story.back_up("snap-2")["volumeSize"] == str(32 * MIB)
    (kept,) = (item for item in story.backups() if item["name"] == backup["name"])
    assert kept["volumeSize"] == str(16 * MIB)
    assert story.restore(backup, "pvc-r")["size"] == str(16 * MIB)
    body = {"name": "pvc-s", "fromBackup": backup["url"], "size": "8Mi"}
    assert story.refused("POST", "/v1/volumes", **body)[0] == "OutOfRange"


def test_from_backup_that_is_none(story: Story, tmp_path: Path) -> None:
    here = f"vfs://{story.folder.root}"
    for url, code in {
        "backup": "InvalidArgument",
        f"{here}?backup=backup-1": "InvalidArgument",
        "s3://bucket@region/?backup=backup-1&volume=pvc-a": "InvalidArgument",
        f"vfs://{tmp_path}?backup=backup-1&volume=pvc-a": "NotFound",
        f"{here}?backup=backup-1&volume=pvc-a": "NotFound",
    }.items():
        assert story.refused("POST", "/v1/volumes", name="pvc-r", size="16Mi", fromBackup=url)[0] == code, url
    both = {"fromBackup": f"{here}?backup=backup-1&volume=pvc-a", "dataSource": "vol://pvc-a"}
    assert story.refused("POST", "/v1/volumes", name="pvc-r", size="16Mi", **both)[0] == "InvalidArgument"
    assert story.get("/v1/volumes")["data"] == []


def test_what_cannot_be_backed_up(story: Story) -> None:
    story.volume()
    story.snapshot("snap-1")
    story.volume("pvc-b")
    path = "/v1/volumes/pvc-a?action=snapshotBackup"
    assert story.refused("POST", path, name="volume-head")[0] == "InvalidArgument"
    assert story.refused("POST", path, name="snap-2") == (
        "NotFound",
        "cannot find snapshot 'snap-2' for volume 'pvc-a'",
    )
    assert story.refused("POST", "/v1/volumes/pvc-b?action=snapshotBackup", name="snap-1")[0] == "NotFound"
    story.volume("a")
    story.snapshot("snap-a", "a")
    assert story.refused("POST", "/v1/volumes/a?action=snapshotBackup", name="snap-a") == (
        "InvalidArgument",
        "volume a cannot be backed up: its name is too short for it",
    )
    assert story.refused("POST", path, name="snap-1", backupMode="some")[0] == "InvalidArgument"
    for labels in ({"KubernetesStatus": "x"}, {"a b": "x"}, {"-a": "x"}, {"a": ""}, {"/a": "x"}, {"A/b/c": "x"}):
        assert story.refused("POST", path, name="snap-1", labels=labels)[0] == "InvalidArgument", labels
    assert story.get("/v1/backupvolumes")["data"] == []


def test_one_bad_file_costs_one_entry(story: Story) -> None:
    story.volume()
    story.snapshot("snap-1")
    good, bad = story.back_up("snap-1"), story.back_up("snap-1")
    story.folder.backup_config(bad["name"]).write_text("{")
    listed = {item["name"]: item for item in story.backups()}
    assert listed[good["name"]] == good
    assert "not JSON" in listed[bad["name"]]["messages"]["error"]
    assert listed[bad["name"]]["state"] == "Unknown"
    refused = story.refused("POST", "/v1/volumes", name="pvc-r", size="16Mi", fromBackup=bad["url"])
    assert refused[0] == "FailedPrecondition"
    story.ok("POST", "/v1/backupvolumes/pvc-a?action=backupDelete", {"name": bad["name"]})
    assert story.backups() == [good]
    story.folder.config.unlink()
    (volume,) = story.get("/v1/backupvolumes")["data"]
    assert volume["messages"] == {"error": "volume.cfg is missing"}
    assert [item["name"] for item in story.backups()] == [good["name"]]
    story.ok("DELETE", f"/v1/backupvolumes/{volume['name']}")
    assert story.get("/v1/backupvolumes")["data"] == []
    assert not story.folder.path.exists()


def test_the_snapshot_goes_with_its_backup_where_that_is_set(story: Story) -> None:
    story.volume()
    for number in (1, 2):
        story.snapshot(f"snap-{number}")
        backup = story.back_up(f"snap-{number}")
        story.ok("POST", "/v1/backupvolumes/pvc-a?action=backupDelete", {"name": backup["name"]})
        story.ok("PUT", "/v1/settings/auto-cleanup-when-delete-backup", {"value": "true"})
    assert [item["name"] for item in story.get("/v1/snapshotcrs")["data"]] == ["snap-1"]


def test_schemas_name_every_field(story: Story) -> None:
    story.volume()
    story.snapshot("snap-1")
    story.back_up("snap-1")
    schemas = {item["id"]: item for item in story.get("/v1/schemas")["data"]}
    for kind in ("backup", "backupVolume", "backupTarget"):
        (item,) = story.get(f"/v1/{kind.lower()}s")["data"]
        assert set(item) - {"id", "type", "links", "actions"} == set(schemas[kind]["resourceFields"]), kind
        assert set(item["actions"]) == set(schemas[kind]["resourceActions"])
        for action in schemas[kind]["resourceActions"].values():
            assert {action["input"] or "empty", action["output"]} <= set(schemas)
    volume = story.get("/v1/volumes/pvc-a")
    assert set(volume["backupStatus"][0]) == set(schemas["backupStatus"]["resourceFields"])
