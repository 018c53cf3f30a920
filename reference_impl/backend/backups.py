"""Backups: ask for one, or delete some. They lie in a target and outlive their volume."""

from __future__ import annotations

import logging
import time
import uuid

from . import backup_labels, backup_targets
from .backup_records import BackupJob, Target
from .backup_run import BackupRun, held_alone
from .backup_shelf import BackupVolume
from .backup_states import UNFINISHED
from .backupstore import catalog, deleting
from .backupstore.paths import VolumeFolder, is_name
from .engine import Engine
from .errors import BackendError
from .options import value_of
from .replica.names import HEAD
from .snapshots import Snapshots
from .volumes import Volumes

log = logging.getLogger("backend")

MODES = ("incremental", "full")


class Backups:
    """The backups of one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._parts = engine.backups
        self._volumes = Volumes(engine)
        self._snapshots = Snapshots(engine)

    def create(self, volume: str, snapshot: str, labels: dict[str, str], mode: str) -> str:
        """Accept a backup of ``snapshot``; a job makes it. Returns its name. Raises BackendError.

        NotFound: no such volume or snapshot of it; FailedPrecondition: its target cannot be used, or only attached
        volumes are backed up; InvalidArgument: a label, the mode, the name of the volume, or the live data for a
        snapshot.
        """
        source = self._volumes.get(volume)
        if not is_name(volume):
            raise BackendError(
                "InvalidArgument", f"volume {volume} cannot be backed up: its name is too short for it"
            )
        labels = backup_labels.checked(labels) | backup_labels.added(source)
        if mode not in MODES:
            raise BackendError("InvalidArgument", f"invalid backupMode {mode!r}: one of {', '.join(MODES)}")
        if snapshot == HEAD:
            raise BackendError("InvalidArgument", f"{HEAD} cannot be backed up: make a snapshot first")
        if not source.attachments and not self._engine.profile.backs_up_detached:
            raise BackendError("FailedPrecondition", f"action snapshotBackup of volume {volume} needs it attached")
        cut = self._snapshots.find(volume, snapshot)
        if cut is None:
            raise BackendError("NotFound", f"cannot find snapshot '{snapshot}' for volume '{volume}'")
        target = backup_targets.get(self._parts.targets, value_of(source.options, "backupTargetName"))
        backup_targets.root(target)
        job = BackupJob(
            name=f"backup-{uuid.uuid4().hex[:16]}",
            volume=volume,
            snapshot=snapshot,
            cut=cut.created,
            target=target.name,
            created=time.time(),
            mode=mode,
            block_size=int(value_of(source.options, "backupBlockSize")),
            compression=value_of(source.options, "backupCompressionMethod"),
            volume_size=self._snapshots.store(cut).size_of(snapshot),
            volume_created=source.created,
            labels=labels,
        )
        self._parts.jobs.put(job)
        self._parts.backing_up.start(BackupRun(self._engine, job.name).run)
        return job.name

    def delete(self, volume: BackupVolume, name: str) -> None:
        """One that is not there is as good. Raises BackendError.

        Aborted: it is being made, or one of its volume is being read; FailedPrecondition: its target cannot be
        used.
        """
        job = self._parts.jobs.get(name)
        if job is not None and job.state not in UNFINISHED and self._trouble(volume):
            self._parts.jobs.drop(name)  # one that failed has left nothing there
            return
        folder = self._folder(volume)
        if folder is None or not is_name(name):
            return
        entry = catalog.backup(folder, name)
        if entry is None and job is None:
            return
        with held_alone(self._engine, volume.target, folder):
            deleting.delete_backup(folder, name)
            self._parts.jobs.drop(name)
        self._tell(name, f"backup {name} of volume {volume.volume} has been deleted")
        if entry is not None and entry.config is not None:
            self._clean_up(entry.config.volume, entry.config.snapshot, entry.config.cut)

    def delete_volume(self, volume: BackupVolume) -> None:
        """All backups of a volume, and what is known of it there. Raises BackendError as ``delete``."""
        folder = self._folder(volume)
        key = (volume.volume, volume.target)
        jobs = [job for job in self._parts.jobs.all() if (job.volume, job.target) == key]
        if folder is not None and folder.path.is_dir():
            with held_alone(self._engine, volume.target, folder):
                deleting.delete_volume(folder)
                for job in jobs:
                    self._parts.jobs.drop(job.name)
            deleting.vanish(folder)
            self._tell(volume.name, f"the backups of volume {volume.volume} have been deleted")
            return
        for job in jobs:
            if job.state not in UNFINISHED:
                self._parts.jobs.drop(job.name)

    def _folder(self, volume: BackupVolume) -> VolumeFolder | None:
        """None without a target: nothing is there then. Raises BackendError if it is one that cannot be used."""
        target = self._target(volume)
        if target is None or not target.url or not is_name(volume.volume):
            return None
        return VolumeFolder(backup_targets.root(target), volume.volume)

    def _trouble(self, volume: BackupVolume) -> bool:
        """Whether its target cannot be used, or is no more."""
        target = self._target(volume)
        return target is None or bool(backup_targets.trouble(target))

    def _target(self, volume: BackupVolume) -> Target | None:
        return next((item for item in self._parts.targets.all() if item.name == volume.target), None)

    def _clean_up(self, volume: str, snapshot: str, cut: float) -> None:
        if self._engine.settings.value("auto-cleanup-when-delete-backup") != "true":
            return
        found = self._snapshots.find(volume, snapshot)
        if found is not None and found.created == cut:
            try:
                self._snapshots.delete(snapshot)
            except BackendError as error:
                log.warning("snapshot %s was not deleted with its backup: %s", snapshot, error.message)

    def _tell(self, name: str, message: str) -> None:
        log.info("%s", message)
        self._engine.events.add("Backup", name, "Delete", message)
