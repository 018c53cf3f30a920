"""Leader election: one at a time, names, take-over, release."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_csi_snapshot.reference_impl.controllers.kube import leader
from pytest_csi_snapshot.reference_impl.controllers.kube.errors import ApiUnreachableError
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


def test_a_silent_leader_is_replaced_when_its_term_ends() -> None:
    kube = FakeKube()
    assert elector(kube, "a").acquire()
    held = kube.peek(LEASE, "ns/the-lease")
    assert held is not None
    kube.replace(LEASE, {**held, "spec": {**held["spec"], "leaseDurationSeconds": 0.05}})
    # Nothing more is ever said in the watch: the candidate's own count has to end the wait.
    assert elector(kube, "b").acquire()
    assert spec(kube)["holderIdentity"] == "b"


def test_a_candidate_counts_anew_from_each_renewal() -> None:
    kube = FakeKube()
    holder, rival = elector(kube, "a"), elector(kube, "b")
    assert holder.acquire()
    watched = threading.Event()
    watch = kube.watch

    def telling(*args: Any, **query: Any) -> Any:
        watched.set()
        return watch(*args, **query)

    kube.watch = telling  # type: ignore[method-assign]
    waiting = threading.Thread(target=rival.acquire)
    waiting.start()
    assert watched.wait(10)
    first = rival._seen  # noqa: SLF001 - the candidate's memory is what is tested
    watched.clear()
    assert holder._try()  # noqa: SLF001 - one renewal
    assert watched.wait(10)
    assert rival._seen is not first  # noqa: SLF001
    rival.stop()
    waiting.join(10)
    assert spec(kube)["holderIdentity"] == "a"


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


def test_a_leader_that_cannot_renew_stops_before_its_term_ends() -> None:
    kube = FakeKube()
    mine = elector(kube, "a", Terms(lease=1000, renew=0.02, retry=0.01))
    assert mine.acquire()
    assert mine.leads

    def refuse(*_args: Any, **_options: Any) -> Any:
        raise ApiUnreachableError("no answer")

    kube.replace = refuse  # type: ignore[method-assign]
    lost = threading.Event()
    mine.hold(lost.set)
    assert lost.is_set()
    assert not mine.leads


def test_a_leader_whose_lease_changed_hands_meanwhile_does_not_lead_again() -> None:
    kube = FakeKube()
    mine, rival = elector(kube, "a", Terms(lease=1000, renew=900, retry=0.01)), elector(kube, "b")
    assert mine.acquire()
    held = kube.peek(LEASE, "ns/the-lease")
    assert held is not None
    kube.replace(LEASE, {**held, "spec": {**held["spec"], "holderIdentity": ""}})
    assert rival.acquire()
    rival.release()
    lost = threading.Event()
    mine.hold(lost.set)
    assert lost.is_set()


def test_a_leader_whose_lease_was_touched_by_somebody_stays_leader() -> None:
    kube = FakeKube()
    mine = elector(kube, "a")
    assert mine.acquire()
    held = kube.peek(LEASE, "ns/the-lease")
    assert held is not None
    kube.replace(LEASE, {**held, "metadata": {**held["metadata"], "labels": {"seen": "by-me"}}})
    assert mine._try()  # noqa: SLF001 - one renewal
    assert spec(kube)["leaseTransitions"] == 0


def test_a_leader_that_overslept_its_term_knows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(leader, "time", SimpleNamespace(monotonic=lambda: now[0]))
    mine = elector(FakeKube(), "a", Terms())
    assert mine.acquire()
    now[0] += 14.9
    assert mine.leads
    now[0] += 0.2
    assert not mine.leads


def test_the_term_counts_from_before_the_renewal_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    kube, now = FakeKube(), [1000.0]
    monkeypatch.setattr(leader, "time", SimpleNamespace(monotonic=lambda: now[0]))
    create = kube.create

    def slow(*args: Any) -> Any:
        now[0] += 4
        return create(*args)

    monkeypatch.setattr(kube, "create", slow)
    mine = elector(kube, "a", Terms())
    assert mine.acquire()
    now[0] += 11.5
    assert not mine.leads


def test_a_release_is_not_overtaken_by_a_renewal() -> None:
    kube = FakeKube()
    mine = elector(kube, "a")
    assert mine.acquire()
    replace, renewing, go_on = kube.replace, threading.Event(), threading.Event()

    def slow(*args: Any, **options: Any) -> Any:
        renewing.set()
        assert go_on.wait(10)
        return replace(*args, **options)

    kube.replace = slow  # type: ignore[method-assign]
    renewal = threading.Thread(target=mine._try)  # noqa: SLF001 - as the thread that holds the lease does
    renewal.start()
    assert renewing.wait(10)
    mine.stop()
    end = threading.Thread(target=mine.release)
    end.start()
    go_on.set()
    renewal.join(10)
    end.join(10)
    assert spec(kube)["holderIdentity"] == ""
    assert not mine._try()  # noqa: SLF001
    assert spec(kube)["holderIdentity"] == ""


def test_a_term_is_never_shorter_for_others_than_for_its_leader() -> None:
    kube = FakeKube()
    assert elector(kube, "a", Terms(lease=2.5, renew=2, retry=1)).acquire()
    assert spec(kube)["leaseDurationSeconds"] == 3


@pytest.mark.parametrize(("lease", "renew", "retry"), [(10, 10, 5), (15, 5, 5), (15, 10, 0)])
def test_impossible_terms_are_refused(lease: float, renew: float, retry: float) -> None:
    with pytest.raises(ValueError, match="lease duration > renew deadline > retry period"):
        Terms(lease, renew, retry)


@pytest.mark.parametrize(
    ("text", "name"),
    [("driver.longhorn.io", "driver-longhorn-io"), ("a_b.c/d", "a-b-c-d"), ("plain-1", "plain-1")],
)
def test_lease_names_keep_alphanumerics_only(text: str, name: str) -> None:
    assert lease_name(text) == name
