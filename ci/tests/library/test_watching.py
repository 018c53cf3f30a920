"""Watches: nothing missed, nothing twice, and a gap owned up to."""

from __future__ import annotations

import errno
from itertools import count

import pytest
import urllib3

from pytest_csi_snapshot.history import History
from pytest_csi_snapshot.kube.refusals import ApiError, ApiUnreachableError
from pytest_csi_snapshot.watching import Scope, Watch

from .api import Scripted
from .objects import SNAPSHOT, Json, snapshot


def page(version: str, *items: Json) -> Json:
    return {"metadata": {"resourceVersion": version}, "items": list(items)}


def event(change: str, body: Json) -> Json:
    return {"type": change, "object": body}


def named(name: str, version: str) -> Json:
    return snapshot(name, version=version)


class Running:
    """A watch over scripted answers."""

    def __init__(self, scope: Scope | None = None) -> None:
        self.client = Scripted()
        self.history = History()
        self.watch = Watch(self.client, self.history, scope or Scope(SNAPSHOT))

    def start(self, *pages: Json | Exception, with_past: bool = False) -> Running:
        for each in pages:
            self.client.pages.put(each)
        self.watch.start(with_past=with_past)
        return self

    def until(self, count: int) -> list[tuple[str, str]]:
        """What was recorded, as soon as so many versions have arrived."""
        with self.history.arrival:
            assert self.history.arrival.wait_for(lambda: self.history.position >= count, timeout=10)
        versions = [v for versions in self.history.objects(SNAPSHOT) for v in versions]
        return [(v.change, v.resource_version) for v in sorted(versions, key=lambda v: v.position)]


def test_begins_at_the_current_version_and_records_what_comes() -> None:
    running = Running().start(page("5", named("before", "4")))
    running.client.events.put(event("ADDED", named("s", "6")))
    assert running.until(1) == [("ADDED", "6")]
    assert running.client.begun_at == ["5"]


@pytest.mark.parametrize("with_past", [False, True])
def test_a_server_that_is_busy_at_the_beginning_is_asked_again(with_past: bool) -> None:
    """So it is for a moment after the CRD of the kind has changed."""
    busy = ApiError("GET", "/apis", 429, {"message": "storage is (re)initializing"})
    running = Running().start(busy, page("5"), with_past=with_past)
    running.client.events.put(event("ADDED", named("s", "6")))
    assert running.until(1) == [("ADDED", "6")]
    assert running.client.begun_at == ["5"]


@pytest.mark.parametrize("with_past", [False, True])
def test_a_refusal_at_the_beginning_is_told_at_once(with_past: bool) -> None:
    with pytest.raises(ApiError, match="not today"):
        Running().start(ApiError("GET", "/apis", 403, {"message": "not today"}), with_past=with_past)


def test_the_server_ends_a_stream_and_tells_where_before_its_silence_counts_as_death() -> None:
    running = Running().start(page("5"))
    running.client.events.put(event("ADDED", named("s", "6")))
    running.until(1)
    ((turn, silence),) = running.client.turns
    assert silence is not None
    assert turn < silence


def test_goes_on_after_the_last_version_or_bookmark_when_the_stream_ends() -> None:
    running = Running().start(page("5"))
    running.client.events.put(event("ADDED", named("s", "6")))
    running.client.events.put(event("BOOKMARK", {"metadata": {"resourceVersion": "9"}}))
    running.client.events.put(ApiUnreachableError("WATCH", "/", ConnectionError("reset")))
    running.client.events.put(event("MODIFIED", named("s", "10")))
    assert running.until(2) == [("ADDED", "6"), ("MODIFIED", "10")]
    assert running.client.begun_at == ["5", "9"]
    assert running.history.gaps() == []


def test_a_server_that_is_not_there_leaves_the_watch_blind_until_it_answers() -> None:
    """One broken stream is nothing: it is opened anew at once."""
    running = Running()
    gone = ApiUnreachableError("WATCH", "/", ConnectionError("refused"))
    running.client.refusals = [gone, gone]
    blind: list[bool] = []
    running.client.on_open = lambda: blind.append(running.history.blind)
    running.start(page("5"))
    running.client.events.put(gone)
    running.client.events.put(event("ADDED", named("s", "6")))
    assert running.until(1) == [("ADDED", "6")]
    assert blind == [False, False, True, True]
    assert not running.history.blind
    assert running.history.sight_since > 0
    assert running.history.gaps() == []


