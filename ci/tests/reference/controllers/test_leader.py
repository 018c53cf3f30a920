"""Leader election: one at a time, names, take-over, release."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from pytest_csi_snapshot.reference_impl.controllers.kube.kinds import LEASE
from pytest_csi_snapshot.reference_impl.controllers.kube.leader import Elector, Terms, lease_name

from .fake_kube import FakeKube

LONG = Terms(lease=1000, renew=900, retry=500)


def elector(kube: FakeKube, identity: str, terms: Terms = LONG) -> Elector:
    return Elector(kube, "ns", "the-lease", identity, terms)  # type: ignore[arg-type]


def spec(kube: FakeKube) -> dict[str, Any]:
    lease = kube.peek(LEASE, "ns/the-lease")
    assert lease is not None
    return dict(lease["spec"])


def test_the_first_candidate_makes_the_lease() -> None:
    kube = FakeKube()
    assert elector(kube, "a", Terms()).acquire()
    held = spec(kube)
    assert (held["holderIdentity"], held["leaseDurationSeconds"], held["leaseTransitions"]) == ("a", 15, 0)
    assert held["renewTime"] == held["acquireTime"]


def test_a_second_candidate_waits_and_takes_over_on_release() -> None:
    kube = FakeKube()
    first, second = elector(kube, "a"), elector(kube, "b")
    assert first.acquire()
    won: list[bool] = []
    waiting = threading.Thread(target=lambda: won.append(second.acquire()))
    waiting.start()
    assert won == []
    first.release()
    waiting.join(10)
    assert won == [True]
    assert (spec(kube)["holderIdentity"], spec(kube)["leaseTransitions"]) == ("b", 1)


def test_a_silent_leader_is_replaced_after_its_term() -> None:
    kube = FakeKube()
    assert elector(kube, "a", Terms(lease=1, renew=1, retry=1)).acquire()
    rival = elector(kube, "b")
    held = kube.peek(LEASE, "ns/the-lease")
    assert held is not None
    kube.replace(LEASE, {**held, "spec": {**held["spec"], "leaseDurationSeconds": 0.01}})

    def no_watch(*_args: Any, **_query: Any) -> list[Any]:
        return []  # the server ends the watch at its timeout; nothing had changed

    kube.watch = no_watch  # type: ignore[method-assign, assignment]
    assert rival.acquire()


def test_a_restarted_process_of_the_same_name_need_not_wait() -> None:
    kube = FakeKube()
    assert elector(kube, "pod-1").acquire()
    assert elector(kube, "pod-1").acquire()
    assert spec(kube)["leaseTransitions"] == 0


def test_stopping_ends_the_wait() -> None:
    kube = FakeKube()
    assert elector(kube, "a").acquire()
    rival = elector(kube, "b")
    answers: list[bool] = []
    waiting = threading.Thread(target=lambda: answers.append(rival.acquire()))
    waiting.start()
    rival.stop()
    waiting.join(10)
    assert answers == [False]


def test_a_stolen_lease_is_reported_as_lost() -> None:
    kube = FakeKube()
    mine = elector(kube, "a", Terms(lease=1000, renew=900, retry=0.01))
    assert mine.acquire()
    held = kube.peek(LEASE, "ns/the-lease")
    assert held is not None
    kube.replace(LEASE, {**held, "spec": {**held["spec"], "holderIdentity": "thief"}})
    lost = threading.Event()
    mine.hold(lost.set)
    assert lost.is_set()


@pytest.mark.parametrize(
    ("text", "name"),
    [("driver.longhorn.io", "driver-longhorn-io"), ("a_b.c/d", "a-b-c-d"), ("plain-1", "plain-1")],
)
def test_lease_names_keep_alphanumerics_only(text: str, name: str) -> None:
    assert lease_name(text) == name
