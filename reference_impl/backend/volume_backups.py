"""What volumes have to do with backups: what they tell of them, and how they come from one."""

from __future__ import annotations

from . import backup_resources
from .backup_records import Restore
from .backup_restores import Restores
from .backup_shelf import Shelf
from .backup_states import UNFINISHED
from .calls import Call
from .engine import Engine
from .errors import BackendError
from .options import Value
from .records import Volume
from .resources import Json
from .restoring import check_restored
from .volumes import parse_source

_WHILE_RESTORING = ("attach", "detach")
"""What a volume offers that has not its data yet, and one that will never have it. Attaching is refused."""


class VolumeBackups:
    """Between the volumes of one engine and its backups."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._restores = Restores(engine)
        self._shelf = Shelf(engine)

    def restore(self, call: Call, name: str, mode: str, chosen: dict[str, Value]) -> Volume:
        """A volume from the backup that the body names. Raises BackendError."""
        if call.text("dataSource", ""):
            raise BackendError("InvalidArgument", "a volume has fromBackup or dataSource, not both")
        size = call.size() if call.text("size", "") not in ("", "0") else None
        return self._restores.create(name, size, mode, call.text("fromBackup"), chosen)

    def check_source(self, name: str, source: str) -> None:
        """For a volume that is not from a backup. Raises BackendError AlreadyExists, or as ``check_restored``."""
        _, volume, snapshot = parse_source(source)
        if volume and not snapshot:
            check_restored(self._engine, volume)
        if self._engine.volumes.get(name) is None:
            self.forget(name)
        elif self._engine.backups.restores.get(name) is not None:
            raise BackendError("AlreadyExists", f"volume {name} exists with another size, mode or source")

    def check(self, action: str, name: str) -> None:
        """Whether a volume may be told ``action``. Raises BackendError."""
        if action != "detach":
            check_restored(self._engine, name)

    def forget(self, name: str) -> None:
        """Where a volume came from that is no more."""
        self._engine.backups.restores.drop(name)

    def told(self, record: Volume, shown: Json) -> Json:
        """The volume as it is shown, with what there is to tell of backups."""
        target = str(record.options.get("backupTargetName", ""))
        last, at = self._shelf.last(record.name, target)
        of = [item for item in self._shelf.of(record.name) if self._engine.snapshots.get(item.snapshot)]
        shown |= {
            "lastBackup": last,
            "lastBackupAt": at,
            "backupStatus": [backup_resources.backup_status(item) for item in of],
        }
        if shown["state"] != "attached" and not self._engine.profile.backs_up_detached:
            shown["actions"].pop("snapshotBackup", None)
        restore = self._engine.backups.restores.get(record.name)
        return self._with_restore(restore, shown) if restore is not None else shown

    def _with_restore(self, restore: Restore, shown: Json) -> Json:
        progress = self._engine.backups.progress.get(restore.name, 0)
        under_way, failed = restore.state in UNFINISHED, restore.state == "Error"
        shown |= {
            "fromBackup": restore.url,
            "restoreInitiated": True,
            "restoreRequired": under_way or failed,
            "restoreStatus": [backup_resources.restore_status(restore, progress)],
            "ready": shown["ready"] and not under_way and not failed,
        }
        if under_way or failed:
            shown["notReadyMessage"] = f"volume {restore.name} is restoring data" if under_way else restore.error
            shown["actions"] = {name: url for name, url in shown["actions"].items() if name in _WHILE_RESTORING}
            reason = "RestoreInProgress" if under_way else "RestoreFailure"
            condition = {"status": str(under_way), "reason": reason, "message": restore.error}
            shown["conditions"]["Restore"] |= condition
        if failed:
            shown["robustness"] = "faulted"
        return shown
