"""What happened to the objects of a run: every version of every object, with its time of arrival.

Tests ask about the past ("was it ever not ready?") and wait for the future; both are questions to this
record. It is fed by watches and read by waits and invariants; it knows no API server and no test.

Positions are counted in arrivals: position N is after the first N versions. A write of ours is *expected*
until the watch has brought the version that it made, so that a wait begun after a write never looks at
what was there before it.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from pytest_csi_snapshot.kube.kinds import Kind
from pytest_csi_snapshot.redacting import REDACTOR

Json = dict[str, Any]
Change = Literal["ADDED", "MODIFIED", "DELETED"]


@dataclass(frozen=True, slots=True)
class Version:
    """One version of one object as a watch brought it; ``at`` is in seconds of the history's clock."""

    position: int
    at: float
    change: Change
    kind: Kind
    object: Json

    @property
    def uid(self) -> str:
        return str(self.object["metadata"]["uid"])

    @property
    def name(self) -> str:
        return str(self.object["metadata"]["name"])

    @property
    def namespace(self) -> str:
        return str(self.object["metadata"].get("namespace", ""))

    @property
    def resource_version(self) -> str:
        return str(self.object["metadata"]["resourceVersion"])

    @property
    def deleted(self) -> bool:
        """The object is gone; ``object`` is its last state."""
        return self.change == "DELETED"


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch in which versions of a kind may have been missed: nothing can be claimed over it."""

    position: int
    at: float
    kind: Kind
    namespace: str
    reason: str


class History:
    """An append-only record, safe to use from several threads; ``arrival`` is notified on every change."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.arrival = threading.Condition()
        self._arrived = 0
        self.arrived_at = 0.0
        """When the newest version arrived; 0 before the first."""
        self._by_uid: dict[str, list[Version]] = {}
        self._uid_of: dict[tuple[Kind, str, str], str] = {}
        self._own: defaultdict[str, set[str]] = defaultdict(set)
        self._expected: defaultdict[str, set[str]] = defaultdict(set)
        self._gaps: list[Gap] = []
        self._broken: BaseException | None = None
        self._blind: set[object] = set()
        self.sight_since = 0.0
        """When a watch had an API server again that had none, by ``clock``; 0 where all always had one."""
        self._listeners: list[Callable[[Version], None]] = []

    # -- feeding

    def record(self, kind: Kind, change: Change, body: Json) -> bool:
        """Append one version; False where it is known already (a list after a gap repeats objects)."""
        REDACTOR.learn_names(body)
        with self.arrival:
            version = Version(self._arrived, self.clock(), change, kind, body)
            known = self._by_uid.setdefault(version.uid, [])
            if known and known[-1].resource_version == version.resource_version and not version.deleted:
                return False
            known.append(version)
            self._arrived += 1
            self.arrived_at = version.at
            self._uid_of[kind, version.namespace, version.name] = version.uid
            self._expected[version.uid].discard(version.resource_version)
            if version.deleted:
                self._expected.pop(version.uid, None)
            for listener in self._listeners:
                listener(version)
            self.arrival.notify_all()
            return True

    def record_gap(self, kind: Kind, namespace: str, reason: str) -> None:
        """Note that versions of ``kind`` may be missing here; own writes are no longer waited for."""
        with self.arrival:
            self._gaps.append(Gap(self._arrived, self.clock(), kind, namespace, reason))
            self._expected.clear()
            self.arrival.notify_all()

    def lose_sight(self, watch: object) -> None:
        """A watch has nobody to answer it: what happens now arrives later, if at all."""
        with self.arrival:
            self._blind.add(watch)

    def regain_sight(self, watch: object) -> None:
        """It is answered again, or will not ask any more; no error for one that always was."""
        with self.arrival:
            if watch in self._blind:
                self._blind.discard(watch)
                self.sight_since = self.clock()
                self.arrival.notify_all()

    @property
    def blind(self) -> bool:
        """Some watch has nobody to answer it."""
        return bool(self._blind)

    def break_off(self, cause: BaseException) -> None:
        """A watch is lost for good: every wait from now on raises ``cause``."""
        with self.arrival:
            self._broken = cause
            self.arrival.notify_all()

    def wrote(self, body: Json) -> None:
        """A write of the test made this version: it excuses invariants, and waits wait for it to arrive."""
        meta = body.get("metadata") or {}
        uid, resource_version = meta.get("uid"), meta.get("resourceVersion")
        if not uid or not resource_version:
            return
        with self.arrival:
            self._own[uid].add(resource_version)
            known = self._by_uid.get(uid, [])
            if not any(version.resource_version == resource_version or version.deleted for version in known):
                self._expected[uid].add(resource_version)

    # -- asking

    @contextmanager
    def heard_by(self, listener: Callable[[Version], None]) -> Iterator[None]:
        """Call ``listener`` with each version that arrives, with the history held still: for those who keep count.

        Whoever waits for the end of a thousand objects must not look at all of them whenever one changes.
        """
        with self.arrival:
            self._listeners.append(listener)
        try:
            yield
        finally:
            with self.arrival:
                self._listeners.remove(listener)

    @property
    def position(self) -> int:
        """How many versions have arrived."""
        with self.arrival:
            return self._arrived

    @property
    def broken(self) -> BaseException | None:
        return self._broken

    def settled(self, uid: str) -> bool:
        """Every own write of this object has arrived."""
        with self.arrival:
            return not self._expected.get(uid)

    def own_writes(self, uid: str) -> frozenset[str]:
        """The resourceVersions that writes of the test made of this object."""
        with self.arrival:
            return frozenset(self._own.get(uid, ()))

    def versions(self, uid: str, since: int = 0) -> list[Version]:
        """All versions of one object from a position on, oldest first."""
        with self.arrival:
            return [version for version in self._by_uid.get(uid, ()) if version.position >= since]

    def latest(self, uid: str) -> Version | None:
        """The newest version of one object, the one of its deletion included."""
        with self.arrival:
            known = self._by_uid.get(uid)
            return known[-1] if known else None

    def named(self, kind: Kind, namespace: str | None, name: str) -> Version | None:
        """The newest version of the object that bears (or bore last) this name."""
        with self.arrival:
            uid = self._uid_of.get((kind, namespace or "", name))
            return self.latest(uid) if uid else None

    def objects(self, kind: Kind) -> Iterator[list[Version]]:
        """The versions of each object of a kind, object by object."""
        with self.arrival:
            found = [list(known) for known in self._by_uid.values() if known[0].kind == kind]
        yield from found

    def gaps(self, since: int = 0) -> list[Gap]:
        """The gaps from a position on."""
        with self.arrival:
            return [gap for gap in self._gaps if gap.position >= since]

    def forget(self, uids: Iterable[str]) -> None:
        """Drop objects that nobody asks about any more, so that a long run does not grow without end."""
        with self.arrival:
            for uid in uids:
                known = self._by_uid.pop(uid, None)
                self._own.pop(uid, None)
                self._expected.pop(uid, None)
                if known:
                    self._uid_of.pop((known[0].kind, known[0].namespace, known[0].name), None)
