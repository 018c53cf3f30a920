"""Where everything lies below the folder of a target, and how backups are addressed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlencode

from .errors import StoreError

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
_CHECKSUM = re.compile(r"[0-9a-f]{64}")


def is_name(text: str) -> bool:
    """Whether a volume or backup may be called so: names become file names."""
    return bool(_NAME.fullmatch(text))


def is_checksum(text: str) -> bool:
    """Whether a block may be called so."""
    return bool(_CHECKSUM.fullmatch(text))


@dataclass(frozen=True)
class VolumeFolder:
    """``backupstore/volumes/aa/bb/NAME`` below ``root``; aa and bb begin the SHA-512 of the name.

    Raises StoreError for a name that cannot be one.
    """

    root: Path
    name: str

    def __post_init__(self) -> None:
        if not is_name(self.name):
            raise StoreError(f"invalid volume name {self.name!r}")

    @property
    def path(self) -> Path:
        begin = hashlib.sha512(self.name.encode()).hexdigest()
        return _volumes(self.root) / begin[:2] / begin[2:4] / self.name

    @property
    def config(self) -> Path:
        return self.path / "volume.cfg"

    @property
    def backups(self) -> Path:
        return self.path / "backups"

    @property
    def blocks(self) -> Path:
        return self.path / "blocks"

    @property
    def locks(self) -> Path:
        return self.path / "locks"

    def backup_config(self, backup: str) -> Path:
        """Raises StoreError for a name that cannot be one."""
        if not is_name(backup):
            raise StoreError(f"invalid backup name {backup!r}")
        return self.backups / f"backup_{backup}.cfg"

    def backup_names(self) -> list[str]:
        """Sorted. Other files than configurations of backups are passed over."""
        if not self.backups.is_dir():
            return []
        names = (
            path.name.removeprefix("backup_").removesuffix(".cfg") for path in self.backups.glob("backup_*.cfg")
        )
        return sorted(name for name in names if is_name(name))


def volume_folders(root: Path) -> Iterator[VolumeFolder]:
    """Of every volume with something below ``root``, sorted by name; what lies in a wrong place is none."""
    found = (path for path in _volumes(root).glob("*/*/*") if path.is_dir() and is_name(path.name))
    folders = (VolumeFolder(root, path.name) for path in sorted(found, key=lambda path: path.name))
    return (folder for folder in folders if folder.path.is_dir())


def _volumes(root: Path) -> Path:
    return root / "backupstore" / "volumes"


def backup_url(target: str, volume: str, backup: str) -> str:
    """The address of one backup: that of its target, and which it is."""
    return f"{target}?{urlencode({'backup': backup, 'volume': volume})}"


def parse_backup_url(url: str) -> tuple[str, str, str]:
    """Target, volume and backup. Raises StoreError."""
    target, _, query = url.partition("?")
    fields = parse_qs(query)
    names = {key: fields.get(key, [""])[0] for key in ("volume", "backup")}
    if not target or not all(map(is_name, names.values())):
        raise StoreError(f"{url!r} is not the URL of a backup: it must be TARGET?backup=NAME&volume=NAME")
    return target, names["volume"], names["backup"]
