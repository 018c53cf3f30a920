"""What the services of the backend share, and how it finds its feet after any kind of end.

Order everywhere: data first, then the record that speaks of it; when deleting, the record first.
So data without a record was never acknowledged (or was deleted), and is swept at the next start. To the
record of a group those of its snapshots are data.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace
from pathlib import Path

from ..profiles import DEFAULT, PROFILES, Profile
from .backup_parts import BackupParts, default_folder
from .backup_settings import BACKUP_DEFINITIONS, target_definitions
from .backup_urls import url_of
from .devices import Devices
from .errors import BackendError
from .events import Events
from .locks import Locks
from .pool import Pool
from .records import Group, Node, Records, Setting, Snapshot, Volume
from .settings import Settings
from .states import States

log = logging.getLogger("backend")

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


@dataclass(frozen=True)
class Engine:
    """One data directory, opened."""

    pool: Pool
    devices: Devices
    locks: Locks
    volumes: Records[Volume]
    snapshots: Records[Snapshot]
    groups: Records[Group]
    nodes: Records[Node]
    settings: Settings
    states: States
    events: Events
    profile: Profile
    backups: BackupParts

    @classmethod
    def open(cls, data: Path, pool: Pool, profile: Profile = PROFILES[DEFAULT]) -> Engine:
        """Open ``data`` as its last user left it: thaw, attach again, sweep. Raises PoolError."""
        pool.open()
        more = target_definitions(url_of(default_folder(data))) if profile.backup_target_settings else {}
        settings = Settings(Records(data / "settings", Setting), {**BACKUP_DEFINITIONS, **more})
        engine = cls(
            pool=pool,
            devices=Devices(pool),
            locks=Locks(),
            volumes=Records(data / "volumes", Volume),
            snapshots=Records(data / "snapshots", Snapshot),
            groups=Records(data / "groups", Group),
            nodes=Records(data / "nodes", Node),
            settings=settings,
            states=States(),
            events=Events(),
            profile=profile,
            backups=BackupParts.open(data, settings, profile),
        )
        engine._recover()
        return engine

    def _recover(self) -> None:
        for volume in self.volumes.all():
            self.devices.thaw(volume.name)
            if volume.attachments:
                self._attach_again(volume)
            self.states.found(volume.name, attached=bool(volume.attachments))
        for snapshot in self.snapshots.all():
            if snapshot.group and self.groups.get(snapshot.group) is None:
                self.snapshots.drop(snapshot.name)
        self.pool.sweep((v.name for v in self.volumes.all()), (s.name for s in self.snapshots.all()))

    def _attach_again(self, volume: Volume) -> None:
        loop = self.devices.attach(volume.name, volume.loop)
        self.devices.grow(volume.name)
        if loop.number != volume.loop:
            log.warning(
                "volume %s was /dev/loop%s and is %s now: its pods must be restarted",
                volume.name,
                volume.loop,
                loop.path,
            )
            self.volumes.put(replace(volume, loop=loop.number))


def check_name(name: str) -> None:
    """Names become file names. Raises BackendError InvalidArgument."""
    if not _NAME.fullmatch(name):
        raise BackendError(
            "InvalidArgument", f"invalid name {name!r}: it must be a DNS label of at most 63 characters"
        )
