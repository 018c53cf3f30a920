"""Waits: at once, by arrival, given up early, and told when in vain."""

from __future__ import annotations

import threading

import pytest

from pytest_csi_snapshot.conditions import POD_DONE, READY
from pytest_csi_snapshot.history import History
from pytest_csi_snapshot.kube.kinds import POD
from pytest_csi_snapshot.observing import story
from pytest_csi_snapshot.waiting import AWAY, EarlyEnd, HopelessError, WaitTimeout, wait_for

from .objects import SNAPSHOT, SNAPSHOT_CONTENT, Recorded, content, meta, snapshot


def ready_in(history: History, within: float = 30.0) -> object:
    def probe() -> object | None:
        latest = history.latest("uid-s")
        if latest and latest.deleted:
            raise HopelessError("the object is gone")
        return latest.object if latest and READY.holds(latest.object) else None

    return wait_for(
        history,
        probe,
        clause="SNAP-DYN-004",
        awaited=READY.text,
        about="VolumeSnapshot ns/s",
        within=within,
        observed=lambda: story(history, "uid-s"),
    )


def test_what_holds_already_is_not_waited_for() -> None:
    history = Recorded().told(SNAPSHOT, snapshot(readyToUse=True))
    assert ready_in(history, within=0)


def test_an_arrival_wakes_the_wait() -> None:
    history = History()
    waiter = threading.Thread(target=ready_in, args=(history,))
    waiter.start()
    history.record(SNAPSHOT, "ADDED", snapshot(readyToUse=False))
    history.record(SNAPSHOT, "MODIFIED", snapshot(readyToUse=True))
    waiter.join(timeout=20)
    assert not waiter.is_alive()


def test_a_timeout_tells_each_distinct_state_with_its_time() -> None:
    history = Recorded().told(SNAPSHOT, snapshot(), snapshot(boundVolumeSnapshotContentName="c"))
    history.told(SNAPSHOT, snapshot(boundVolumeSnapshotContentName="c"))  # nothing new to tell
    history.told(SNAPSHOT_CONTENT, content(error={"message": "disk full"}))
    with pytest.raises(WaitTimeout) as caught:
        ready_in(history, within=0)
    assert caught.value.clause == "SNAP-DYN-004"
    assert caught.value.observations == [
        (-3, "no status"),
        (-2, "readyToUse absent, bound to c"),
        (0, "VolumeSnapshotContent: policy Delete, readyToUse absent, no handle, error: disk full"),
    ]
    assert "awaited status.readyToUse true; not seen within 0 s" in str(caught.value)


def test_a_deleted_object_ends_the_wait() -> None:
    history = Recorded().told(SNAPSHOT, snapshot()).told(SNAPSHOT, snapshot(), change="DELETED")
    with pytest.raises(EarlyEnd, match="the object is gone"):
        ready_in(history)


def looked_at(history: Recorded, *moments: float) -> list[float]:
    """When a wait of 30 s looks, which finds nothing; time goes on from one look to the next."""
    seen: list[float] = []
    rest = iter(moments)

    def probe() -> None:
        history.now = next(rest)
        seen.append(history.now)

    with pytest.raises(WaitTimeout):
        wait_for(history, probe, clause="SNAP-DYN-004", awaited="", about="", within=30, observed=list)
    return seen


def test_a_limit_begins_anew_when_the_api_server_is_back() -> None:
    history = Recorded()
    assert looked_at(history, 31.0) == [31.0]
    history.now = 0.0
    history.sight_since = 20.0
    assert looked_at(history, 49.99, 50.0) == [49.99, 50.0]


def test_an_api_server_that_stays_away_keeps_no_wait_for_ever() -> None:
    history = Recorded()
    history.lose_sight("watch")
    assert looked_at(history, AWAY + 29.99, AWAY + 30) == [AWAY + 29.99, AWAY + 30]


def test_a_wait_is_not_over_while_there_is_no_api_server() -> None:
    history = Recorded().told(SNAPSHOT, snapshot())
    history.lose_sight("watch")
    looked, ended = threading.Event(), threading.Event()

    def probe() -> object | None:
        looked.set()
        history.now = 100.0
        return history.latest("uid-s") if READY.holds(history.versions("uid-s")[-1].object) else None

    def wait() -> None:
        wait_for(history, probe, clause="SNAP-DYN-004", awaited="", about="", within=30, observed=list)
        ended.set()

    waiter = threading.Thread(target=wait)
    waiter.start()
    assert looked.wait(20)
    history.record(SNAPSHOT, "MODIFIED", snapshot(readyToUse=True))
    waiter.join(timeout=20)
    assert ended.is_set()


def test_a_lost_watch_is_no_verdict() -> None:
    history = Recorded()
    history.break_off(ConnectionError("the API server is gone"))
    with pytest.raises(ConnectionError):
        ready_in(history)


def test_a_pod_that_failed_tells_its_last_words() -> None:
    ended = {"terminated": {"exitCode": 3, "message": "no space left\n"}}
    pod = {"metadata": meta("w"), "status": {"phase": "Failed", "containerStatuses": [{"state": ended}]}}
    assert POD_DONE.hopeless(pod) == "the pod failed: exit code 3: no space left"
    assert Recorded().told(POD, pod)
