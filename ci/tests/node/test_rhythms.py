"""Back-off, and the thresholds of probes."""

from __future__ import annotations

import threading

import pytest

from pytest_csi_snapshot.fixtures.node.backoff import Backoff, container_restarts, volume_tries
from pytest_csi_snapshot.fixtures.node.probes import Probe, ProbeFailedError, Tally


def test_a_container_is_restarted_at_once_and_then_ever_later() -> None:
    rhythm = container_restarts()
    assert [rhythm.next() for _ in range(8)] == [0, 10, 20, 40, 80, 160, 300, 300]
    rhythm.reset()
    assert rhythm.next() == 0


def test_a_volume_is_tried_again_within_about_two_minutes() -> None:
    rhythm = volume_tries()
    assert [rhythm.next() for _ in range(10)] == [0.5, 1, 2, 4, 8, 16, 32, 64, 122, 122]


def test_many_tries_do_not_overflow() -> None:
    rhythm = Backoff(first=1, most=5)
    assert [rhythm.next() for _ in range(2000)][-1] == 5


@pytest.mark.parametrize(
    ("results", "crossed"),
    [
        ("+", [True]),
        ("--", [None, None]),
        ("---", [None, None, False]),
        ("--+---", [None, None, True, None, None, False]),
        ("----", [None, None, False, None]),
    ],
)
def test_thresholds(results: str, crossed: list[bool | None]) -> None:
    tally = Tally(success_threshold=1, failure_threshold=3)
    assert [tally.count(result == "+") for result in results] == crossed


def test_a_readiness_probe_is_tried_between_its_periods_and_only_success_counts_then() -> None:
    ready = threading.Event()
    failures: list[str] = []
    tries = iter([False, False, False, True])

    def act(_: float) -> None:
        if not next(tries):
            raise ProbeFailedError("not yet")

    def changed(healthy: bool) -> None:
        assert healthy
        ready.set()

    probe = Probe({"periodSeconds": 3600, "failureThreshold": 2}, act, changed, failures.append, eager=True)
    probe.start()
    assert ready.wait(30)
    probe.stop()
    assert failures == ["not yet"]
