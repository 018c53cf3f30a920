"""From the tape of a test that is over, and the corners that it had, to its evidence. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from pytest_csi_snapshot.conditions import status_of
from pytest_csi_snapshot.evidence.authors import author
from pytest_csi_snapshot.evidence.corners import Corner, corner_of, family_of
from pytest_csi_snapshot.evidence.latencies import phases_in
from pytest_csi_snapshot.evidence.model import (
    Bodies,
    Evidence,
    Lane,
    Latency,
    Log,
    Mark,
    SeenEvent,
    Step,
    Violation,
    Wait,
)
from pytest_csi_snapshot.evidence.rules import OF_KIND, worker_behind, worker_on
from pytest_csi_snapshot.evidence.split import Arrival, Charge, charges_of_wait, split
from pytest_csi_snapshot.evidence.tape import Tape, TapedWait
from pytest_csi_snapshot.history import Version
from pytest_csi_snapshot.kube.kinds import SNAPSHOT_CONTENT
from pytest_csi_snapshot.labels import RUN
from pytest_csi_snapshot.observing import describe
from pytest_csi_snapshot.outcomes import Check, Failure
from pytest_csi_snapshot.report.model import OutcomeWord, ReportedCheck, Seconds

Json = dict[str, Any]

LONGEST = 300
"""Characters of one text."""


class Gathered:
    """What was taped of one test, put together; ``ended`` is when its teardown was over, by the tape's clock."""

    def __init__(self, tape: Tape, ended: float) -> None:
        self._tape = tape
        self._ended = ended
        self._corner = _whole(tape)
        self._parents = self._corner.parents()
        self._families: dict[str, frozenset[str]] = {}
        self._authors = _authors(self._corner)
        self._arrivals = _arrivals(self._corner, self._authors)
        self._moments = [arrival.at for _, arrival in self._arrivals]

    @cached_property
    def seconds(self) -> Seconds:
        """Where the time went."""
        calls = [Charge(each.began, each.began + each.seconds, "driver") for each in self._tape.calls]
        spans = [Charge(span.began, span.ended, span.by) for span in self._tape.spans]
        waits = [charge for wait in self._tape.waits for charge in self._charges(wait)]
        return split(self._tape.began, self._ended, [*calls, *spans, *waits])

    def evidence(
        self, test: str, outcome: OutcomeWord, checks: Iterable[Check], failures: Iterable[Failure], *, whole: bool
    ) -> Evidence:
        """Everything; with ``whole`` the bodies of the objects and the controllers' logs too."""
        from pytest_csi_snapshot.evidence.calling import calls_in  # at the socket alone

        lanes = self._lanes()
        names = {**self._handles(), **{str_of(lane): lane.id for lane in lanes}}
        calls = calls_in(self._tape.calls, self._tape.began) if self._tape.calls else ()
        return Evidence(
            test=test,
            outcome=outcome,
            began=self._tape.wall,
            seconds=self._ended - self._tape.began,
            lanes=tuple(lanes),
            events=tuple(self._event(told) for told in self._corner.events),
            steps=tuple(Step(each.verb, each.text, self._at(each.began), self._at(each.ended or self._ended),
                             each.depth) for each in self._tape.steps),
            waits=tuple(self._wait(wait) for wait in self._tape.waits),
            checks=tuple(ReportedCheck(each.clause, cut(each.expected), cut(each.observed), each.holds, each.at,
                                       each.about) for each in checks),
            violations=tuple(Violation(each.at, names.get(each.about, ""), each.clause,
                                       cut(f"expected {each.expected}, observed {each.observed}"))
                             for each in failures),
            seconds_by=self.seconds,
            latencies=tuple(Latency(phase, seconds, uid) for uid, versions in self._corner.versions.items()
                            for phase, seconds in phases_in(versions, since=self._tape.began)),
            objects=tuple(_bodies(versions) for versions in self._corner.versions.values()) if whole else (),
            logs=self._logs() if whole else (),
            calls=calls,
        )  # fmt: skip

    # -- what was seen

    def _at(self, moment: float) -> float:
        return max(0.0, moment - self._tape.began)  # what was there before is there from the beginning

    def _lanes(self) -> list[Lane]:
        """Each object after the one that it belongs to, else in the order of their first versions."""
        versions = self._corner.versions
        children: dict[str, list[str]] = defaultdict(list)
        for uid in sorted(versions, key=lambda uid: versions[uid][0].position):
            children[self._parents[uid]].append(uid)
        ordered: list[Lane] = []

        def add(parent: str) -> None:
            for uid in children.pop(parent, ()):
                ordered.append(self._lane(uid, parent))
                add(uid)

        add("")
        return ordered

    def _lane(self, uid: str, parent: str) -> Lane:
        versions, marks, state = self._corner.versions[uid], [], ""
        for version, by in zip(versions, self._authors[uid], strict=True):
            text = cut(describe(version))
            marks.append(Mark(self._at(version.at), version.change, version.resource_version, by,
                              "" if text == state else text))  # fmt: skip
            state = text
        last = versions[-1]
        labels = last.object["metadata"].get("labels") or {}
        return Lane(uid, last.kind.kind, last.namespace, last.name, RUN in labels, parent, tuple(marks))

    def _handles(self) -> dict[str, str]:
        """The backend's names of snapshots, by which a check may call them, with the first content of each."""
        found: dict[str, str] = {}
        for uid, versions in self._corner.versions.items():
            if versions[0].kind == SNAPSHOT_CONTENT and (
                handle := status_of(versions[-1].object).get("snapshotHandle")
            ):
                found.setdefault(handle, uid)
        return found

    def _event(self, told: Sequence[Version]) -> SeenEvent:
        first, last = told[0].object, told[-1].object
        source = (first.get("source") or {}).get("component") or first.get("reportingComponent") or ""
        about = str((first.get("involvedObject") or {}).get("uid", ""))
        return SeenEvent(self._at(told[0].at), about, str(first.get("type", "")), str(first.get("reason", "")),
                         cut(str(first.get("message", ""))), str(source), int(last.get("count") or 1))  # fmt: skip

    def _wait(self, wait: TapedWait) -> Wait:
        late = wait.ended - wait.decided if wait.came else 0.0
        return Wait(wait.about, wait.lane, wait.awaited, wait.clause, self._at(wait.began), self._at(wait.ended),
                    wait.came, late)  # fmt: skip

    def _logs(self) -> tuple[Log, ...]:
        seconds = self._ended - self._tape.began
        found = [log for corner in self._tape.corners for log in corner.logs(seconds)]
        return tuple(Log(component, tuple(map(cut, lines))) for component, lines in dict(found).items())

    # -- whose time it was

    def _charges(self, wait: TapedWait) -> list[Charge]:
        lanes = self._family(wait.lane)
        decided = wait.decided if wait.came else wait.ended
        # Of thousands of waits each looks only at what came while it lasted.
        during = self._arrivals[bisect_right(self._moments, wait.began) : bisect_right(self._moments, decided)]
        arrivals = [arrival for uid, arrival in during if not lanes or uid in lanes]
        versions = self._corner.versions.get(wait.lane)
        otherwise = OF_KIND.get(versions[0].kind.kind, "cluster") if versions else "cluster"
        return charges_of_wait(wait.began, decided, arrivals, otherwise)

    def _family(self, uid: str) -> frozenset[str]:
        if uid and uid not in self._families:
            self._families[uid] = family_of(uid, self._parents)
        return self._families.get(uid, frozenset())


