"""One backup, from its record to the backupstore: what a job does in its thread."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from . import backup_targets, content, durable
from .backup_records import BackupJob
from .backup_states import after
from .backupstore import catalog, creating, deleting, locks
from .backupstore.configs import BackupConfig, VolumeConfig
from .backupstore.errors import LockedError, StoreError
from .backupstore.paths import VolumeFolder
from .engine import Engine
from .errors import BackendError
from .times import timestamp

log = logging.getLogger("backend")

PATIENCE = 60.0
"""Seconds a job waits for others to be done with the volume."""
UPLOADED = 95
"""Percent when all blocks are there."""


class BackupRun:
    """The backup ``name``. While it runs neither it nor its snapshot can be deleted."""

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self._parts = engine.backups
        self._name = name

    def run(self) -> None:
        """Does nothing if the backup was deleted before it began."""
        job = self._parts.jobs.get(self._name)
        if job is None:
            return
        try:
            target = backup_targets.get(self._parts.targets, job.target)
            folder = VolumeFolder(backup_targets.root(target), job.volume)
            with held(self._engine, job.target, folder):
                if self._parts.jobs.get(self._name) is None:
                    return
                job = self._parts.jobs.put(replace(job, state=after(job.state, "start")))
                self._make(job, folder)
        except (BackendError, StoreError, OSError) as error:
            self._failed(job, str(error))
        except Exception as error:
            log.exception("backup %s failed", self._name)
            self._failed(job, f"{type(error).__name__}: {error}")

    def _make(self, job: BackupJob, folder: VolumeFolder) -> None:
        volume = _volume_config(job)
        config = BackupConfig(
            name=job.name,
            volume=job.volume,
            snapshot=job.snapshot,
            snapshot_created=timestamp(time.time()),
            labels=job.labels,
            mode=job.mode,
            block_size=job.block_size,
            compression=job.compression,
            volume_size=job.volume_size,
            cut=job.cut,
        )
        begun = time.monotonic()
        try:
            with self._parts.configuring:
                creating.begin(folder, config, volume)
            with self._source(job, folder) as source:
                workers = int(self._engine.settings.value("backup-concurrent-limit"))
                uploaded = creating.upload(folder, config, source, workers, self._tell)
            with self._parts.configuring:
                done = replace(uploaded.config, created=timestamp(time.time()))
                creating.complete(folder, replace(uploaded, config=done), volume)
        except BaseException:
            with contextlib.suppress(OSError):  # what goes wrong here is what went wrong before
                durable.remove(folder.backup_config(job.name))
            raise
        self._parts.jobs.drop(job.name)
        self._parts.progress.pop(job.name, None)
        log.info(
            "backup %s of snapshot %s of volume %s complete after %.3f s: %d blocks, %d new",
            job.name,
            job.snapshot,
            job.volume,
            time.monotonic() - begun,
            len(uploaded.config.blocks),
            uploaded.new_blocks,
        )
        message = f"backup {job.name} of volume {job.volume} is complete"
        self._engine.events.add("Backup", job.name, "Completed", message)

    @contextlib.contextmanager
    def _source(self, job: BackupJob, folder: VolumeFolder) -> Iterator[creating.Source]:
        """What is to be read: what changed since the last backup, where its snapshot is still here; else all."""
        reading = content.Content(self._engine)
        with reading.of_snapshot(job.volume, job.snapshot, PATIENCE) as path, contextlib.ExitStack() as base_held:
            snapshot = self._engine.snapshots.get(job.snapshot)
            if snapshot is None or snapshot.created != job.cut:
                raise BackendError(
                    "NotFound", f"snapshot {job.snapshot} is another one than the backup was asked of"
                )
            base = self._base(job, folder) if job.mode != "full" else None
            old: Path | None = None
            if base is not None:
                with contextlib.suppress(BackendError):  # its snapshot was deleted just now
                    old = base_held.enter_context(reading.of_snapshot(job.volume, base.snapshot, PATIENCE))
            if base is None or old is None:
                yield creating.Source(path, content.data_ranges(path))
            else:
                yield creating.Source(path, content.changed_ranges(old, path), base)

    def _base(self, job: BackupJob, folder: VolumeFolder) -> BackupConfig | None:
        """The last backup, if it can be built upon: readable, of like blocks, its very snapshot still here."""
        entry = catalog.volume(folder.root, folder.name)
        last = entry.config.last_backup if entry is not None and entry.config is not None else ""
        found = catalog.backup(folder, last) if last else None
        if found is None or found.config is None or not found.complete:
            return None
        base = found.config
        snapshot = self._engine.snapshots.get(base.snapshot)
        if snapshot is None or snapshot.volume != job.volume or snapshot.created != base.cut:
            return None
        return base if base.block_size == job.block_size and base.snapshot != job.snapshot else None

    def _tell(self, done: int, total: int) -> None:
        self._parts.progress[self._name] = done * UPLOADED // total
        self._engine.changes.poke()

    def _failed(self, job: BackupJob, error: str) -> None:
        log.warning("backup %s of volume %s failed: %s", job.name, job.volume, error)
        self._parts.fail(job, error)
        self._engine.events.add("Backup", job.name, "Failed", error)
        with contextlib.suppress(BackendError, StoreError, OSError):  # the next deletion collects what is left
            target = backup_targets.get(self._parts.targets, job.target)
            folder = VolumeFolder(backup_targets.root(target), job.volume)
            with held_alone(self._engine, job.target, folder):
                deleting.tidy(folder)


def held(engine: Engine, target: str, folder: VolumeFolder) -> AbstractContextManager[None]:
    """While it is held no backup of the volume can be deleted. Raises BackendError Aborted."""
    return _held(engine, locks.Kind.SHARED, target, folder)


def held_alone(engine: Engine, target: str, folder: VolumeFolder) -> AbstractContextManager[None]:
    """While it is held nobody makes, reads or deletes a backup of the volume. Raises BackendError Aborted."""
    return _held(engine, locks.Kind.DELETION, target, folder)


@contextlib.contextmanager
def _held(engine: Engine, kind: locks.Kind, target: str, folder: VolumeFolder) -> Iterator[None]:
    """Both against this process, which is known at once, and against others with the same target."""
    name = f"backups of {target}/{folder.name}"
    here = engine.locks.hold(name) if kind is locks.Kind.DELETION else engine.locks.hold(shared=(name,))
    with here, contextlib.ExitStack() as everywhere:
        try:
            everywhere.enter_context(locks.hold(folder, kind, engine.backups.owner))
        except LockedError as error:
            raise BackendError("Aborted", f"backups of volume {folder.name}: {error}") from error
        yield


def _volume_config(job: BackupJob) -> VolumeConfig:
    return VolumeConfig(
        name=job.volume,
        size=job.volume_size,
        created=timestamp(job.volume_created),
        labels=job.labels,
        compression=job.compression,
    )
