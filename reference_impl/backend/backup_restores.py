"""Restores: a new volume, filled from a backup by a job."""

from __future__ import annotations

import logging
import time
from dataclasses import replace

from . import backup_targets, backup_urls
from .backup_records import Target
from .backup_run import held
from .backup_states import after
from .backupstore import catalog, restoring
from .backupstore.configs import BackupConfig
from .backupstore.errors import StoppedError, StoreError
from .backupstore.paths import VolumeFolder, parse_backup_url
from .engine import Engine
from .errors import BackendError
from .options import Value
from .records import Volume
from .restoring import Restoring, begin_again, begin_restore

log = logging.getLogger("backend")


class Restores:
    """The restores of one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._parts = engine.backups

    def create(self, name: str, size: int | None, mode: str, url: str, options: dict[str, Value]) -> Volume:
        """A volume with the data of the backup at ``url``, as large as that unless ``size`` says larger.

        It is there at once, and its data later. Raises BackendError: InvalidArgument for what is no URL of a
        backup, NotFound without such a backup, OutOfRange, AlreadyExists.
        """
        target, folder, backup = self._place(url)
        config = _config(folder, backup)
        least = _size(folder, config)
        if size is not None and size < least:
            raise BackendError("OutOfRange", f"size {size} is below that of the backup, {least}")
        size = size or least
        if size > self._engine.pool.size:
            raise BackendError(
                "OutOfRange", f"size {size} is above the largest possible, {self._engine.pool.size}"
            )
        filling = begin_restore(self._engine, name, size, mode, url, options)
        if filling is None:
            return self._engine.volumes.get(name) or _gone(name)
        log.info("volume %s of %d bytes is restored from %s of target %s", name, size, backup, target.name)
        self._start(filling, url)
        return filling.volume

    def resume(self) -> None:
        """Begin those anew that the last user of the data left unfinished: every block is written again."""
        for filling in begin_again(self._engine):
            restore = self._parts.restores.get(filling.volume.name)
            if restore is not None:
                self._start(filling, restore.url)

    def _start(self, filling: Restoring, url: str) -> None:
        self._parts.restoring.start(lambda: self._run(filling, url))

    def _run(self, filling: Restoring, url: str) -> None:
        name = filling.volume.name
        restore = self._parts.restores.get(name)
        if restore is None or not filling.wanted():
            return
        self._parts.restores.put(replace(restore, state=after(restore.state, "start")))
        begun = time.monotonic()
        try:
            self._fill(filling, url)
            filling.finish()
        except StoppedError as error:
            log.info("volume %s: %s", name, error)
        except (BackendError, StoreError, OSError) as error:
            self._failed(filling, str(error))
        except Exception as error:
            log.exception("restore of volume %s failed", name)
            self._failed(filling, f"{type(error).__name__}: {error}")
        else:
            log.info("volume %s restored after %.3f s", name, time.monotonic() - begun)
            self._engine.events.add("Volume", name, "Restored", f"volume {name} has been restored")

    def _fill(self, filling: Restoring, url: str) -> None:
        target, folder, backup = self._place(url)
        with held(self._engine, target.name, folder), filling.path.open("r+b") as file:
            config = _config(folder, backup)
            workers = int(self._engine.settings.value("restore-concurrent-limit"))

            def tell(done: int, total: int) -> None:
                filling.progress(done * 100 // total)

            restoring.restore(folder, config, file.fileno(), workers, tell, filling.wanted)

    def _failed(self, filling: Restoring, error: str) -> None:
        name = filling.volume.name
        log.warning("restore of volume %s failed: %s", name, error)
        filling.fail(error)
        self._engine.events.add("Volume", name, "FailedRestore", f"volume {name} was not restored: {error}")

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


def _gone(name: str) -> Volume:
    raise BackendError("NotFound", f"volume {name} not found")
