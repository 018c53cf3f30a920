"""Crowds on an API server in memory, whose controllers act while somebody waits, and may lose things."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from pytest_csi_snapshot.bounds import Bounds
from pytest_csi_snapshot.kube.kinds import PVC, SNAPSHOT, SNAPSHOT_CONTENT
from pytest_csi_snapshot.labels import Mark
from pytest_csi_snapshot.ledger import Handle, Ledger
from pytest_csi_snapshot.limits import Limits
from pytest_csi_snapshot.owning import OwnedClient
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.stress import accounting
from pytest_csi_snapshot.stress.crowd import SNAPSHOTS, Crowd
from pytest_csi_snapshot.stress.load import Run, batches_of
from pytest_csi_snapshot.waiting import WaitTimeout

from ..api import MemoryApi
from ..objects import Json, Recorded, content, meta

MARK = Mark("abcd", "gw0")
HOME = MARK.fresh()
CLAIM = Handle(PVC, HOME, "claim", "uid-claim")


@dataclass
class Controllers:
    """Bring the oldest snapshot one step further at each wait: a content and readiness, or the end of both.

    ``stuck`` are numbers of snapshots that never become ready, ``doubled`` of those with two contents.
    """

    api: MemoryApi
    stuck: set[int] = field(default_factory=set)
    doubled: set[int] = field(default_factory=set)
    backend: set[str] = field(default_factory=set)
    forgets: Callable[[str], bool] = lambda _handle: True
    most: int = 0
    _made: dict[str, int] = field(default_factory=dict)

    def step(self, seconds: float | None = None) -> bool:
        history = self.api.history
        assert isinstance(history, Recorded)
        history.now += 0.1
        pending = [body for (kind, *_), body in self.api.objects.items() if kind == SNAPSHOT and not ready(body)]
        self.most = max(self.most, len(pending))
        movable = [body for body in pending if self._number(body) not in self.stuck]
        doomed = [b for (kind, *_), b in self.api.objects.items() if kind == SNAPSHOT and deleting(b)]
        if doomed:
            self._end(doomed[0])
        elif movable:
            self._bring(movable[0])
        else:
            history.now += seconds or 0
        return True

    def _number(self, body: Json) -> int:
        return self._made.setdefault(body["metadata"]["name"], len(self._made))

    def _bring(self, body: Json) -> None:
        name, uid = body["metadata"]["name"], body["metadata"]["uid"]
        handle = f"handle-{name}"
        self.backend.add(handle)
        for number in range(2 if self._number(body) in self.doubled else 1):
            made = content(f"{name}-{number}", uid=uid, snapshotHandle=handle)
            made["spec"]["volumeSnapshotRef"].update(namespace=HOME, name=name)
            self.api.objects[SNAPSHOT_CONTENT, "", f"{name}-{number}"] = made
            self.api.history.record(SNAPSHOT_CONTENT, "ADDED", made)
        status = {"boundVolumeSnapshotContentName": f"{name}-0", "readyToUse": True}
        changed = {**body, "status": status, "metadata": {**body["metadata"], **version()}}
        changed["metadata"]["finalizers"] = ["bound"]
        self.api.objects[SNAPSHOT, HOME, name] = changed
        self.api.history.record(SNAPSHOT, "MODIFIED", changed)

    def _end(self, body: Json) -> None:
        name = body["metadata"]["name"]
        if self.forgets(f"handle-{name}"):
            self.backend.discard(f"handle-{name}")
        for kind, home, found in list(self.api.objects):
            if kind == SNAPSHOT_CONTENT and found.startswith(name):
                self.api.history.record(kind, "DELETED", self.api.objects.pop((kind, home, found)))
        self.api.history.record(SNAPSHOT, "DELETED", self.api.objects.pop((SNAPSHOT, HOME, name)))


def version() -> Json:
    return {"resourceVersion": meta("x")["resourceVersion"]}


def ready(body: Json) -> bool:
    return bool((body.get("status") or {}).get("readyToUse"))


def deleting(body: Json) -> bool:
    return "deletionTimestamp" in body["metadata"]


class Corner:
    """As much of a scenario as a load needs. ``checks`` are (clause, what was seen)."""

    def __init__(self) -> None:
        self.history = Recorded()
        self.memory = MemoryApi(self.history)
        self.api = OwnedClient(self.memory, self.history, MARK)
        self.limits, self.bounds = Limits(), Bounds()
        self.ledger = Ledger(self.api, self.history, patience=0, release=0)
        self.checks: list[tuple[str, object]] = []
        self.controllers = Controllers(self.memory)
        self.history.arrival.wait = self.controllers.step  # type: ignore[assignment, method-assign]

    def driver_lists(self) -> bool:
        return True

    @property
    def cluster(self) -> Any:
        return type("Cluster", (), {"endpoint": "unix:///nowhere"})

    def check(self, clause: str, *, observed: object, holds: bool, **_: object) -> None:
        self.checks.append((clause, observed))
        assert holds, f"{clause}: {observed}"


@pytest.fixture
def corner(monkeypatch: pytest.MonkeyPatch) -> Corner:
    made = Corner()
    monkeypatch.setattr(accounting, "all_snapshots", lambda _socket: frozenset(made.controllers.backend))
    return made


@pytest.fixture
def run(corner: Corner) -> Iterator[Run]:
    crowd = Crowd(SNAPSHOTS, corner.history)
    with crowd.watched():
        yield Run(cast(Scenario, corner), crowd, "many", at_once=7)


def make(run: Run, number: int = 40) -> None:
    for numbers in batches_of(number):
        run.make(run.snapshot_of(CLAIM, "class") for _ in numbers)


def remove(run: Run) -> None:
    members = run.crowd.members
    for numbers in batches_of(len(members)):
        run.remove([members[each] for each in numbers])


def test_everything_that_was_made_is_counted_there_and_gone(corner: Corner, run: Run) -> None:
    make(run)
    accounting.count_there(cast(Scenario, corner), run)
    remove(run)
    accounting.count_gone(cast(Scenario, corner), run)
    load = run.figures(40, 50.0)
    assert {account.expected for account in load.accounts} == {40, 0}
    assert all(account.expected == account.found for account in load.accounts)
    assert {phase.name: phase.count for phase in load.phases} == dict.fromkeys(
        ("created", "bound", "ready", "deleted", "backend deleted"), 40
    )
    assert [point.there for point in load.phases[2].points] == [4 * batch + 2 for batch in range(10)]
    assert load.leaks == ()
    assert {clause for clause, _ in corner.checks} == {"SNAP-DYN-004", "DEL-001", "RPC-LIS-001"}


def test_no_more_are_under_way_than_may_be(corner: Corner, run: Run) -> None:
    run.make(run.snapshot_of(CLAIM, "class") for _ in range(30))
    assert corner.controllers.most == 7


def test_all_at_once_are_told_in_parts(corner: Corner, run: Run) -> None:
    run.make((run.snapshot_of(CLAIM, "class") for _ in range(30)), at_once=True)
    assert corner.controllers.most == 30
    ready_phase = next(phase for phase in run.figures(30, 50.0).phases if phase.name == "ready")
    medians = [point.median for point in ready_phase.points]
    assert len(medians) == 10
    assert medians == sorted(medians)


def test_one_that_never_becomes_ready_breaks_its_clause_by_name(corner: Corner, run: Run) -> None:
    corner.controllers.stuck = {5}
    with pytest.raises(WaitTimeout, match="SNAP-DYN-004: many: awaited one more of 1 ready") as caught:
        make(run)
    (late,) = run.crowd.late("ready")
    assert late.name in str(caught.value)
    assert run.figures(40, 50.0).made == len(run.crowd.members)


def test_a_second_content_is_found(corner: Corner, run: Run) -> None:
    corner.controllers.doubled = {11}
    make(run)
    with pytest.raises(AssertionError, match="SNAP-DYN-004: 39; not snapshot-"):
        accounting.count_there(cast(Scenario, corner), run)


def test_a_snapshot_that_the_driver_lost_is_found(corner: Corner, run: Run) -> None:
    make(run)
    corner.controllers.backend.pop()
    with pytest.raises(AssertionError, match="RPC-LIS-001: 39; not snapshot-"):
        accounting.count_there(cast(Scenario, corner), run)


def test_a_snapshot_that_the_driver_kept_is_found(corner: Corner, run: Run) -> None:
    make(run)
    kept = sorted(corner.controllers.backend)[3]
    corner.controllers.forgets = lambda handle: handle != kept
    remove(run)
    with pytest.raises(AssertionError, match="DEL-001: 1"):
        accounting.count_gone(cast(Scenario, corner), run)


def test_what_comes_and_goes_is_gone_in_the_end(corner: Corner, run: Run) -> None:
    wanted = (run.snapshot_of(CLAIM, "class") for _ in range(10_000))
    run.churn(wanted, seconds=20)
    accounting.count_through(cast(Scenario, corner), run)
    accounting.count_gone(cast(Scenario, corner), run)
    load = run.figures(0, 50.0)
    assert load.made > 50
    assert corner.controllers.most <= 7
    assert {phase.count for phase in load.phases} == {load.made}
