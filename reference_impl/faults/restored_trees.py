"""Faults of restores that copy files instead of blocks: what a file is besides its content is lost."""

from __future__ import annotations

import os
import shutil
from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .fault import Fault
from .wrapping import Clean, inner, wrap

if TYPE_CHECKING:
    from ..driver.backend import Backend
    from ..driver.services import Services


class _TreeFault(Fault):
    """Spoils the files of a volume that was made of another, once, when it is staged for the first time."""

    component = "driver"
    breaks = ("RES-001", "CLN-001")
    kind = "data"

    def apply(self, target: Services) -> None:
        """After NodeStageVolume of a filesystem with a data source, which is then mounted at its staging path."""
        backend: Backend = inner(target.node, "_backend")
        done = set[str]()

        def spoiling(clean: Clean, request: Any, context: Any) -> Any:
            answer = clean(request, context)
            found = backend.volumes.find(request.volume_id)
            if found and found.data_source and found.mode == "Filesystem" and found.name not in done:
                done.add(found.name)
                for path in _files(Path(request.staging_target_path)):
                    self.spoil(path)
            return answer

        wrap(target.node, "NodeStageVolume", spoiling)

    @abstractmethod
    def spoil(self, path: Path) -> None:
        """What becomes of one file or folder."""


class RestoreLosesOwners(_TreeFault):
    """All files of a restored volume belong to root."""

    name = "restore-loses-owners"

    def spoil(self, path: Path) -> None:
        """As a copy by root without -p."""
        os.chown(path, 0, 0, follow_symlinks=False)


class RestoreLosesModes(_TreeFault):
    """All files of a restored volume may be read and written by everybody, and none may be run."""

    name = "restore-loses-modes"

    def spoil(self, path: Path) -> None:
        """0666 for files, 0777 for folders."""
        if not path.is_symlink():
            path.chmod(0o777 if path.is_dir() else 0o666)


class RestoreBreaksHardLinks(_TreeFault):
    """Two names of one file are two files in a restored volume."""

    name = "restore-breaks-hard-links"

    def spoil(self, path: Path) -> None:
        """Each name gets a copy of its own."""
        if path.is_file() and not path.is_symlink() and path.stat().st_nlink > 1:
            _replace_by_copy(path)


class RestoreFollowsSymlinks(_TreeFault):
    """Symbolic links are files in a restored volume, or gone where they pointed nowhere."""

    name = "restore-follows-symbolic-links"

    def spoil(self, path: Path) -> None:
        """As a copy with -L; what a link points to outside of the volume is left out."""
        if path.is_symlink():
            content = path.read_bytes() if path.is_file() else None
            path.unlink()
            if content is not None:
                path.write_bytes(content)


def _files(root: Path) -> Iterator[Path]:
    """Everything below ``root`` but what the filesystem itself has there, folders before what is in them."""
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name != "lost+found"]
        for name in (*folders, *files):
            yield Path(folder, name)


def _replace_by_copy(path: Path) -> None:
    """The same content, times, mode and owner in a file of its own that has no holes."""
    found = path.stat()
    copy = path.with_name(f"{path.name}.copy")
    copy.write_bytes(path.read_bytes())
    shutil.copystat(path, copy)
    os.chown(copy, found.st_uid, found.st_gid)
    copy.rename(path)
