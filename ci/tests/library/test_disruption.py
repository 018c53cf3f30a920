"""Tests that end controllers, and runs that begin: whichever way they meet, one of them sees the other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from pytest_csi_snapshot import disruption
from pytest_csi_snapshot.disruption import announced, await_controllers, ends_controllers, other_runs
from pytest_csi_snapshot.exclusive import NAME, TakenError, exclusive, take
from pytest_csi_snapshot.kube.kinds import LEASE, Kind
from pytest_csi_snapshot.labels import COMMON_NAMESPACE
from pytest_csi_snapshot.leases import DURATION

from .api import MemoryApi
from .objects import Json, Recorded
from .runs import NOW, Clock, appear, of_run

LATER = timedelta(seconds=DURATION + 1)
LAST, AGAIN = "abcd", "dcba"
"""The run of the last shard, and that of one that is run again."""

STEPS = 4
"""Before, between and after the requests of ``announced``: it looks, announces, and looks again."""


class Watched(MemoryApi):
    """Tells the number of each look and change of the last shard just before it is made."""

    def __init__(self) -> None:
        super().__init__(Recorded())
        self.before: Callable[[int], None] = lambda _step: None
        self.steps = 0

    def step(self) -> None:
        """Another request."""
        self.steps += 1
        self.before(self.steps)

    def list(self, kind: Kind, namespace: str | None = None, **query: Any) -> list[Json]:
        self.step()
        return super().list(kind, namespace, **query)

    def patch(self, kind: Kind, namespace: str | None, name: str, body: Any, **options: Any) -> Json:
        self.step()
        return super().patch(kind, namespace, name, body, **options)


@pytest.fixture
def api() -> Watched:
    return Watched()


def begins(api: MemoryApi) -> bool:
    """Whether the run that is begun again goes on at once."""
    try:
        await_controllers(of_run(api, AGAIN), Clock(), pytest.fail, within=0)
    except TakenError:
        return False
    return True


def test_a_run_is_another_one_while_its_lease_is_good(api: Watched) -> None:
    for run in (LAST, AGAIN):
        appear(api, run)
    assert other_runs(of_run(api, LAST), NOW) == [AGAIN]
    assert other_runs(of_run(api, LAST), NOW + LATER) == []


@pytest.mark.parametrize(
    ("appears", "looks"),
    [(first, then) for first in range(1, STEPS + 1) for then in range(first, STEPS + 1)],
)
def test_controllers_are_not_ended_under_a_run_that_begins(api: Watched, appears: int, looks: int) -> None:
    """A shard that is run again appears before one request of the last shard, and looks before that or a later."""
    went_on: list[bool] = []

    def before(step: int) -> None:
        if step == appears:
            appear(api, AGAIN)
        if step == looks:
            went_on.append(begins(api))

    appear(api, LAST)
    with exclusive(of_run(api, LAST), Clock()):
        api.before = before
        others = announced(of_run(api, LAST), Clock(), within=0)
        for step in range(api.steps + 1, STEPS + 1):
            before(step)
        ends = others == []
        assert not (ends and went_on[0])
        assert begins(api) is not ends, "whoever did not go on has to wait, and nobody else"
    assert begins(api)


def test_it_is_announced_as_soon_as_the_others_are_over(api: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disruption, "_PAUSE", lambda _call: 0.0)
    for run in (LAST, AGAIN):
        appear(api, run)
    clock = Clock()

    def end(step: int) -> None:
        assert not ends_controllers(api.get(LEASE, COMMON_NAMESPACE, NAME))
        if step == 2:
            clock.time += LATER
            api.before = lambda _step: None

    with exclusive(of_run(api, LAST), clock):
        api.before = end
        assert announced(of_run(api, LAST), clock, within=60) == []


def test_a_run_waits_until_the_controllers_are_left_alone(api: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    held = exclusive(of_run(api, LAST), Clock())
    held.__enter__()
    assert announced(of_run(api, LAST), Clock(), within=0) == []
    told: list[str] = []

    def pause(_call: object) -> float:
        if len(told) == 1:
            held.__exit__(None, None, None)
        return 0.0

    monkeypatch.setattr(disruption, "_PAUSE", pause)
    await_controllers(of_run(api, AGAIN), Clock(), told.append)
    assert len(told) == 1
    assert told[0].endswith("ends controllers of the cluster")


def test_a_test_that_was_killed_keeps_nobody_waiting(api: Watched) -> None:
    take(of_run(api, LAST), Clock())
    assert announced(of_run(api, LAST), Clock(), within=0) == []
    assert not begins(api)
    clock = Clock()
    clock.time += LATER
    await_controllers(of_run(api, AGAIN), clock, pytest.fail, within=0)
    assert not ends_controllers(take(of_run(api, AGAIN), clock)), "who takes the Lease has not announced anything"
