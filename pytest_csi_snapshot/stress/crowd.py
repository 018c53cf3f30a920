"""A crowd: many objects of one sort, and when each of them came how far.

Counted while the watch brings versions, one step for each: a wait for a thousand objects asks for a number, not
for a thousand states. Objects are known by name from before they are created, so that no version comes too early.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from pytest_csi_snapshot.conditions import BOUND, NAMES_CONTENT, READY, Condition, status_of
from pytest_csi_snapshot.history import History, Version
from pytest_csi_snapshot.kube.kinds import EVENT, PV, PVC, SNAPSHOT, SNAPSHOT_CONTENT, Kind
from pytest_csi_snapshot.labels import referred
from pytest_csi_snapshot.ledger import Handle

Json = dict[str, Any]

GONE = "deleted"
PARTNER_GONE = "backend deleted"
"""The two ends: of an object, and of the content or volume that stood for it."""

UNNAMED = "error without a code"

_CODE = re.compile(r"code = (\w+)")


@dataclass(frozen=True)
class Sort:
    """A sort of objects. ``milestones`` are named conditions in the order in which they come; after the last one
    an object is usable. ``partner`` is the kind of what controllers make for each of them.

    ``usable`` and ``removed`` are the clauses that promise both ends; "" where none does.
    """

    kind: Kind
    partner: Kind
    milestones: tuple[tuple[str, Condition], ...]
    backend: Callable[[Json], str]
    """From a partner to the driver's own name of it, "" where there is none yet."""
    usable: str
    removed: str

    @property
    def last(self) -> str:
        """The milestone after which an object is usable."""
        return self.milestones[-1][0]


def _snapshot_handle(content: Json) -> str:
    return str(status_of(content).get("snapshotHandle") or "")


def _volume_handle(volume: Json) -> str:
    return str((volume["spec"].get("csi") or {}).get("volumeHandle") or "")


_TAKEN = (("bound", NAMES_CONTENT), ("ready", READY))
_FILLED = (("bound", BOUND),)

SNAPSHOTS = Sort(SNAPSHOT, SNAPSHOT_CONTENT, _TAKEN, _snapshot_handle, "SNAP-DYN-004", "DEL-001")
VOLUMES = Sort(PVC, PV, _FILLED, _volume_handle, "", "FIN-011")
RESTORES = replace(VOLUMES, usable="RES-001")
CLONES = replace(VOLUMES, usable="CLN-011")


@dataclass(slots=True)
class Member:
    """One object. ``at`` has the moments of its milestones, in seconds of the history's clock.

    ``source`` is what it was made from, ``expected`` what a restore of it must hold; for whoever made it.
    """

    name: str
    namespace: str
    handle: Handle | None = None
    source: Any = None
    expected: Any = None
    at: dict[str, float] = field(default_factory=dict)
    partners: set[str] = field(default_factory=set)
    """Uids of the contents or volumes that were seen for it."""
    backend: str = ""
    """The driver's own name of it."""
    errors: set[str] = field(default_factory=set)
    message: str = ""
    """The last error that was told."""

    def reached(self, milestone: str) -> bool:
        return milestone in self.at


class Crowd:
    """Members by name, and how many of them have reached which milestone."""

    def __init__(self, sort: Sort, history: History) -> None:
        self.sort = sort
        self.members: list[Member] = []
        self.reached: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self._history = history
        self._by_name: dict[tuple[str, str], Member] = {}
        self._partners: dict[str, Member] = {}

    @contextmanager
    def watched(self) -> Iterator[Crowd]:
        """Keep count while this lasts."""
        with self._history.heard_by(self._hear):
            yield self

    def expect(self, member: Member) -> None:
        """Take in an object that is about to be created."""
        with self._history.arrival:
            self.members.append(member)
            self._by_name[member.namespace, member.name] = member

    def reach(self, member: Member, milestone: str) -> None:
        """Note a moment that no version tells: of a request or its answer."""
        with self._history.arrival:
            self._reach(member, milestone, self._history.clock())

    def refuse(self, code: str) -> None:
        """Note an error that a request was answered with."""
        with self._history.arrival:
            self.errors[code] += 1

    def late(self, milestone: str) -> list[Member]:
        """The members that have not come to a milestone."""
        with self._history.arrival:
            return [member for member in self.members if not member.reached(milestone)]

    # -- hearing

    def _hear(self, version: Version) -> None:
        sort = self.sort
        if version.kind == sort.kind:
            self._hear_member(version)
        elif version.kind == sort.partner:
            self._hear_partner(version)
        elif version.kind == EVENT and version.object.get("type") == "Warning":
            about = version.object.get("involvedObject") or {}
            member = self._by_name.get((about.get("namespace", ""), about.get("name", "")))
            if member and about.get("kind") == sort.kind.kind:
                self._fail(member, str(version.object.get("message", "")))

    def _hear_member(self, version: Version) -> None:
        member = self._by_name.get((version.namespace, version.name))
        if member is None:
            return
        if version.deleted:
            self._reach(member, GONE, version.at)
            if not member.partners:  # it never came so far that anything stood for it
                self._reach(member, PARTNER_GONE, version.at)
            return
        for name, condition in self.sort.milestones:
            if condition.holds(version.object):
                self._reach(member, name, version.at)
        self._take_error(member, status_of(version.object).get("error"))

    def _hear_partner(self, version: Version) -> None:
        to = referred(version.object)
        member = self._by_name.get((to.get("namespace", ""), to.get("name", "")))
        if member is None:
            return
        if version.deleted:
            self._reach(member, PARTNER_GONE, version.at)
            return
        member.partners.add(version.uid)
        member.backend = self.sort.backend(version.object) or member.backend
        self._take_error(member, status_of(version.object).get("error"))

    def _take_error(self, member: Member, error: Mapping[str, Any] | None) -> None:
        if error:
            self._fail(member, str(error.get("message") or ""))

    def _fail(self, member: Member, message: str) -> None:
        code = code_in(message)
        member.message = message
        if code not in member.errors:  # told again at each retry, in the status and by events
            member.errors.add(code)
            self.errors[code] += 1

    def _reach(self, member: Member, milestone: str, at: float) -> None:
        if milestone not in member.at:
            member.at[milestone] = at
            self.reached[milestone] += 1


def code_in(message: str) -> str:
    """The code of gRPC that a message tells of, in whatever words a controller puts it."""
    found = _CODE.search(message)
    return found[1] if found else UNNAMED
