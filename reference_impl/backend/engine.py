"""What the services of the backend share, and how it finds its feet after any kind of end.

Order everywhere: data first, then the record that speaks of it; when deleting, the record first.
So replicas without a record were never acknowledged (or were deleted), and are swept at the next start. A snapshot
is there when its layer is, whole and not marked as removed: its record comes after, and is made up for. To the
record of a group its snapshots are data.
"""

from __future__ import annotations

import contextlib
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..profiles import DEFAULT, PROFILES, Profile
from .backup_parts import BackupParts, default_folder
from .backup_settings import BACKUP_DEFINITIONS, target_definitions
from .backup_urls import url_of
from .changes import Changes
from .devices import Devices
from .errors import BackendError
from .events import Events
from .locks import Locks
from .pool import Pool
from .records import Copy, Group, Node, Records, Remains, Setting, Snapshot, Volume
from .recovery import recover
from .replica.images import Image
from .replica.tree import Layer
from .replicas import Replicas
from .settings import Settings
from .states import States
from .store import Store

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


@dataclass(frozen=True)
class Engine:
    """One data directory, opened."""

    pool: Pool
    devices: Devices
    locks: Locks
    volumes: Records[Volume]
    remains: Records[Remains]
    snapshots: Records[Snapshot]
    groups: Records[Group]
    nodes: Records[Node]
    settings: Settings
    states: States
    events: Events
    profile: Profile
    backups: BackupParts
    changes: Changes
    stores: dict[str, Store] = field(default_factory=dict)
    """Chain of a volume, or of one that was deleted and whose snapshots were not -> its data."""
    restores: dict[str, int] = field(default_factory=dict)
    """Volumes that are being filled by somebody else -> per cent done."""
    told: dict[str, str] = field(default_factory=dict)
    """Volume -> the robustness that its latest event told."""

    @classmethod
    def open(cls, data: Path, pool: Pool, profile: Profile = PROFILES[DEFAULT]) -> Engine:
        """Open ``data`` as its last user left it: thaw, attach again, sweep. Raises PoolError."""
        pool.open()
        changes = Changes()
        more = target_definitions(url_of(default_folder(data))) if profile.backup_target_settings else {}
        settings = Settings(Records(data / "settings", Setting, changes.poke), {**BACKUP_DEFINITIONS, **more})
        engine = cls(
            pool=pool,
            devices=Devices(pool),
            locks=Locks(),
            volumes=Records(data / "volumes", Volume, changes.poke),
            remains=Records(data / "remains", Remains, changes.poke),
            snapshots=Records(data / "snapshots", Snapshot, changes.poke),
            groups=Records(data / "groups", Group, changes.poke),
            nodes=Records(data / "nodes", Node, changes.poke),
            settings=settings,
            states=States(changes.poke),
            events=Events(changes.poke),
            profile=profile,
            backups=BackupParts.open(data, settings, profile, changes.poke),
            changes=changes,
        )
        recover(engine)
        return engine

    def make_store(self, volume: str, size: int, number: int, below: tuple[Layer, Image] | None = None) -> str:
        """The data of a new volume, in ``number`` replicas; returns its chain. Raises OSError."""
        chain = uuid.uuid4().hex[:8]
        self.new_store(volume, chain).replicas.create(number, size, below)
        return chain

    def new_store(self, volume: str, chain: str, copies: tuple[Copy, ...] = ()) -> Store:
        """The data of ``volume``, made known."""
        store = Store(self.pool, volume, Replicas(self.pool, volume, copies))
        self.stores[chain] = store
        return store

    @contextlib.contextmanager
    def storing(self, chain: str) -> Iterator[Store]:
        """The data of a volume, to work with; what becomes of its replicas meanwhile is remembered."""
        store = self.stores[chain]
        before = store.replicas.copies
        try:
            yield store
        finally:
            if store.replicas.copies != before:
                self._remember(chain, store.replicas.copies)

    def put(self, volume: Volume) -> Volume:
        """Remember ``volume``, with the replicas it has now."""
        return self.volumes.put(replace(volume, replicas=self.stores[volume.chain].replicas.copies))

    def _remember(self, chain: str, copies: tuple[Copy, ...]) -> None:
        for volume in self.volumes.all():
            if volume.chain == chain:
                self.volumes.put(replace(volume, replicas=copies))
        remains = self.remains.get(chain)
        if remains is not None:
            self.remains.put(replace(remains, replicas=copies))


def check_name(name: str) -> None:
    """Names become file names. Raises BackendError InvalidArgument."""
    if not _NAME.fullmatch(name):
        raise BackendError(
            "InvalidArgument", f"invalid name {name!r}: it must be a DNS label of at most 63 characters"
        )
