"""What volumes have to do with backups: what they tell of them, and how they come from one."""

from __future__ import annotations

from . import backup_resources
from .backup_restores import Restores
from .backup_shelf import Shelf
from .calls import Call
from .engine import Engine
from .errors import BackendError
from .options import Value, value_of
from .records import Volume
from .resources import Json


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

    def told(self, record: Volume) -> Json:
        """The fields of a volume that are about its backups; those of snapshots that are still there."""
        last, at = self._shelf.last(record.name, value_of(record.options, "backupTargetName"))
        of = [item for item in self._shelf.of(record.name) if self._engine.snapshots.get(item.snapshot)]
        return {
            "lastBackup": last,
            "lastBackupAt": at,
            "backupStatus": [backup_resources.backup_status(item) for item in of],
        }
