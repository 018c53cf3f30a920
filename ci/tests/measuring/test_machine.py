"""Telling whether others are at work, from what the kernel counts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from bench import machine
from bench.machine import Surroundings, Watcher

TICK = os.sysconf("SC_CLK_TCK")


class Clock:
    """A machine of as many processors as this one, of which ``busy`` are never idle."""

    def __init__(self, stat: Path, busy: float) -> None:
        self.now, self._stat, self.busy = 0.0, stat, busy
        self._used = 0.0
        self.go(0.0)

    def go(self, seconds: float) -> None:
        self.now += seconds
        self._used += seconds * self.busy
        self._stat.write_text(f"cpu  {int(self._used * TICK)} 0 0 999999 0 0 0 0 0 0\ncpu0 1 1 1\n")

    def monotonic(self) -> float:
        return self.now


def test_shares_are_those_before_and_those_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    processors = os.cpu_count() or 1
    clock = Clock(tmp_path / "stat", busy=0.5 * processors)
    monkeypatch.setattr("bench.machine.time.monotonic", clock.monotonic)
    monkeypatch.setattr("bench.machine.time.sleep", clock.go)
    monkeypatch.setattr(machine, "_own", lambda: 0.25 * processors * clock.now)
    watcher = Watcher(tmp_path / "stat")
    clock.go(10.0)
    seen = watcher.seen()
    assert seen.before == pytest.approx(0.5, abs=0.02)
    assert seen.during == pytest.approx(0.25, abs=0.02)  # half of what was busy was ours
    assert seen.loaded


def test_a_machine_is_loaded_by_what_others_did_before() -> None:
    assert not Surroundings(0.1, 0.9, 0.0, 0.0).loaded
    assert Surroundings(0.2, 0.0, 0.0, 0.0).loaded