def test_a_watch_that_is_stopped_while_there_is_no_server_leaves_nobody_blind() -> None:
    running = Running().start(page("5"))
    gone = ApiUnreachableError("WATCH", "/", ConnectionError("refused"))
    for _ in range(3):
        running.client.events.put(gone)
    running.client.events.put(None)
    running.watch.stop()
    assert not running.history.blind


def test_what_the_server_forgot_is_a_gap_and_listed_anew() -> None:
    running = Running().start(page("5"))
    for body in (named("gone", "6"), named("same", "7"), named("changed", "8")):
        running.client.events.put(event("ADDED", body))
    running.until(3)
    running.client.pages.put(page("50", named("same", "7"), named("changed", "40"), named("new", "41")))
    running.client.events.put(ApiError("WATCH", "/", 410, {"reason": "Expired", "message": "too old"}))
    assert running.until(6)[3:] == [("MODIFIED", "40"), ("ADDED", "41"), ("DELETED", "6")]
    assert [(gap.kind, gap.reason) for gap in running.history.gaps()] == [(SNAPSHOT, "too old")]


def test_a_gap_is_not_seen_before_what_is_there_after_it() -> None:
    running = Running().start(page("5"))
    running.client.events.put(event("ADDED", named("changed", "8")))
    running.until(1)
    asked = running.client.pages_asked
    running.client.events.put(ApiError("WATCH", "/", 410, {"reason": "Expired", "message": "too old"}))
    while running.client.pages_asked == asked:
        assert running.client.asked.wait(10)
        running.client.asked.clear()
    assert running.history.gaps() == []
    running.client.pages.put(page("50", named("changed", "40")))
    assert running.until(2)[1:] == [("MODIFIED", "40")]
    assert len(running.history.gaps()) == 1


def test_other_peoples_objects_stay_unseen() -> None:
    keep = Scope(SNAPSHOT, keep=lambda body: body["metadata"]["name"] == "mine")
    running = Running(keep).start(page("5"))
    running.client.events.put(event("ADDED", named("theirs", "6")))
    running.client.events.put(event("ADDED", named("mine", "7")))
    assert running.until(1) == [("ADDED", "7")]


def test_the_past_is_recorded_where_asked_for() -> None:
    running = Running().start(page("5", named("s", "4")), with_past=True)
    assert running.until(1) == [("ADDED", "4")]


def test_a_refused_watch_reaches_whoever_waits() -> None:
    running = Running().start(page("5"))
    running.client.events.put(ApiError("WATCH", "/", 403, {"reason": "Forbidden", "message": "no"}))
    with running.history.arrival:
        running.history.arrival.wait_for(lambda: running.history.broken is not None, timeout=10)
    assert "is lost" in str(running.history.broken)


def test_a_server_whose_cache_is_behind_its_store_is_asked_again() -> None:
    """It has answered a list with a resourceVersion that its watches do not know yet."""
    running = Running().start(page("5"))
    behind = {"reason": "Timeout", "message": "Too large resource version: 5, current: 4"}
    running.client.events.put(ApiError("WATCH", "/", 504, behind))
    running.client.events.put(event("ADDED", named("s", "6")))
    assert running.until(1) == [("ADDED", "6")]
    assert running.client.begun_at == ["5", "5"]
    assert running.history.gaps() == []


def test_a_server_whose_cache_stays_behind_is_given_up() -> None:
    running = Running()
    running.history.clock = count(0.0, 40.0).__next__
    running.start(page("5"))
    for _ in range(3):
        behind = {"reason": "Timeout", "message": "Too large resource version: 5, current: 4"}
        running.client.events.put(ApiError("WATCH", "/", 504, behind))
    with running.history.arrival:
        assert running.history.arrival.wait_for(lambda: running.history.broken is not None, timeout=20)
    assert "Too large resource version" in str(running.history.broken)


def test_stops_between_two_streams() -> None:
    running = Running().start(page("5"))
    ended = urllib3.HTTPResponse(body=b"")  # a stream that ended by itself: no socket is left
    running.watch._opened(ended)  # noqa: SLF001 - as its thread does
    running.watch.stop()
    assert running.history.broken is None


@pytest.mark.parametrize("end", [OSError(errno.EBADF, "Bad file descriptor"), TypeError("None is not callable")])
def test_stops_while_a_stream_ends(end: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its socket is closed by then, or its connection let go of."""

    def shutdown() -> None:
        raise end

    ending = urllib3.HTTPResponse(body=b"")
    monkeypatch.setattr(ending, "shutdown", shutdown)
    running = Running().start(page("5"))
    running.watch._opened(ending)  # noqa: SLF001 - as its thread does
    running.watch.stop()
    assert running.history.broken is None