def str_of(lane: Lane) -> str:
    """A lane in the words that a check has for its object."""
    return f"{lane.kind} {lane.namespace + '/' if lane.namespace else ''}{lane.name}"


def cut(text: str) -> str:
    """A text of bearable length."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"


def _whole(tape: Tape) -> Corner:
    """All corners as one, with what was waited for elsewhere: what is prepared for several tests is in none."""
    whole = Corner()
    for corner in tape.corners:
        whole.versions.update(corner.versions)
        whole.own.update(corner.own)
        whole.events += corner.events
    for wait in tape.waits:
        if wait.lane and wait.lane not in whole.versions:
            more = corner_of(wait.history, [wait.lane])
            whole.versions.update(more.versions)
            whole.own.update(more.own)
            whole.events += more.events
    for uid, versions in whole.versions.items():
        before = sum(version.at < tape.began for version in versions)
        whole.versions[uid] = versions[max(0, before - 1) :]  # what was made for other tests, as it was found
    whole.events = [told for told in whole.events if told[0].at >= tape.began]
    return whole


def _authors(corner: Corner) -> dict[str, list[str]]:
    """Who wrote each version of each object."""
    return {
        uid: [
            author(before.object if before else None, version.object, corner.own.get(uid, frozenset()))
            for before, version in zip([None, *versions], versions, strict=False)
        ]
        for uid, versions in corner.versions.items()
    }


def _arrivals(corner: Corner, authors: dict[str, list[str]]) -> list[tuple[str, Arrival]]:
    """Everything that came, with the uid of what it is about, in order."""
    found: list[tuple[str, Arrival]] = []
    for uid, versions in corner.versions.items():
        before: Json = {}
        for version, by in zip(versions, authors[uid], strict=True):
            worker = worker_on(version.kind.kind, before, version.object, by, end=version.deleted)
            found.append((uid, Arrival(version.at, worker)))
            before = version.object
    for told in corner.events:
        about = str((told[0].object.get("involvedObject") or {}).get("uid", ""))
        found.append((about, Arrival(told[0].at, worker_behind(told[0].object))))
    return sorted(found, key=lambda each: each[1].at)


def _bodies(versions: Sequence[Version]) -> Bodies:
    first, last = versions[0], versions[-1]
    return Bodies(first.uid, _bare(first.object), _bare(last.object))


def _bare(body: Json) -> Json:
    """An object without managedFields; of a Secret, which no history should hold, without its data."""
    bare = {key: value for key, value in body.items() if key not in ("data", "stringData")}
    return {**bare, "metadata": {key: each for key, each in body["metadata"].items() if key != "managedFields"}}
