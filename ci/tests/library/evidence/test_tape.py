"""What is noted on the tape by those who wait: waits, requests, calls of the driver."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pytest_csi_snapshot.conditions import READY
from pytest_csi_snapshot.evidence.tape import Tape
from pytest_csi_snapshot.history import History, Version
from pytest_csi_snapshot.waiting import WaitTimeout, wait_for

from ..objects import SNAPSHOT, Recorded, snapshot


def ready_in(history: History, within: float = 30.0) -> Version:
    def probe() -> Version | None:
        latest = history.latest("uid-s")
        return latest if latest and READY.holds(latest.object) else None

    told: Any = {"clause": "SNAP-DYN-004", "awaited": READY.text, "about": "VolumeSnapshot ns/s", "lane": "uid-s"}
    return wait_for(history, probe, **told, within=within, observed=list)


def test_a_wait_is_noted_with_what_ended_it(tape: Tape) -> None:
    history = History()
    coming = threading.Timer(0.05, history.record, (SNAPSHOT, "MODIFIED", snapshot(readyToUse=True)))
    coming.start()
    found = ready_in(history)
    (wait,) = tape.waits
    assert (wait.history, wait.lane, wait.came) == (history, "uid-s", True)
    assert wait.decided == found.at
    assert wait.began < wait.decided <= wait.ended


def test_what_had_come_before_is_no_wait(tape: Tape) -> None:
    history = Recorded().told(SNAPSHOT, snapshot(readyToUse=True))
    history.now = 9.0
    ready_in(history)
    (wait,) = tape.waits
    assert (wait.began, wait.decided, wait.ended) == (9.0, 9.0, 9.0)


def test_a_wait_in_vain_is_noted_too(tape: Tape) -> None:
    with pytest.raises(WaitTimeout):
        ready_in(Recorded(), within=0)
    assert [wait.came for wait in tape.waits] == [False]


def test_listeners_surround_a_wait(tape: Tape, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[object] = []

    @contextmanager
    def listen(about: str, awaited: str, within: float) -> Iterator[None]:
        heard.append((about, awaited, within))
        yield
        heard.append("over")

    monkeypatch.setattr(tape, "_wait_listeners", [])
    tape.on_wait(listen)
    ready_in(Recorded().told(SNAPSHOT, snapshot(readyToUse=True)))
    assert heard == [("VolumeSnapshot ns/s", READY.text, 30.0), "over"]


def test_only_what_the_test_itself_asks_is_its_time(tape: Tape) -> None:
    tape.asked(tape.began)
    beside = threading.Thread(target=tape.asked, args=(tape.began,))
    beside.start()
    beside.join()
    assert [span.by for span in tape.spans] == ["cluster"]


def test_time_that_somebody_else_takes_is_theirs_even_where_it_ends_badly(tape: Tape) -> None:
    with pytest.raises(ValueError), tape.time_of("driver"):
        raise ValueError
    assert [span.by for span in tape.spans] == ["driver"]
