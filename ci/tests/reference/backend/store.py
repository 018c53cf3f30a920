"""A backupstore in a folder and a volume in memory, for tests without a backend."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pytest_csi_snapshot.reference_impl.backend import durable
from pytest_csi_snapshot.reference_impl.backend.backupstore import catalog, creating, restoring
from pytest_csi_snapshot.reference_impl.backend.backupstore.configs import BLOCK_SIZE, BackupConfig, VolumeConfig
from pytest_csi_snapshot.reference_impl.backend.backupstore.paths import VolumeFolder
from pytest_csi_snapshot.reference_impl.backend.ranges import Range

AT = "2022-02-23T06:25:46Z"


def noise(length: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(length)


@dataclass
class Bench:
    """``files`` keeps what was backed up, as snapshots would."""

    root: Path
    name: str = "pvc-a"
    compression: str = "lz4"
    block_size: int = BLOCK_SIZE
    content: bytearray = field(default_factory=lambda: bytearray(4 * BLOCK_SIZE))
    count: int = 0

    @property
    def folder(self) -> VolumeFolder:
        return VolumeFolder(self.root, self.name)

    def write(self, offset: int, data: bytes) -> Range:
        self.content[offset : offset + len(data)] = data
        return Range(offset, len(data))

    def config(self, name: str, mode: str = "incremental") -> BackupConfig:
        self.count += 1
        return BackupConfig(
            name=name,
            volume=self.name,
            snapshot=f"snap-of-{name}",
            snapshot_created=AT,
            mode=mode,
            block_size=self.block_size,
            compression=self.compression,
            volume_size=len(self.content),
            cut=float(self.count),
        )

    def backup(
        self,
        name: str,
        changed: list[Range] | None = None,
        base: BackupConfig | None = None,
        mode: str = "incremental",
    ) -> BackupConfig:
        """All of it, or what ``changed`` since ``base``."""
        file = self.root / "source.img"
        file.write_bytes(self.content)
        config = self.config(name, mode)
        volume = VolumeConfig(self.name, len(self.content), AT, compression=self.compression)
        creating.begin(self.folder, config, volume)
        ranges = [Range(0, len(self.content))] if changed is None else changed
        uploaded = creating.upload(self.folder, config, creating.Source(file, ranges, base), 2, lambda *_: None)
        done = creating.Uploaded(self.completed(uploaded.config), uploaded.new_blocks)
        creating.complete(self.folder, done, volume)
        return self.read(name)

    def completed(self, config: BackupConfig) -> BackupConfig:
        return BackupConfig(**{**vars(config), "created": f"2022-02-23T06:26:{self.count:02}Z"})

    def read(self, name: str) -> BackupConfig:
        entry = catalog.backup(self.folder, name)
        assert entry is not None
        assert entry.config is not None
        return entry.config

    def volume(self) -> VolumeConfig:
        entry = catalog.volume(self.root, self.name)
        assert entry is not None
        assert entry.config is not None
        return entry.config

    def blocks(self) -> list[Path]:
        return sorted(self.folder.blocks.glob("*/*/*.blk"))

    def restored(self, name: str, size: int | None = None) -> bytes:
        file = self.root / "restored.img"
        with file.open("w+b") as target:
            target.truncate(size or len(self.content))
            restoring.restore(self.folder, self.read(name), target.fileno(), 2, lambda *_: None, lambda: True)
        return file.read_bytes()


class Forgetful(durable.Disk):
    """Waits for no disk: for tests that end with their process."""

    def sync(self, path: Path) -> None:
        pass

    def sync_folder(self, path: Path) -> None:
        pass


@pytest.fixture
def forgetful_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "disk", Forgetful())
