"""What is in a backupstore, read so that one bad file costs one entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from .configs import BackupConfig, VolumeConfig
from .errors import UnreadableError
from .paths import VolumeFolder, is_name, volume_folders

C = TypeVar("C", BackupConfig, VolumeConfig)


@dataclass(frozen=True)
class VolumeEntry:
    """``config`` is None, and ``error`` says why, where it cannot be read."""

    name: str
    config: VolumeConfig | None
    error: str = ""


@dataclass(frozen=True)
class BackupEntry:
    """Like ``VolumeEntry``."""

    name: str
    config: BackupConfig | None
    error: str = ""

    @property
    def complete(self) -> bool:
        return self.config is not None and bool(self.config.created)


def volumes(root: Path) -> list[VolumeEntry]:
    """All that have backups or had them; sorted by name."""
    return [_volume_entry(folder) for folder in volume_folders(root) if _has_any(folder)]


def volume(root: Path, name: str) -> VolumeEntry | None:
    """None where there is nothing of it."""
    if not is_name(name) or not _has_any(VolumeFolder(root, name)):
        return None
    return _volume_entry(VolumeFolder(root, name))


def backups(folder: VolumeFolder) -> list[BackupEntry]:
    """All of one volume, in progress or not; sorted by name."""
    found = (backup(folder, name) for name in folder.backup_names())
    return [entry for entry in found if entry is not None]


def backup(folder: VolumeFolder, name: str) -> BackupEntry | None:
    """None where there is none."""
    if not is_name(name):
        return None
    path = folder.backup_config(name)
    try:
        config = _read(path, _load_backup)
        if (config.name, config.volume) != (name, folder.name):
            raise UnreadableError(f"it is that of backup {config.name} of volume {config.volume}")
    except FileNotFoundError:
        return None
    except (UnreadableError, OSError) as error:
        return BackupEntry(name, None, f"cannot read {path.name}: {error}")
    return BackupEntry(name, config)


def _has_any(folder: VolumeFolder) -> bool:
    """Whether it is more than a place for locks."""
    return folder.config.exists() or folder.backups.is_dir()


def _volume_entry(folder: VolumeFolder) -> VolumeEntry:
    try:
        config = _read(folder.config, _load_volume)
        if config.name != folder.name:
            raise UnreadableError(f"it is that of volume {config.name}")
    except FileNotFoundError:
        return VolumeEntry(folder.name, None, f"{folder.config.name} is missing")
    except (UnreadableError, OSError) as error:
        return VolumeEntry(folder.name, None, f"cannot read {folder.config.name}: {error}")
    return VolumeEntry(folder.name, config)


def _read(path: Path, load: Callable[[Path, tuple[int, int, int]], C]) -> C:
    """A configuration is replaced whole: the file that is there now tells whether it was read before."""
    stat = path.stat()
    return load(path, (stat.st_ino, stat.st_mtime_ns, stat.st_size))


@lru_cache(maxsize=512)
def _load_backup(path: Path, _version: tuple[int, int, int]) -> BackupConfig:
    return BackupConfig.load(path.read_bytes())


@lru_cache(maxsize=512)
def _load_volume(path: Path, _version: tuple[int, int, int]) -> VolumeConfig:
    return VolumeConfig.load(path.read_bytes())
