"""Deleting backups, and with them the blocks that no other backup of the volume needs.

Blocks are collected only where it is certain what is needed: not while a configuration cannot be read, a backup
is in progress, or one appeared meanwhile. What is left then, the next collection takes.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from .. import durable
from . import catalog
from .blocks import Blocks, prune
from .configs import BackupConfig
from .paths import VolumeFolder

log = logging.getLogger("backend")


def delete_backup(folder: VolumeFolder, name: str) -> None:
    """One that is not there is as good. Nobody else may work on the volume's backups."""
    path = folder.backup_config(name)
    if not path.exists():
        return
    durable.remove(path)
    tidy(folder)


def delete_volume(folder: VolumeFolder) -> None:
    """All backups of a volume. Nobody else may work on them."""
    if not folder.path.is_dir():
        return
    for name in folder.backup_names():
        durable.remove(folder.backup_config(name))
    blocks = Blocks(folder.blocks)
    for block in list(blocks.names()):
        blocks.remove(block)
    blocks.remove_leftovers()
    durable.remove(folder.config)
    for each in (folder.backups, folder.blocks):
        prune(each, folder.path)


def vanish(folder: VolumeFolder) -> None:
    """Remove the folders of a volume without backups, as far as nobody put anything else there."""
    prune(folder.locks, folder.path)
    prune(folder.path, folder.root)


def tidy(folder: VolumeFolder) -> None:
    """Bring the volume's configuration in line with its backups, and collect blocks. Nobody else may work here."""
    if not folder.path.is_dir():
        return
    for leftover in folder.backups.glob("*.tmp") if folder.backups.is_dir() else ():
        durable.remove(leftover)
    left = _collect(folder)
    entry = catalog.volume(folder.root, folder.name)
    if entry is None or entry.config is None:
        return
    done = [item.config for item in catalog.backups(folder) if item.config is not None and item.complete]
    last = max(done, key=_age, default=None)
    now = replace(
        entry.config,
        last_backup=last.name if last else "",
        last_backup_at=last.created if last else "",
        block_count=entry.config.block_count if left is None else left,
    )
    if now != entry.config:
        durable.replace_file(folder.config, now.dump())


def _age(config: BackupConfig) -> tuple[str, float, str]:
    return config.snapshot_created, config.cut, config.name


def _collect(folder: VolumeFolder) -> int | None:
    """Returns how many blocks are left, None where it could not be told which are needed."""
    entries = catalog.backups(folder)
    unclear = [entry.name for entry in entries if not entry.complete]
    if unclear:
        log.info("blocks of volume %s are not collected: backup %s is not whole", folder.name, unclear[0])
        return None
    needed = {name for entry in entries if entry.config is not None for name in entry.config.blocks.values()}
    blocks = Blocks(folder.blocks)
    unneeded = sorted(set(blocks.names()) - needed)
    if folder.backup_names() != [entry.name for entry in entries]:
        log.info("blocks of volume %s are not collected: its backups changed meanwhile", folder.name)
        return None
    for name in unneeded:
        blocks.remove(name)
    blocks.remove_leftovers()
    return len(set(blocks.names()))
