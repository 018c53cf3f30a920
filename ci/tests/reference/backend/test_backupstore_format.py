"""The backupstore's files: where they lie, what is in them, and what a reader bears."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import lz4.frame
import pytest

from pytest_csi_snapshot.reference_impl.backend.backupstore import catalog, paths
from pytest_csi_snapshot.reference_impl.backend.backupstore.blocks import checksum, zero_checksum
from pytest_csi_snapshot.reference_impl.backend.backupstore.configs import BLOCK_SIZE, BackupConfig, VolumeConfig
from pytest_csi_snapshot.reference_impl.backend.backupstore.errors import StoreError, UnreadableError
from pytest_csi_snapshot.reference_impl.backend.backupstore.paths import VolumeFolder

from .store import AT, Bench, forgetful_disk, noise

__all__ = ["forgetful_disk"]

pytestmark = pytest.mark.usefixtures("forgetful_disk")

ZEROS = "731859029215873fdac1c9f2f8bd25a334abf0f3a9e1b057cf2cacc2826d86b0"


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("pvc-ec17a7e4-7bb4-4456-9380-353db3ed4307", "5e/b6"),
        ("pvc-e4ddd985-31a8-4570-b393-dcedec3b0d95", "2e/2b"),
        ("pvc-58eab5f0-a386-435c-91f4-0c26f7935695", "26/af"),
    ],
)
def test_a_volume_lies_where_its_name_says(name: str, place: str) -> None:
    folder = VolumeFolder(Path("/target"), name)
    assert folder.path == Path("/target/backupstore/volumes") / place / name
    assert folder.config == folder.path / "volume.cfg"
    assert folder.backup_config("backup-1") == folder.path / "backups" / "backup_backup-1.cfg"


def test_a_block_is_called_after_its_content(tmp_path: Path) -> None:
    assert zero_checksum(2 << 20) == checksum(bytes(2 << 20)) == ZEROS
    bench = Bench(tmp_path)
    bench.write(0, noise(BLOCK_SIZE, 1))
    bench.backup("backup-1")
    name = checksum(noise(BLOCK_SIZE, 1))
    assert bench.blocks() == [bench.folder.blocks / name[:2] / name[2:4] / f"{name}.blk"]


@pytest.mark.parametrize("name", ["", "a", ".hidden", "../up", "a/b", "a b", "-a", "a\nb", "a@b"])
def test_other_names_are_refused(name: str) -> None:
    assert not paths.is_name(name)
    with pytest.raises(StoreError):
        VolumeFolder(Path("/target"), name)
    with pytest.raises(StoreError):
        VolumeFolder(Path("/target"), "pvc-a").backup_config(name)
    with pytest.raises(StoreError):
        paths.parse_backup_url(f"vfs:///target?backup={name}&volume=pvc-a")


def test_urls_of_backups() -> None:
    url = paths.backup_url("vfs:///target", "pvc-a", "backup-1")
    assert url == "vfs:///target?backup=backup-1&volume=pvc-a"
    assert paths.parse_backup_url(url) == ("vfs:///target", "pvc-a", "backup-1")
    assert paths.parse_backup_url("s3://bucket@region/?volume=pvc-a&backup=backup-1")[0] == "s3://bucket@region/"
    for bad in ("", "vfs:///target", "vfs:///target?backup=backup-1", "?backup=backup-1&volume=pvc-a"):
        with pytest.raises(StoreError):
            paths.parse_backup_url(bad)


def test_volume_cfg_quotes_twice_what_the_format_quotes_twice() -> None:
    config = VolumeConfig("pvc-a", 1 << 30, AT, {"KubernetesStatus": "{}"}, "backup-1", AT, 93, "lz4", "longhorn")
    written = json.loads(config.dump())
    assert list(written) == [
        "Name",
        "Size",
        "Labels",
        "CreatedTime",
        "LastBackupName",
        "LastBackupAt",
        "BlockCount",
        "BackingImageName",
        "BackingImageChecksum",
        "CompressionMethod",
        "StorageClassName",
        "DataEngine",
    ]
    assert (written["Size"], written["BlockCount"]) == ("1073741824", "93")
    assert written["CompressionMethod"] == '"lz4"'
    assert written["BackingImageName"] == '""'
    assert VolumeConfig.load(config.dump()) == config


def test_volume_cfg_of_other_writers() -> None:
    old = {"Name": "pvc-a", "Size": "1073741824", "Labels": None, "CreatedTime": AT, "BackingImageName": '""'}
    config = VolumeConfig.load(json.dumps(old).encode())
    assert (config.compression, config.labels, config.block_count, config.data_engine) == ("", {}, 0, "v1")
    plain = VolumeConfig.load(
        json.dumps({**old, "CompressionMethod": "gzip", "StorageClassName": '"fast"'}).encode()
    )
    assert (plain.compression, plain.storage_class) == ("gzip", "fast")


def test_backup_cfg() -> None:
    config = BackupConfig("backup-1", "pvc-a", "snap-1", AT, blocks={0: ZEROS, 4 << 20: ZEROS}, created=AT)
    written = json.loads(config.dump())
    assert written["Size"] == str(2 * BLOCK_SIZE)
    assert written["Blocks"] == [
        {"Offset": 0, "BlockChecksum": ZEROS},
        {"Offset": 4 << 20, "BlockChecksum": ZEROS},
    ]
    assert written["Parameters"] == {"backup-mode": "incremental", "backup-block-size": "2097152"}
    assert (written["ProcessingBlocks"], written["SingleFile"]) == (None, {"FilePath": ""})
    assert BackupConfig.load(config.dump()) == config


def test_backup_cfg_of_an_old_writer_is_gzip_of_2_mib() -> None:
    old = {"Name": "backup-1", "VolumeName": "pvc-a", "SnapshotName": "s", "SnapshotCreatedAt": AT}
    config = BackupConfig.load(json.dumps({**old, "CreatedTime": AT, "CompressionMethod": ""}).encode())
    assert (config.compression, config.block_size, config.volume_size, config.cut) == ("gzip", 2 << 20, 0, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"Name": None},
        {"Name": "../up"},
        {"Size": 1, "Blocks": 7},
        {"Blocks": [{"Offset": 1, "BlockChecksum": ZEROS}]},
        {"Blocks": [{"Offset": -2097152, "BlockChecksum": ZEROS}]},
        {"Blocks": [{"Offset": 0, "BlockChecksum": "../../../etc/passwd"}]},
        {"Blocks": ["block"]},
        {"Labels": ["a"]},
        {"VolumeSize": "-1"},
        {"SnapshotCut": "soon"},
        {"Parameters": {"backup-block-size": "3"}},
    ],
)
def test_a_backup_cfg_that_is_wrong_is_unreadable(change: dict[str, Any]) -> None:
    good = json.loads(BackupConfig("backup-1", "pvc-a", "snap-1", AT, created=AT).dump())
    with pytest.raises(UnreadableError):
        BackupConfig.load(json.dumps(good | change).encode())


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"\xff"])
def test_what_is_no_json_object_is_unreadable(raw: bytes) -> None:
    for kind in (BackupConfig, VolumeConfig):
        with pytest.raises(UnreadableError):
            kind.load(raw)


@pytest.mark.parametrize(
    ("method", "unpack"),
    [("none", bytes), ("gzip", gzip.decompress), ("lz4", lz4.frame.decompress)],
)
def test_blocks_of_each_method(tmp_path: Path, method: str, unpack: Any) -> None:
    bench = Bench(tmp_path, compression=method)
    bench.write(BLOCK_SIZE, b"text " * 1000)
    config = bench.backup("backup-1")
    assert config.compression == method
    (block,) = bench.blocks()
    assert unpack(block.read_bytes()) == bench.content[BLOCK_SIZE : 2 * BLOCK_SIZE]
    assert config.newly_uploaded == block.stat().st_size
    assert bench.restored("backup-1") == bench.content


def test_a_block_of_another_method_is_read_by_its_checksum(tmp_path: Path) -> None:
    bench = Bench(tmp_path, compression="gzip")
    bench.write(0, b"same" * 100)
    bench.backup("backup-1")
    bench.compression = "none"
    bench.backup("backup-2")
    assert len(bench.blocks()) == 1
    assert bench.restored("backup-2") == bench.content


def test_large_blocks(tmp_path: Path) -> None:
    bench = Bench(tmp_path, block_size=16 << 20, content=bytearray(32 << 20))
    bench.write(20 << 20, b"late")
    config = bench.backup("backup-1")
    assert (list(config.blocks), config.size) == ([16 << 20], 16 << 20)
    assert bench.restored("backup-1") == bench.content


def test_one_bad_file_costs_one_entry(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.write(0, b"data")
    bench.backup("backup-1")
    (bench.folder.backups / "backup_backup-2.cfg").write_text("{")
    (bench.folder.backups / "backup_1234@failure.cfg").write_text("{")
    (bench.folder.backups / "notes.txt").write_text("")
    stranger = bench.folder.backups / "backup_backup-3.cfg"
    stranger.write_bytes(bench.folder.backup_config("backup-1").read_bytes())
    entries = {entry.name: entry for entry in catalog.backups(bench.folder)}
    assert set(entries) == {"backup-1", "backup-2", "backup-3"}
    assert entries["backup-1"].complete
    assert "not JSON" in entries["backup-2"].error
    assert "that of backup backup-1" in entries["backup-3"].error

    other = Bench(tmp_path, "pvc-b")
    other.backup("backup-1")
    bench.folder.config.unlink()
    other.folder.config.write_bytes(b"\0")
    errors = {entry.name: entry.error for entry in catalog.volumes(tmp_path)}
    assert errors["pvc-a"] == "volume.cfg is missing"
    assert "cannot read volume.cfg" in errors["pvc-b"]
