"""What there is of backups, to look at: the targets' contents, and the jobs whose backups are not there yet."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from . import backup_targets
from .backup_records import BackupJob, Target
from .backup_states import UNFINISHED
from .backupstore import catalog, locks
from .backupstore.catalog import BackupEntry, VolumeEntry
from .backupstore.configs import BLOCK_SIZE, VolumeConfig
from .backupstore.paths import VolumeFolder, backup_url, is_name
from .engine import Engine
from .times import timestamp

COMPLETED = "Completed"


@dataclass(frozen=True)
class Backup:
    """One backup, whether it is under way, failed or complete. ``message`` is what is wrong with its files.

    Times are RFC 3339, sizes bytes, ``progress`` percent.
    """

    name: str
    volume: str
    target: str
    url: str
    state: str
    progress: int = 0
    error: str = ""
    message: str = ""
    snapshot: str = ""
    snapshot_created: str = ""
    created: str = ""
    size: int = 0
    labels: dict[str, str] = field(default_factory=dict)
    mode: str = ""
    block_size: int = BLOCK_SIZE
    compression: str = ""
    newly_uploaded: int = 0
    re_uploaded: int = 0
    volume_size: int = 0
    volume_created: str = ""


@dataclass(frozen=True)
class BackupVolume:
    """All backups of one volume in one target; without ``config`` where there is none, or none to be read."""

    name: str
    volume: str
    target: str
    config: VolumeConfig | None = None
    message: str = ""
    block_size: int = BLOCK_SIZE

    @property
    def stored(self) -> int:
        """Bytes of its blocks, uncompressed."""
        return self.config.block_count * self.block_size if self.config else 0


class Shelf:
    """All backups that one engine can see. A target that cannot be used has none."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._parts = engine.backups

    def volumes(self) -> list[BackupVolume]:
        """Sorted by name."""
        found = {
            item.name: item
            for target, root in self._roots()
            for item in (self._backup_volume(target, root, entry) for entry in catalog.volumes(root))
        }
        for job in self.jobs():
            item = BackupVolume(self._own_name(job.volume, job.target), job.volume, job.target)
            found.setdefault(item.name, item)
        return [item for _, item in sorted(found.items())]

    def volume(self, name: str) -> BackupVolume:
        """By its own name or that of the volume it is of. One that is not there is empty."""
        wanted = [(target, volume) for volume in (name[:-9], name) for target in self._parts.targets.all()]
        for target, volume in wanted:
            if name not in (volume, self._own_name(volume, target.name)):
                continue
            root = self._root(target)
            entry = catalog.volume(root, volume) if root is not None else None
            if root is not None and entry is not None:
                return self._backup_volume(target, root, entry)
            if any((job.volume, job.target) == (volume, target.name) for job in self.jobs()):
                return BackupVolume(self._own_name(volume, target.name), volume, target.name)
        return BackupVolume(name, name, backup_targets.DEFAULT)

    def of(self, volume: str, target: str = "") -> list[Backup]:
        """Those of ``volume``, in ``target`` or in all; sorted by name.

        What a job still works on is complete when the job says so, not when its files can be seen: only then has
        their directory reached the disk.
        """
        jobs = [job for job in self.jobs() if job.volume == volume and target in ("", job.target)]
        found = {job.name: self._of_job(job) for job in jobs}
        under_way = {job.name for job in jobs if job.state in UNFINISHED}
        for each, root in self._roots():
            if target not in ("", each.name) or not is_name(volume):
                continue
            for item in self._in_store(each, VolumeFolder(root, volume)):
                if item.name not in found or (item.state == COMPLETED and item.name not in under_way):
                    found[item.name] = item
        return [item for _, item in sorted(found.items())]

    def all(self) -> list[Backup]:
        """Those of all volumes."""
        return [item for volume in self.volumes() for item in self.of(volume.volume, volume.target)]

    def last(self, volume: str, target: str) -> tuple[str, str]:
        """Name and time of the last backup of ``volume``; "" twice without one."""
        for each, root in self._roots():
            entry = catalog.volume(root, volume) if each.name == target else None
            if entry is not None and entry.config is not None:
                return entry.config.last_backup, entry.config.last_backup_at
        return "", ""

    def jobs(self) -> list[BackupJob]:
        """Those that are under way, and those that failed not too long ago."""
        minutes = int(self._engine.settings.value("failed-backup-ttl"))
        for job in self._parts.jobs.all():
            if minutes and job.state not in UNFINISHED and job.ended + minutes * 60 < time.time():
                self._parts.jobs.drop(job.name)
        return self._parts.jobs.all()

    def _roots(self) -> Iterator[tuple[Target, Path]]:
        for target in self._parts.targets.all():
            root = self._root(target)
            if root is not None:
                yield target, root

    def _root(self, target: Target) -> Path | None:
        return None if backup_targets.trouble(target) else backup_targets.root(target)

    def _own_name(self, volume: str, target: str) -> str:
        if not self._engine.profile.backup_volume_has_own_name:
            return volume
        return f"{volume}-{hashlib.sha512(f'{target}/{volume}'.encode()).hexdigest()[:8]}"

    def _backup_volume(self, target: Target, root: Path, entry: VolumeEntry) -> BackupVolume:
        last = entry.config.last_backup if entry.config else ""
        newest = catalog.backup(VolumeFolder(root, entry.name), last)
        return BackupVolume(
            name=self._own_name(entry.name, target.name),
            volume=entry.name,
            target=target.name,
            config=entry.config,
            message=entry.error,
            block_size=newest.config.block_size if newest and newest.config else BLOCK_SIZE,
        )

    def _in_store(self, target: Target, folder: VolumeFolder) -> list[Backup]:
        volume = catalog.volume(folder.root, folder.name)
        config = volume.config if volume is not None else None
        return [_of_entry(target, folder, config, entry) for entry in catalog.backups(folder)]

    def _of_job(self, job: BackupJob) -> Backup:
        target = next((item for item in self._parts.targets.all() if item.name == job.target), None)
        return Backup(
            name=job.name,
            volume=job.volume,
            target=job.target,
            url=backup_url(target.url, job.volume, job.name) if target else "",
            state=job.state,
            progress=self._parts.progress.get(job.name, 0),
            error=job.error,
            snapshot=job.snapshot,
            snapshot_created=timestamp(job.created),
            labels=job.labels,
            mode=job.mode,
            block_size=job.block_size,
            compression=job.compression,
            volume_size=job.volume_size,
            volume_created=timestamp(job.volume_created),
        )


def _of_entry(target: Target, folder: VolumeFolder, volume: VolumeConfig | None, entry: BackupEntry) -> Backup:
    url = backup_url(target.url, folder.name, entry.name)
    if entry.config is None:
        return Backup(entry.name, folder.name, target.name, url, "Unknown", message=entry.error)
    config = entry.config
    state, error = COMPLETED, ""
    if not entry.complete:
        state, error = ("InProgress", "") if locks.held(folder) else ("Error", "whoever made this backup ended")
    return Backup(
        name=config.name,
        volume=config.volume,
        target=target.name,
        url=url,
        state=state,
        progress=100 if entry.complete else 0,
        error=error,
        snapshot=config.snapshot,
        snapshot_created=config.snapshot_created,
        created=config.created,
        size=config.size,
        labels=config.labels,
        mode=config.mode,
        block_size=config.block_size,
        compression=config.compression,
        newly_uploaded=config.newly_uploaded,
        re_uploaded=config.re_uploaded,
        volume_size=config.volume_size or (volume.size if volume else 0),
        volume_created=volume.created if volume else "",
    )
