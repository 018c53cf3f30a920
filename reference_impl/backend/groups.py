"""Groups of snapshots: several volumes cut at one moment, so that the order of writes across them is kept.

Every filesystem is quiet before the first file is cloned, and until the last one is (GRP-006). All members
are made, or none: the record of the group decides. It comes after theirs and goes before theirs.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from . import layers
from .engine import Engine, check_name
from .errors import BackendError
from .readiness import check_ready
from .records import Group, Snapshot, Volume
from .snapshots import make_room, remove

log = logging.getLogger("backend")

_PREFIX = 46
_HASH = 16
"""Characters of a member's name that come from its group and from a hash: 63 with the dash between."""


class Groups:
    """All groups of one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self) -> list[Group]:
        """Sorted by name."""
        return self._engine.groups.all()

    def get(self, name: str) -> Group:
        """Raises BackendError NotFound."""
        group = self._engine.groups.get(name)
        if group is None:
            raise BackendError("NotFound", f"group snapshot {name} not found")
        return group

    def create(self, name: str, volumes: Iterable[str], labels: dict[str, str]) -> Group:
        """Cut ``volumes`` now, all at one moment. The same call again is answered with what it made.

        Raises BackendError. InvalidArgument: no volumes; AlreadyExists: the group has other volumes or labels;
        NotFound: no such volume; FailedPrecondition: one that cannot be quiesced; Aborted: another operation is
        running, or a filesystem could not be frozen for as long as all of it took.
        """
        check_name(name)
        members = {volume: member_name(name, volume) for volume in sorted(set(volumes))}
        if not members:
            raise BackendError("InvalidArgument", f"group snapshot {name} needs at least one volume")
        with self._locked(name, members):
            existing = self._engine.groups.get(name)
            if existing is not None:
                if (existing.members, existing.labels) != (tuple(members.values()), labels):
                    raise BackendError(
                        "AlreadyExists", f"group snapshot {name} exists with other volumes or parameters"
                    )
                return existing
            sources = [self._source(volume) for volume in members]
            group = self._make(name, sources, members, labels)
            log.info("group snapshot %s cut: volumes %s", name, ", ".join(members))
            return group

    def delete(self, name: str) -> None:
        """With all its members. One that is not there is as good; restores stay. Raises BackendError Aborted."""
        members = self._members(name)
        snapshots = (f"snapshot {member.name}" for member in members)
        with self._engine.locks.hold(f"group {name}", *snapshots, *(f"volume {item.volume}" for item in members)):
            left = self._members(name)
            if not left:
                return
            if left != members:
                raise BackendError("Aborted", f"group snapshot {name} was made anew meanwhile")
            self._engine.groups.drop(name)
            remove(self._engine, members)
            log.info("group snapshot %s deleted", name)

    def _members(self, name: str) -> list[Snapshot]:
        """Also those of a group whose deletion was begun and failed."""
        return [snapshot for snapshot in self._engine.snapshots.all() if snapshot.group == name]

    def _locked(self, name: str, members: dict[str, str]) -> contextlib.AbstractContextManager[None]:
        volumes = (f"volume {volume}" for volume in members)
        snapshots = (f"snapshot {member}" for member in members.values())
        return self._engine.locks.hold(f"group {name}", *volumes, *snapshots)

    def _source(self, name: str) -> Volume:
        volume = self._engine.volumes.get(name)
        if volume is None:
            raise BackendError("NotFound", f"volume {name} not found")
        check_ready(self._engine, volume)
        if volume.mode == "Block" and (volume.attachments or self._engine.devices.of(name) is not None):
            raise BackendError(
                "FailedPrecondition",
                f"volume {name} is an attached block volume, which cannot be quiesced: detach it first",
            )
        return volume

    def _make(self, name: str, sources: list[Volume], members: dict[str, str], labels: dict[str, str]) -> Group:
        for member in members.values():
            if self._engine.snapshots.get(member) is not None:
                raise BackendError("AlreadyExists", f"snapshot {member} exists and is not one of group {name}")
        stores = {source.name: self._engine.stores[source.chain] for source in sources}
        with contextlib.ExitStack() as storing:
            for source in sources:
                storing.enter_context(self._engine.storing(source.chain))
                make_room(self._engine, source, stores[source.name], members[source.name])
            made: list[Snapshot] = []
            try:
                created, flats = self._cut(sources)
                for source in sources:
                    cut = Snapshot(
                        members[source.name], source.name, created, source.mode, labels, name, source.chain
                    )
                    layer = layers.user(cut.name, created, labels, name)
                    stores[source.name].snapshot(layer, flats.get(source.name))
                    made.append(cut)
                    self._engine.snapshots.put(cut)
                return self._engine.groups.put(Group(name, created, tuple(members.values()), labels))
            except BaseException:
                self._engine.groups.drop(name)
                remove(self._engine, made)
                raise
            finally:
                for source in sources:
                    self._flat(source).unlink(missing_ok=True)

    def _cut(self, sources: list[Volume]) -> tuple[float, dict[str, Path]]:
        """Returns the moment of the cut, and the files of the volumes that were live then.

        What was written later to any of them is not in it.
        """
        moments: list[float] = []

        @contextlib.contextmanager
        def quiet() -> Iterator[None]:
            with self._engine.devices.quiet(*(source.name for source in sources)):
                moments.append(time.time())
                yield

        live = [source for source in sources if self._engine.stores[source.chain].is_live]
        copies = {self._flat(source): self._engine.stores[source.chain].live for source in live}
        self._engine.pool.clone_together(copies, quiet())
        return moments[0], {source.name: self._flat(source) for source in live}

    def _flat(self, source: Volume) -> Path:
        return self._engine.pool.cut(f"{source.name}.cut")


def member_name(group: str, volume: str) -> str:
    """The snapshot of ``volume`` in ``group``; another for each pair."""
    digest = hashlib.sha256(f"{group}/{volume}".encode()).hexdigest()[:_HASH]
    return f"{group[:_PREFIX]}-{digest}"
