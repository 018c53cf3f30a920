"""Where backups go: targets that can be changed, that are missing, and those that are settings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_csi_snapshot.reference_impl.backend import backup_urls
from pytest_csi_snapshot.reference_impl.backend.backupstore.blocks import Blocks
from pytest_csi_snapshot.reference_impl.backend.backupstore.paths import VolumeFolder
from pytest_csi_snapshot.reference_impl.backend.engine import Engine
from pytest_csi_snapshot.reference_impl.backend.pool import Pool
from pytest_csi_snapshot.reference_impl.backend.records import Node
from pytest_csi_snapshot.reference_impl.backend.release import release
from pytest_csi_snapshot.reference_impl.profiles import PROFILES

from .backing import MIB, Story
from .conftest import Open
from .http import Http

UPDATE = "/v1/backuptargets/default?action=backupTargetUpdate"


@pytest.fixture
def story(engine: Engine) -> Story:
    return Story(engine, Http(engine))


@pytest.fixture
def seed(data: Path) -> Iterator[Story]:
    """A backend of the profile whose target is settings."""
    engine = Engine.open(data, Pool(data, 1 << 30), PROFILES["seed"])
    engine.nodes.put(Node("node-1"))
    yield Story(engine, Http(engine))
    for volume in engine.volumes.all():
        engine.devices.detach(volume.name)


def prepare(story: Story) -> None:
    story.volume()
    story.write(0, MIB, 1)
    story.snapshot("snap-1")


@pytest.mark.parametrize("url", ["", "vfs:///target", "vfs:///a/b%20c", "vfs:////tmp//x/"])
def test_good_urls(url: str) -> None:
    assert backup_urls.why_not_target(url) == ""


@pytest.mark.parametrize(
    "url",
    ["/target", "vfs://host/a", "vfs:///", "vfs:///..", "vfs:///a?b=c", "vfs:target", "file:///a", "vfs:///a%00b"],
)
def test_bad_urls(url: str) -> None:
    assert "vfs:///ABSOLUTE/PATH" in backup_urls.why_not_target(url)


@pytest.mark.parametrize("scheme", ["s3", "nfs", "cifs", "azblob"])
def test_schemes_that_do_not_work_here_are_refused_by_name(story: Story, scheme: str) -> None:
    code, message = story.refused("POST", UPDATE, backupTargetURL=f"{scheme}://server/path")
    assert code == "InvalidArgument"
    assert scheme in message
    assert "vfs:///ABSOLUTE/PATH" in message


def test_the_default_target_works_with_nothing_configured(story: Story) -> None:
    (target,) = story.get("/v1/backuptargets")["data"]
    assert (target["name"], target["available"], target["message"]) == ("default", True, "")
    assert target["backupTargetURL"] == f"vfs://{story.folder.root}"
    assert (target["credentialSecret"], target["pollInterval"]) == ("", "5m0s")
    assert story.get("/v1/backuptargets/default") == target
    assert story.ok("POST", target["actions"]["backupTargetSync"], {"syncBackupTarget": True}) == target
    assert story.refused("GET", "/v1/backuptargets/other")[0] == "NotFound"
    assert story.refused("DELETE", "/v1/backuptargets/default")[0] == "FailedPrecondition"


@pytest.mark.parametrize(
    ("sent", "told"), [("60", "1m0s"), ("5m0s", "5m0s"), ("2h3m4s", "2h3m4s"), ("0", "0s"), ("45s", "45s")]
)
def test_the_poll_interval_is_a_number_or_a_duration(story: Story, sent: str, told: str) -> None:
    assert story.ok("POST", UPDATE, {"pollInterval": sent})["pollInterval"] == told


@pytest.mark.parametrize("sent", ["", "soon", "-1", "1d"])
def test_other_poll_intervals_are_refused(story: Story, sent: str) -> None:
    assert story.refused("POST", UPDATE, pollInterval=sent)[0] == "InvalidArgument"


def test_a_changed_target_is_used_and_remembered(open_engine: Open, tmp_path: Path) -> None:
    engine = open_engine()
    story = Story(engine, Http(engine))
    prepare(story)
    first = story.back_up("snap-1")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    target = story.ok("POST", UPDATE, {"backupTargetURL": f"vfs://{elsewhere}/"})
    assert target["available"]
    assert story.backups() == []
    assert story.get("/v1/volumes/pvc-a")["lastBackup"] == ""
    second = story.back_up("snap-1")
    assert VolumeFolder(elsewhere, "pvc-a").backup_names() == [second["name"]]
    engine = open_engine()
    story = Story(engine, Http(engine))
    assert story.backups() == [second]
    story.ok("POST", UPDATE, {"backupTargetURL": f"vfs://{story.folder.root}"})
    assert story.backups() == [first]


def test_a_target_of_its_own(story: Story, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    body = {"name": "other", "backupTargetURL": f"vfs://{elsewhere}"}
    assert story.ok("POST", "/v1/backuptargets", body)["available"]
    assert story.refused("POST", "/v1/backuptargets", **body)[0] == "AlreadyExists"
    volume = story.volume(backupTargetName="other")
    assert volume["backupTargetName"] == "other"
    story.snapshot("snap-1")
    in_other = story.back_up("snap-1")
    assert in_other["backupTargetName"] == "other"
    story.act("pvc-a", "updateBackupTargetName", backupTargetName="default")
    story.act("pvc-a", "snapshotBackup", name="snap-1")
    story.settle()
    listed = story.get("/v1/backupvolumes")["data"]
    assert sorted((item["volumeName"], item["backupTargetName"]) for item in listed) == [
        ("pvc-a", "default"),
        ("pvc-a", "other"),
    ]
    for item in listed:
        (backup,) = story.ok("POST", item["actions"]["backupList"])["data"]
        assert backup["backupTargetName"] == item["backupTargetName"]
    story.restore(in_other, "pvc-r")
    story.ok("DELETE", "/v1/backuptargets/other")
    assert [item["backupTargetName"] for item in story.get("/v1/backups")["data"]] == ["default"]
    story.act("pvc-a", "updateBackupTargetName", backupTargetName="other")
    refused = story.refused("POST", "/v1/volumes/pvc-a?action=snapshotBackup", name="snap-1")
    assert refused == ("NotFound", "backup target other not found")


@pytest.mark.parametrize("url", ["", "vfs:///nowhere/at/all"])
def test_without_a_target_no_backup_begins(story: Story, url: str) -> None:
    prepare(story)
    backup = story.back_up("snap-1")
    target = story.ok("POST", UPDATE, {"backupTargetURL": url})
    assert target["available"] is False
    why = "/nowhere/at/all is not a folder" if url else "the backup target URL is not set"
    assert target["message"] == why
    code, message = story.refused("POST", "/v1/volumes/pvc-a?action=snapshotBackup", name="snap-1")
    assert (code, message) == ("FailedPrecondition", f"backup target default is not available: {why}")
    assert story.get("/v1/backups")["data"] == []
    assert story.get("/v1/backupvolumes")["data"] == []
    assert story.get("/v1/volumes/pvc-a")["backupStatus"] == []
    path = "/v1/backupvolumes/pvc-a?action=backupDelete"
    if url:
        assert story.refused("POST", path, name=backup["name"])[0] == "FailedPrecondition"
    else:
        story.ok("POST", path, {"name": backup["name"]})
    story.ok("POST", UPDATE, {"backupTargetURL": f"vfs://{story.folder.root}"})
    assert story.backups() == [backup]


def test_a_target_that_goes_while_a_backup_is_made(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(story)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    story.ok("POST", UPDATE, {"backupTargetURL": f"vfs://{elsewhere}"})
    clean = Blocks.settle

    def gone(self: Blocks) -> None:
        clean(self)
        elsewhere.rename(tmp_path / "unmounted")

    monkeypatch.setattr(Blocks, "settle", gone)
    failed = story.back_up("snap-1")
    assert failed["state"] == "Error"
    assert "No such file or directory" in failed["error"]
    assert story.get("/v1/backuptargets/default")["available"] is False
    story.ok("POST", "/v1/backupvolumes/pvc-a?action=backupDelete", {"name": failed["name"]})
    assert story.backups() == []


def test_what_failed_can_be_deleted_when_its_target_is_no_more(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.ok("POST", "/v1/backuptargets", {"name": "other", "backupTargetURL": f"vfs://{tmp_path}"})
    story.volume(backupTargetName="other")
    story.snapshot("snap-1")
    monkeypatch.setattr(Blocks, "settle", lambda _: 1 / 0)
    failed = story.back_up("snap-1")
    story.ok("DELETE", "/v1/backuptargets/other")
    (listed,) = story.get("/v1/backupvolumes")["data"]
    story.ok("POST", listed["actions"]["backupDelete"], {"name": failed["name"]})
    assert story.get("/v1/backups")["data"] == []


def test_a_target_seen_by_a_second_backend(story: Story, tmp_path: Path) -> None:
    prepare(story)
    backup = story.back_up("snap-1")
    content = story.content()
    data = tmp_path / "second"
    data.mkdir()
    engine = Engine.open(data, Pool(data, 1 << 30))
    engine.nodes.put(Node("node-1"))
    second = Story(engine, Http(engine))
    second.ok("POST", UPDATE, {"backupTargetURL": f"vfs://{story.folder.root}"})
    assert second.backups() == [backup]
    second.restore(backup, "pvc-r")
    assert second.content("pvc-r") == content
    assert release(data) == []


def test_seed_has_the_target_as_settings(seed: Story) -> None:
    (target,) = seed.get("/v1/backuptargets")["data"]
    assert (target["name"], target["available"], target["actions"]) == ("default", True, {})
    assert seed.get("/v1/settings/backup-target")["value"] == target["backupTargetURL"]
    code, message = seed.refused("POST", UPDATE, backupTargetURL="")
    assert (code, message) == ("Server Error", "backup target default is the setting backup-target")
    code, message = seed.refused("PUT", "/v1/settings/backup-target", value="nfs://server:/path")
    assert (code, "the scheme nfs" in message) == ("Server Error", True)
    seed.ok("PUT", "/v1/settings/backup-target", {"value": ""})
    seed.ok("PUT", "/v1/settings/backupstore-poll-interval", {"value": "60"})
    seed.ok("PUT", "/v1/settings/backup-target-credential-secret", {"value": "secret"})
    (target,) = seed.get("/v1/backuptargets")["data"]
    assert (target["available"], target["pollInterval"], target["credentialSecret"]) == (False, "1m0s", "secret")


def test_current_has_no_such_settings(story: Story) -> None:
    names = {item["name"] for item in story.get("/v1/settings")["data"]}
    assert {"backup-concurrent-limit", "restore-concurrent-limit", "failed-backup-ttl"} <= names
    assert not {"backup-target", "backup-target-credential-secret", "backupstore-poll-interval"} & names


def test_seed_backs_up_attached_volumes_only_and_calls_the_backup_volume_like_the_volume(seed: Story) -> None:
    seed.volume()
    assert "snapshotBackup" not in seed.get("/v1/volumes/pvc-a")["actions"]
    with seed.device("pvc-a"):
        volume = seed.get("/v1/volumes/pvc-a")
        assert "snapshotBackup" in volume["actions"]
        seed.act("pvc-a", "snapshotCreate", name="snap-1")
        backup = seed.back_up("snap-1")
        assert backup["state"] == "Completed"
    assert seed.refused("POST", "/v1/volumes/pvc-a?action=snapshotBackup", name="snap-1")
    (listed,) = seed.get("/v1/backupvolumes")["data"]
    assert (listed["name"], listed["volumeName"]) == ("pvc-a", "pvc-a")
