"""Restores: a new volume, filled from a backup by a job."""

from __future__ import annotations

import logging
import time

from . import backup_targets, backup_urls
from .backup_records import Target
from .backup_run import held
from .backupstore import catalog, restoring
from .backupstore.configs import BackupConfig
from .backupstore.errors import StoppedError, StoreError
from .backupstore.paths import VolumeFolder, parse_backup_url
from .engine import Engine
from .errors import BackendError
from .options import Value
from .records import Volume
from .restoring import Restoring
from .volumes import Volumes

log = logging.getLogger("backend")


class Restores:
    """The restores of one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._parts = engine.backups
        self._volumes = Volumes(engine)

    def create(self, name: str, size: int | None, mode: str, url: str, options: dict[str, Value]) -> Volume:
        """A volume with the data of the backup at ``url``, as large as that unless ``size`` says larger.

        It is there at once, and its data later. Raises BackendError: InvalidArgument for what is no URL of a
        backup, NotFound without such a backup, OutOfRange, AlreadyExists.
        """
        existing = self._engine.volumes.get(name)
        if existing is not None:  # whatever became of the backup since
            return _same(existing, size, mode, url)
        _, folder, backup = self._place(url)
        config = _config(folder, backup)
        least = _size(folder, config)
        if size is not None and size < least:
            raise BackendError("OutOfRange", f"size {size} is below that of the backup, {least}")
        try:
            return self._begin(name, size or least, mode, url, options)
        except BackendError as error:
            existing = self._engine.volumes.get(name)
            if error.code != "AlreadyExists" or existing is None:
                raise
            return _same(existing, size, mode, url)

    def resume(self) -> None:
        """Begin those anew that the last user of the data left unfinished."""
        for volume in self._volumes.unfinished_restores():
            self._begin(volume.name, volume.size, volume.mode, volume.from_backup, volume.options)

    def _begin(self, name: str, size: int, mode: str, url: str, options: dict[str, Value]) -> Volume:
        filling = self._volumes.begin_restore(name, size, mode, url, options)
        volume = self._volumes.get(name)
        self._parts.restoring.start(lambda: self._run(filling, volume))
        return volume

    def _run(self, filling: Restoring, volume: Volume) -> None:
        begun = time.monotonic()
        try:
            self._fill(filling, volume)
            filling.finish()
        except StoppedError as error:
            log.info("volume %s: %s", volume.name, error)
            filling.fail(str(error))
        except (BackendError, StoreError, OSError) as error:
            filling.fail(str(error))
        except Exception as error:
            log.exception("restore of volume %s failed", volume.name)
            filling.fail(f"{type(error).__name__}: {error}")
        else:
            log.info("volume %s restored after %.3f s", volume.name, time.monotonic() - begun)

    def _fill(self, filling: Restoring, volume: Volume) -> None:
        target, folder, backup = self._place(volume.from_backup)
        with held(self._engine, target.name, folder), filling.path.open("r+b") as file:
            config = _config(folder, backup)
            workers = int(self._engine.settings.value("restore-concurrent-limit"))

            def tell(done: int, total: int) -> None:
                filling.progress(done * 100 // total)

            def wanted() -> bool:
                found = self._engine.volumes.get(volume.name)
                return found is not None and found.chain == volume.chain

            restoring.restore(folder, config, file.fileno(), workers, tell, wanted)

    def _place(self, url: str) -> tuple[Target, VolumeFolder, str]:
        try:
            wanted, volume, backup = parse_backup_url(url)
        except StoreError as error:
            raise BackendError("InvalidArgument", str(error)) from error
        why = backup_urls.why_not_target(wanted)
        if why:
            raise BackendError("InvalidArgument", f"the target of a backup must be {why}; not {wanted!r}")
        for target in self._parts.targets.all():
            if backup_urls.same(target.url, wanted):
                return target, VolumeFolder(backup_targets.root(target), volume), backup
        raise BackendError("NotFound", f"no backup target has the URL {wanted}")


def _same(existing: Volume, size: int | None, mode: str, url: str) -> Volume:
    """The volume, if the call that asks for it is the one that made it. Raises BackendError AlreadyExists."""
    if (existing.mode, existing.from_backup) != (mode, url) or existing.size < (size or 0):
        raise BackendError("AlreadyExists", f"volume {existing.name} exists with another size, mode or source")
    return existing


def _config(folder: VolumeFolder, backup: str) -> BackupConfig:
    """Raises BackendError NotFound, FailedPrecondition."""
    entry = catalog.backup(folder, backup)
    if entry is None:
        raise BackendError("NotFound", f"backup {backup} of volume {folder.name} not found")
    if entry.config is None or not entry.complete:
        why = entry.error or "it is not complete"
        raise BackendError("FailedPrecondition", f"backup {backup} of volume {folder.name} has no data: {why}")
    return entry.config


def _size(folder: VolumeFolder, config: BackupConfig) -> int:
    """That of the volume at the time; of other writers' backups that of the volume, or what the blocks need."""
    volume = catalog.volume(folder.root, folder.name)
    now = volume.config.size if volume is not None and volume.config is not None else 0
    blocks = max(config.blocks, default=-config.block_size) + config.block_size
    return config.volume_size or max(now, blocks)
