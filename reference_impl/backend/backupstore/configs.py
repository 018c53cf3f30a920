"""The two configuration files, to and from JSON: ``volume.cfg`` and ``backup_NAME.cfg``.

Numbers are strings there. Some strings of ``volume.cfg`` are JSON inside JSON; readers take them either way, and
what older writers did not have is as if empty. Three fields are additions, which other readers drop: in a backup
``VolumeSize`` and ``SnapshotCut``, and ``Owner`` in a lock.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import UnreadableError
from .paths import is_checksum, is_name

BLOCK_SIZE = 2 << 20
"""Bytes of a block where nothing else is said."""
BLOCK_SIZES = (BLOCK_SIZE, 16 << 20)


@dataclass(frozen=True)
class VolumeConfig:
    """What is known of a volume. Sizes in bytes, times in RFC 3339, "" where there is none."""

    name: str
    size: int
    created: str
    labels: dict[str, str] = field(default_factory=dict)
    last_backup: str = ""
    last_backup_at: str = ""
    block_count: int = 0
    compression: str = ""
    storage_class: str = ""
    data_engine: str = "v1"
    backing_image: str = ""
    backing_image_checksum: str = ""

    def dump(self) -> bytes:
        return _dumped(
            {
                "Name": self.name,
                "Size": str(self.size),
                "Labels": self.labels,
                "CreatedTime": self.created,
                "LastBackupName": self.last_backup,
                "LastBackupAt": self.last_backup_at,
                "BlockCount": str(self.block_count),
                "BackingImageName": json.dumps(self.backing_image),
                "BackingImageChecksum": json.dumps(self.backing_image_checksum),
                "CompressionMethod": json.dumps(self.compression),
                "StorageClassName": json.dumps(self.storage_class),
                "DataEngine": json.dumps(self.data_engine),
            }
        )

    @classmethod
    def load(cls, raw: bytes) -> VolumeConfig:
        """Raises UnreadableError."""
        data = _Reader(raw)
        return cls(
            name=data.name("Name"),
            size=data.number("Size"),
            created=data.text("CreatedTime"),
            labels=data.labels("Labels"),
            last_backup=data.text("LastBackupName"),
            last_backup_at=data.text("LastBackupAt"),
            block_count=data.number("BlockCount"),
            compression=data.quoted("CompressionMethod"),
            storage_class=data.quoted("StorageClassName"),
            data_engine=data.quoted("DataEngine") or "v1",
            backing_image=data.quoted("BackingImageName"),
            backing_image_checksum=data.quoted("BackingImageChecksum"),
        )


@dataclass(frozen=True)
class BackupConfig:
    """One backup; ``blocks`` is offset -> checksum, rising, and what it leaves out are zeros.

    ``snapshot_created`` is when the backup began, as in Longhorn, and ``cut`` the moment of the snapshot in
    seconds since the epoch, 0 where another program wrote this: by it a snapshot is told from a later one of
    the same name. ``created`` is "" while the backup is in progress. The uploaded sizes are bytes as stored.
    """

    name: str
    volume: str
    snapshot: str
    snapshot_created: str
    created: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    mode: str = "incremental"
    block_size: int = BLOCK_SIZE
    incremental: bool = False
    compression: str = "gzip"
    newly_uploaded: int = 0
    re_uploaded: int = 0
    volume_size: int = 0
    cut: float = 0
    blocks: Mapping[int, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return len(self.blocks) * self.block_size

    def dump(self) -> bytes:
        blocks = [{"Offset": offset, "BlockChecksum": name} for offset, name in sorted(self.blocks.items())]
        return _dumped(
            {
                "Name": self.name,
                "VolumeName": self.volume,
                "SnapshotName": self.snapshot,
                "SnapshotCreatedAt": self.snapshot_created,
                "CreatedTime": self.created,
                "Size": str(self.size),
                "Labels": self.labels,
                "Parameters": {"backup-mode": self.mode, "backup-block-size": str(self.block_size)},
                "IsIncremental": self.incremental,
                "CompressionMethod": self.compression,
                "NewlyUploadedDataSize": str(self.newly_uploaded),
                "ReUploadedDataSize": str(self.re_uploaded),
                "VolumeSize": str(self.volume_size),
                "SnapshotCut": repr(self.cut),
                "ProcessingBlocks": None,
                "Blocks": blocks if self.created else None,
                "SingleFile": {"FilePath": ""},
            }
        )

    @classmethod
    def load(cls, raw: bytes) -> BackupConfig:
        """Raises UnreadableError."""
        data = _Reader(raw)
        parameters = data.labels("Parameters")
        block_size = _number("backup-block-size", parameters.get("backup-block-size") or BLOCK_SIZE)
        if block_size not in BLOCK_SIZES:
            raise UnreadableError(f"blocks of {block_size} bytes are not known")
        return cls(
            name=data.name("Name"),
            volume=data.name("VolumeName"),
            snapshot=data.text("SnapshotName"),
            snapshot_created=data.text("SnapshotCreatedAt"),
            created=data.text("CreatedTime"),
            labels=data.labels("Labels"),
            mode=parameters.get("backup-mode") or "incremental",
            block_size=block_size,
            incremental=data.flag("IsIncremental"),
            compression=data.text("CompressionMethod") or "gzip",
            newly_uploaded=data.number("NewlyUploadedDataSize"),
            re_uploaded=data.number("ReUploadedDataSize"),
            volume_size=data.number("VolumeSize"),
            cut=data.moment("SnapshotCut"),
            blocks=data.blocks("Blocks", block_size),
        )


class _Reader:
    """A JSON object from a file that anybody may have written."""

    def __init__(self, raw: bytes) -> None:
        try:
            data: Any = json.loads(raw)
        except ValueError as error:
            raise UnreadableError(f"it is not JSON: {error}") from error
        if not isinstance(data, dict):
            raise UnreadableError("it is not a JSON object")
        self._data: dict[str, Any] = data

    def text(self, key: str) -> str:
        value = self._data.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise UnreadableError(f"{key} is not a string")
        return value

    def name(self, key: str) -> str:
        value = self.text(key)
        if not is_name(value):
            raise UnreadableError(f"{key} {value!r} is not a name")
        return value

    def quoted(self, key: str) -> str:
        """A string, or the JSON of one as a string."""
        value = self.text(key)
        if not value.startswith('"'):
            return value
        try:
            inner: Any = json.loads(value)
        except ValueError as error:
            raise UnreadableError(f"{key} {value!r} is not a quoted string") from error
        return str(inner)

    def number(self, key: str) -> int:
        """Absent is 0."""
        return _number(key, self._data.get(key) or 0)

    def moment(self, key: str) -> float:
        try:
            return float(self._data.get(key) or 0)
        except (TypeError, ValueError) as error:
            raise UnreadableError(f"{key} is not a number") from error

    def flag(self, key: str) -> bool:
        return self._data.get(key) is True

    def labels(self, key: str) -> dict[str, str]:
        value = self._data.get(key) or {}
        if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
            raise UnreadableError(f"{key} is not an object of strings")
        return value

    def blocks(self, key: str, block_size: int) -> dict[int, str]:
        value = self._data.get(key) or []
        if not isinstance(value, list):
            raise UnreadableError(f"{key} is not a list")
        return dict(sorted(_block(item, block_size) for item in value))


def _block(item: Any, block_size: int) -> tuple[int, str]:
    offset, checksum = (item.get("Offset"), item.get("BlockChecksum")) if isinstance(item, dict) else (None, None)
    if type(offset) is not int or offset < 0 or offset % block_size:
        raise UnreadableError(f"a block has the offset {offset!r}")
    if not isinstance(checksum, str) or not is_checksum(checksum):
        raise UnreadableError(f"the block at {offset} has the checksum {checksum!r}")
    return offset, checksum


def _number(key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str) or not str(value).isdecimal():
        raise UnreadableError(f"{key} {value!r} is not a number")
    return int(value)


def _dumped(data: dict[str, Any]) -> bytes:
    return json.dumps(data, separators=(",", ":")).encode()
