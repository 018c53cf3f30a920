"""Load: crowds of objects, made and removed with a bounded number of them under way and of requests a second.

Requests go out one after the other, from the test's own thread: how many are under way is bounded by what has come
through, told by the watch. So a slow driver is asked less, and the figures are its own and not those of a queue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

from pytest_csi_snapshot.kube.kinds import SNAPSHOT
from pytest_csi_snapshot.kube.pacing import Pace
from pytest_csi_snapshot.kube.refusals import ApiError
from pytest_csi_snapshot.labels import fresh_name
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.quantities import format_quantity
from pytest_csi_snapshot.recorder import Recorder
from pytest_csi_snapshot.report.loads import Account, Load
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.settings import Settings
from pytest_csi_snapshot.stress.crowd import GONE, PARTNER_GONE, Crowd, Member, Sort
from pytest_csi_snapshot.stress.measuring import Batch, phase_of
from pytest_csi_snapshot.verbs.ground import PreparationError
from pytest_csi_snapshot.waiting import WaitTimeout, wait_for

Json = dict[str, Any]

UNDER_WAY = 16
"""Objects that have been asked for and have not come through, where a test does not want all of them at once."""

BATCHES = 10
"""Steps in which a crowd grows and shrinks: the points of a growth."""

CREATED = "created"
ASKED = "asked"
DOOMED = "deletion asked"
SINCE = {CREATED: ASKED, "bound": ASKED, "ready": ASKED, GONE: DOOMED, PARTNER_GONE: DOOMED}
"""Phase -> the moment that its seconds begin with: when the request was sent."""

SHOWN = 10
"""Objects that a message names."""


class LoadTest:
    """The verbs of a stress test; ``number`` is that of ``--csi-stress``. The figures go to the recorder."""

    def __init__(self, csi: Scenario, recorder: Recorder, settings: Settings) -> None:
        self.csi = csi
        self.number = settings.csi_stress
        self.minutes = settings.csi_stress_minutes
        self.limit = settings.snapshot_limit
        self._recorder = recorder
        self._pace = Pace(settings.csi_stress_rate)
        csi.api.keep_pace(self._pace)  # also while the scenario cleans up, which is after the test

    @contextmanager
    def crowd(self, name: str, sort: Sort, *, at_once: int = UNDER_WAY) -> Iterator[Run]:
        """A crowd to be measured; its figures are kept however the test goes on."""
        crowd = Crowd(sort, self.csi.history)
        run = Run(self.csi, crowd, name, at_once)
        refused = dict(self._pace.refusals)
        with crowd.watched():
            try:
                yield run
            finally:
                for status, count in self._pace.refusals.items():
                    crowd.errors[f"HTTP {status}"] += count - refused.get(status, 0)
                self._recorder.loads.append(run.figures(self.number, self._pace.rate))

    def within(self, volumes: int) -> None:
        """Go on only where so many volumes may exist at one time."""
        allowed = self.csi.bounds.volumes
        if allowed and volumes > allowed:
            self.csi.out_of_bounds("atOnce.volumes", f"it takes {volumes} volumes at one time, of {allowed}")


class Run:
    """One crowd on its way."""

    def __init__(self, csi: Scenario, crowd: Crowd, name: str, at_once: int) -> None:
        self.crowd = crowd
        self.name = name
        self.at_once = at_once
        self.accounts: list[Account] = []
        self.notes: list[str] = []
        self._csi = csi
        self._batches: list[Batch] = []

    @property
    def sort(self) -> Sort:
        return self.crowd.sort

    # -- bodies

    def snapshot_of(self, claim: Handle, cls: str, expected: Any = None) -> tuple[Member, Json]:
        """A snapshot to be made of a claim."""
        member = Member(fresh_name("snapshot"), claim.namespace, source=claim, expected=expected)
        source = {"persistentVolumeClaimName": claim.name}
        return member, {"source": source, "volumeSnapshotClassName": cls}

    def claim_on(self, source: Handle | None, size: int, namespace: str = "") -> tuple[Member, Json]:
        """A claim to be made, empty or on a copy of a snapshot or of another claim."""
        namespace = source.namespace if source else namespace
        spec: Json = {
            "accessModes": [self._csi.bounds.access],
            "storageClassName": self._csi.storage_class,
            "resources": {"requests": {"storage": format_quantity(self._csi.within_bounds(size))}},
        }
        if source is not None:
            group = {"apiGroup": SNAPSHOT.api_version.split("/")[0]} if source.kind == SNAPSHOT else {}
            spec["dataSource"] = {**group, "kind": source.kind.kind, "name": source.name}
        return Member(fresh_name("claim"), namespace, source=source), spec

    # -- making and removing

    def make(self, wanted: Iterable[tuple[Member, Json]], *, at_once: bool = False) -> list[Member]:
        """Create these objects and wait until all are usable: one batch.

        With ``at_once`` each of them is asked for whatever has come of the others. Then the batch is told in
        parts: how long the first of many take, and how long the last.
        """
        before, begun = self._there(), self._csi.history.clock()
        made = []
        for member, spec in wanted:
            if not at_once:
                self._make_room(self.sort.last, CREATED, self.sort.usable)
            self.create(member, spec)
            made.append(member)
        self.await_all(CREATED, self.sort.last, self.sort.usable)
        phases = (CREATED, *(name for name, _ in self.sort.milestones))
        for part in batches_of(len(made)) if at_once else [range(len(made))]:
            some = [made[each] for each in part]
            ended = max(begun, *(member.at[self.sort.last] for member in some))
            self._note(some, phases, before, before + len(some), ended - begun)
            before, begun = before + len(some), ended
        return made

    def make_one(self, wanted: tuple[Member, Json]) -> Handle:
        """Create one object and wait until it is usable: a batch of one."""
        (member,) = self.make([wanted])
        if member.handle is None:
            raise ValueError(f"{member.name} was not created")
        return member.handle

    def churn(self, wanted: Iterator[tuple[Member, Json]], seconds: float, parts: int = BATCHES) -> None:
        """Create objects for so long, deleting each as soon as it is usable, then wait until all are gone.

        Told in parts of the time; ``there`` is then how many have been made before.
        """
        crowd, clock = self.crowd, self._csi.history.clock
        begun = part_begun = clock()
        told = 0
        while clock() < begun + seconds:
            usable = crowd.reached[self.sort.last]
            if crowd.reached[DOOMED] < usable:
                self._doom_usable()
            elif crowd.reached[CREATED] - crowd.reached[PARTNER_GONE] < self.at_once:
                self.create(*next(wanted))
            else:
                self._await(self._moved(), "any of them usable or gone", self.sort.last, self.sort.usable)
            if clock() >= part_begun + seconds / parts:
                told, part_begun = self._note_churn(told, part_begun), clock()
        self.await_all(CREATED, self.sort.last, self.sort.usable)
        self._doom_usable()
        self.await_all(DOOMED, PARTNER_GONE, self.sort.removed)
        self.await_all(DOOMED, GONE, self.sort.removed)
        self._note_churn(told, part_begun)

    def _moved(self) -> Callable[[], bool | None]:
        """Whether anything has come further since now."""
        reached = self.crowd.reached
        before = reached[self.sort.last], reached[PARTNER_GONE]
        return lambda: (reached[self.sort.last], reached[PARTNER_GONE]) != before or None

    def _doom_usable(self) -> None:
        for member in self.crowd.members[:]:
            if member.reached(self.sort.last) and not member.reached(DOOMED):
                self.doom(member)

    def _note_churn(self, told: int, begun: float) -> int:
        """Note what has gone through since ``told`` objects had; how many have now."""
        members = self.crowd.members
        through = [each for each in members if each.reached(PARTNER_GONE) and each.reached(GONE)]
        through.sort(key=lambda each: max(each.at[PARTNER_GONE], each.at[GONE]))
        seconds = self._csi.history.clock() - begun
        if new := through[told:]:
            self._note(new, [*SINCE], told, len(through), seconds)
        return len(through)

    def create(self, member: Member, spec: Json) -> Handle:
        """Create one object; it is not waited for."""
        crowd, kind = self.crowd, self.sort.kind
        crowd.expect(member)
        crowd.reach(member, ASKED)
        meta = {"name": member.name, "namespace": member.namespace}
        try:
            body = self._csi.api.create(kind, {"metadata": meta, "spec": spec})
        except ApiError as error:
            crowd.refuse(f"HTTP {error.status}")
            raise
        member.handle = self._csi.ledger.add(Handle.of(kind, body))
        crowd.reach(member, CREATED)
        return member.handle

    def remove(self, members: Sequence[Member]) -> None:
        """Delete these objects and wait until they are gone, and what stood for them: one batch."""
        before, begun = self._there(), self._csi.history.clock()
        for member in members:
            self._make_room(PARTNER_GONE, DOOMED, self.sort.removed)
            self.doom(member)
        for milestone in (GONE, PARTNER_GONE):
            self.await_all(DOOMED, milestone, self.sort.removed)
        seconds = self._csi.history.clock() - begun
        self._note(members, (GONE, PARTNER_GONE), before, self._there(), seconds)

    def doom(self, member: Member) -> None:
        """Ask for the deletion of one object."""
        handle = member.handle
        if handle is None:
            raise ValueError(f"{member.name} was not created")
        self.crowd.reach(member, DOOMED)
        self._csi.api.delete(handle.kind, handle.namespace, handle.name, uid=handle.uid)

    def _there(self) -> int:
        reached = self.crowd.reached
        return reached[CREATED] - reached[GONE]

    def _note(
        self, members: Sequence[Member], phases: Sequence[str], before: int, after: int, seconds: float
    ) -> None:
        times = {
            phase: found
            for phase in phases
            if (found := [each.at[phase] - each.at[SINCE[phase]] for each in members if each.reached(phase)])
        }
        self._batches.append(Batch(before, after, seconds, times))

    # -- waiting

    def _make_room(self, end: str, beginning: str, clause: str) -> None:
        """Wait until fewer are under way than may be."""
        reached = self.crowd.reached

        def room() -> bool | None:
            return reached[beginning] - reached[end] < self.at_once or None

        if not room():
            self._await(room, f"an object {end}", end, clause)

    def await_all(self, beginning: str, milestone: str, clause: str) -> None:
        """Wait until as many have come to a milestone as to its beginning.

        Patience is for the next one of them, not for all: a thousand take as long as they take.
        """
        reached = self.crowd.reached
        while (missing := reached[beginning] - reached[milestone]) > 0:
            so_far = reached[milestone]
            self._await(
                lambda so_far=so_far: reached[milestone] > so_far or None,
                f"one more of {missing} {milestone}",
                milestone,
                clause,
            )

    def _await(self, probe: Any, awaited: str, milestone: str, clause: str) -> None:
        __tracebackhide__ = True
        limits = self._csi.limits
        within = {"ready": limits.snapshot, "bound": limits.bind}.get(milestone, limits.deletion)
        try:
            wait_for(
                self._csi.history,
                probe,
                clause=clause,
                awaited=awaited,
                about=self.name,
                within=within,
                observed=lambda: self._late(milestone),
            )
        except WaitTimeout as error:
            if clause:
                raise
            raise PreparationError(str(error).lstrip(": ")) from None

    def _late(self, milestone: str) -> list[tuple[float, str]]:
        """The first objects that are late, with how far each has come."""
        told = []
        for member in self.crowd.late(milestone)[:SHOWN]:
            last = max(member.at, key=member.at.__getitem__, default="")
            text = f"{self.sort.kind} {member.name}: {last or 'nothing was seen'}"
            told.append((member.at.get(last, 0.0), f"{text}; {member.message}".removesuffix("; ")))
        return told

    # -- figures

    def figures(self, asked: int, rate: float) -> Load:
        """What was measured so far."""
        names = dict.fromkeys(phase for batch in self._batches for phase in batch.times)
        phases = tuple(
            phase_of(name, SINCE[name], [each for each in self._batches if name in each.times]) for name in names
        )
        moments = [moment for member in self.crowd.members for moment in member.at.values()]
        left = [each for each in self.crowd.members if each.reached(DOOMED) and not each.reached(PARTNER_GONE)]
        return Load(
            self.name,
            str(self.sort.kind),
            asked,
            self.crowd.reached[CREATED],
            self.at_once,
            rate,
            max(moments, default=0.0) - min(moments, default=0.0),
            self._rate(self.sort.last),
            self._rate(PARTNER_GONE),
            phases,
            {code: count for code, count in sorted(self.crowd.errors.items()) if count},
            tuple(self.accounts),
            tuple(f"{self.sort.kind} {each.namespace}/{each.name}: {each.message}".rstrip(": ") for each in left),
            tuple(self.notes),
        )

    def _rate(self, phase: str) -> float:
        batches = [batch for batch in self._batches if phase in batch.times]
        seconds = sum(batch.seconds for batch in batches)
        return sum(len(batch.times[phase]) for batch in batches) / seconds if seconds else 0.0


def batches_of(number: int, batches: int = BATCHES) -> list[range]:
    """The numbers below ``number`` in so many parts, as equal as can be; none is empty."""
    edges = [number * part // batches for part in range(batches + 1)]
    return [range(low, high) for low, high in pairwise(edges) if high > low]
