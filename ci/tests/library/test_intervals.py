"""The least time between two snapshots of one volume: it passes, or the test ends."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from pytest_csi_snapshot.bounds import Bounds
from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.kube.kinds import PVC
from pytest_csi_snapshot.labels import Mark
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.recorder import OutOfBounds
from pytest_csi_snapshot.station import Station
from pytest_csi_snapshot.verbs import snapshots
from pytest_csi_snapshot.verbs.snapshots import SnapshotVerbs

from .api import MemoryApi
from .objects import Recorded

HOME = "csi-run-gw0-1"
CLAIM, OTHER = Handle(PVC, HOME, "p", "uid-p"), Handle(PVC, HOME, "q", "uid-q")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Recorded:
    """A history whose clock is moved by waiting only."""
    history = Recorded()

    def wait(seconds: float) -> None:
        history.now += seconds

    monkeypatch.setattr(snapshots, "threading", SimpleNamespace(Event=lambda: SimpleNamespace(wait=wait)))
    return history


def verbs(history: Recorded, interval: float) -> SnapshotVerbs:
    station = Station(MemoryApi(history), Mark(run="run", worker="gw0"))
    station.history = history
    station.owned._history = history  # noqa: SLF001
    vars(station)["watch_events"] = lambda *_what: None
    made = SnapshotVerbs(station, None, Bounds(interval=interval), "a test")
    made.cluster = Cluster("existing", "", "", "d", "s", "v", "i")
    return made


def test_the_interval_passes_between_snapshots_of_one_volume_only(clock: Recorded) -> None:
    csi = verbs(clock, interval=15.0)
    csi.snapshot(CLAIM, cls="c")
    csi.snapshot(OTHER, cls="c")
    assert clock.now == 0.0
    clock.now = 5.0
    csi.snapshot(CLAIM, cls="c")
    assert clock.now == 15.0
    csi.snapshot(CLAIM, cls="c")
    assert clock.now == 30.0


def test_other_tests_of_the_same_volume_keep_it_too(clock: Recorded) -> None:
    csi = verbs(clock, interval=15.0)
    csi.snapshot(CLAIM, cls="c")
    second = SnapshotVerbs(csi.station, None, csi.bounds, "another test")
    second.cluster = csi.cluster
    second.snapshot(CLAIM, cls="c")
    assert clock.now == 15.0


def test_nothing_is_waited_for_where_nothing_is_said(clock: Recorded) -> None:
    csi = verbs(clock, interval=0.0)
    csi.snapshot(CLAIM, cls="c")
    csi.snapshot(CLAIM, cls="c")
    assert clock.now == 0.0


def test_an_interval_that_nobody_would_wait_for_ends_the_test(clock: Recorded) -> None:
    csi = verbs(clock, interval=3600.0)
    csi.snapshot(CLAIM, cls="c")
    with pytest.raises(OutOfBounds, match="snapshotInterval: it takes a second snapshot of a volume, 3600 s"):
        csi.snapshot(CLAIM, cls="c")
