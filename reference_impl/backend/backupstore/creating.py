"""Making a backup: upload the blocks that are not there yet, then say of what it consists."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from .. import durable
from ..ranges import Range
from . import catalog
from .blocks import Blocks, checksum
from .configs import BackupConfig, VolumeConfig
from .errors import StoreError
from .parallel import Progress, for_each
from .paths import VolumeFolder


@dataclass(frozen=True)
class Source:
    """``path`` is a flat file; ``ranges`` are where it may have other data than ``base``, or where it has any."""

    path: Path
    ranges: Iterable[Range]
    base: BackupConfig | None = None


@dataclass(frozen=True)
class Uploaded:
    """A backup that lacks only the time of its end, and how many blocks the volume has more than before."""

    config: BackupConfig
    new_blocks: int


def begin(folder: VolumeFolder, config: BackupConfig, volume: VolumeConfig) -> None:
    """Say that there will be a backup. ``volume`` is what is known of it now. One of a volume at a time.

    Raises StoreError if the name is taken.
    """
    path = folder.backup_config(config.name)
    if path.exists():
        raise StoreError(f"backup {config.name} of volume {config.volume} exists")
    for each in (folder.backups, folder.blocks):
        durable.disk.make_folder(each)
    parent = folder.path
    while parent != folder.root:
        durable.disk.sync_folder(parent)
        parent = parent.parent
    durable.disk.sync_folder(parent)
    durable.replace_file(path, replace(config, created="").dump())
    if not folder.config.exists():
        durable.replace_file(folder.config, volume.dump())


def upload(folder: VolumeFolder, config: BackupConfig, source: Source, workers: int, tell: Progress) -> Uploaded:
    """Write the blocks of a backup that has begun; they are durable then. Raises OSError."""
    uploading = _Upload(Blocks(folder.blocks), config, source)
    offsets = uploading.offsets()
    with source.path.open("rb") as file:
        for_each(offsets, lambda offset: uploading.block(file.fileno(), offset), workers, tell)
    uploading.blocks.settle()
    made = replace(
        config,
        incremental=source.base is not None,
        newly_uploaded=uploading.newly,
        re_uploaded=uploading.again,
        blocks=dict(sorted(uploading.found.items())),
    )
    return Uploaded(made, uploading.new_blocks)


def complete(folder: VolumeFolder, uploaded: Uploaded, volume: VolumeConfig) -> None:
    """The backup is there from now on. One of a volume at a time. ``volume`` is what is known of it now."""
    config = uploaded.config
    durable.replace_file(folder.backup_config(config.name), config.dump())
    entry = catalog.volume(folder.root, folder.name)
    old = entry.config if entry is not None else None
    if old is None:  # damaged: what it said is found out anew
        made = replace(volume, block_count=len(list(Blocks(folder.blocks).names())))
    else:
        made = replace(volume, created=old.created, block_count=old.block_count + uploaded.new_blocks)
    newest = catalog.backup(folder, old.last_backup) if old is not None else None
    if old is not None and newest is not None and newest.config is not None and _later(newest.config, config):
        made = replace(old, block_count=made.block_count)
    else:
        made = replace(made, last_backup=config.name, last_backup_at=config.created)
    durable.replace_file(folder.config, made.dump())


def _later(one: BackupConfig, other: BackupConfig) -> bool:
    return (one.snapshot_created, one.cut) > (other.snapshot_created, other.cut)


class _Upload:
    """The state of one upload, shared by its threads."""

    def __init__(self, blocks: Blocks, config: BackupConfig, source: Source) -> None:
        self.blocks = blocks
        self._config = config
        self._source = source
        self.found = dict(source.base.blocks) if source.base is not None else {}
        self.newly = 0
        self.again = 0
        self.new_blocks = 0
        self._zeros = bytes(config.block_size)
        self._claimed: set[str] = set()
        self._counting = threading.Lock()

    def offsets(self) -> list[int]:
        """Of the blocks to read: those with changes, and those that the base has lost."""
        size = self._config.block_size
        changed = {
            number * size
            for item in self._source.ranges
            for number in range(item.start // size, -(-item.end // size))
        }
        lost = {offset for offset, name in self.found.items() if not self.blocks.has(name)}
        return sorted(changed | lost)

    def block(self, fd: int, offset: int) -> None:
        size = self._config.block_size
        plain = os.pread(fd, size, offset).ljust(size, b"\0")
        if plain == self._zeros:
            self.found.pop(offset, None)
            return
        name = checksum(plain)
        self.found[offset] = name
        with self._counting:
            if name in self._claimed:
                return
            self._claimed.add(name)
        there = self.blocks.claim(name)
        if there and self._config.mode != "full":
            return
        length = self.blocks.write(name, plain, self._config.compression)
        with self._counting:
            if there:
                self.again += length
            else:
                self.newly += length
                self.new_blocks += 1
