"""What the backend holds of backups while it is open, and how it finds its feet about them."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from .. import profiles
from . import backup_targets, durable
from .backup_records import BackupJob, Target
from .backup_states import UNFINISHED, after
from .backup_targets import TargetObjects, Targets, TargetSettings
from .backup_urls import url_of
from .backupstore import catalog, deleting, locks
from .backupstore.errors import StoreError
from .backupstore.paths import VolumeFolder, volume_folders
from .errors import BackendError
from .jobs import Jobs
from .records import Records
from .settings import Settings

log = logging.getLogger("backend")

INTERRUPTED = "the backend ended while the backup was running"


@dataclass(frozen=True)
class BackupParts:
    """``owner`` marks the locks of this data directory; ``progress`` is that of jobs, in percent, by name.

    Who writes the configuration of a volume holds ``configuring``: several backups of it may be made at a time.
    """

    targets: Targets
    jobs: Records[BackupJob]
    backing_up: Jobs
    restoring: Jobs
    progress: dict[str, int]
    configuring: threading.Lock
    owner: str

    @classmethod
    def open(
        cls, data: Path, settings: Settings, profile: profiles.Profile, changed: Callable[[], None]
    ) -> BackupParts:
        """Also ends what the last user of ``data`` left under way: such backups have failed.

        ``changed`` is called whenever something can be read anew.
        """

        def limit() -> int:
            return int(settings.value("concurrent-volume-backup-restore-per-node-limit"))

        default = default_folder(data)
        durable.make_folder(default)
        default.chmod(0o700)
        records: Records[Target] = Records(data / "backup-targets", Target, changed)
        parts = cls(
            targets=TargetSettings(settings)
            if profile.backup_target_settings
            else TargetObjects(records, url_of(default)),
            jobs=Records(data / "backup-jobs", BackupJob, changed),
            backing_up=Jobs("backup", limit),
            restoring=Jobs("restore", limit),
            progress={},
            configuring=threading.Lock(),
            owner=_owner(data / "owner"),
        )
        for target in parts.targets.all():
            try:
                parts._recover(target)
            except (OSError, BackendError) as error:
                log.warning("backup target %s was not looked through: %s", target.name, error)
        for job in parts.jobs.all():
            if job.state in UNFINISHED:
                parts.fail(job, INTERRUPTED)
        return parts

    def fail(self, job: BackupJob, error: str) -> None:
        """The job has failed, and its record says why."""
        self.jobs.put(replace(job, state=after(job.state, "fail"), error=error, ended=time.time()))
        self.progress.pop(job.name, None)

    def _recover(self, target: Target) -> None:
        root = backup_targets.root(target)
        touched = set()
        for job in self.jobs.all():
            folder = VolumeFolder(root, job.volume)
            entry = catalog.backup(folder, job.name) if job.target == target.name else None
            if entry is None:
                continue
            touched.add(job.volume)
            if entry.complete and job.state in UNFINISHED:
                self.jobs.drop(job.name)
            else:
                durable.remove(folder.backup_config(job.name))
        for folder in volume_folders(root):
            left = locks.abandoned(folder, self.owner)
            for lock in left:
                lock.unlink(missing_ok=True)
            if left or folder.name in touched:
                self._tidy(folder)

    def _tidy(self, folder: VolumeFolder) -> None:
        try:
            with locks.hold(folder, locks.Kind.DELETION, self.owner, wait=0):
                deleting.tidy(folder)
        except StoreError as error:
            log.info("backups of volume %s are not tidied: %s", folder.name, error)


def default_folder(data: Path) -> Path:
    """Where backups go when nothing else is said."""
    return data / "backup-target"


def _owner(path: Path) -> str:
    """The same for ever in one data directory."""
    if not path.exists():
        durable.replace_file(path, uuid.uuid4().hex.encode())
    return path.read_text()
