"""Leases: what a run holds, who waits for whom, and what is said of one that was lost."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from pytest_csi_snapshot import leases
from pytest_csi_snapshot.exclusive import NAME, LostError, TakenError, exclusive, remove_common_namespace, take
from pytest_csi_snapshot.kube.kinds import LEASE, NAMESPACE
from pytest_csi_snapshot.labels import COMMON_NAMESPACE, RUN
from pytest_csi_snapshot.leases import DURATION, Renewing, expires, held_from
from pytest_csi_snapshot.presence import home_of, state

from .api import MemoryApi
from .objects import Recorded
from .runs import NOW, Clock, of_run

LATER = timedelta(seconds=DURATION + 1)


@pytest.fixture
def api() -> MemoryApi:
    return MemoryApi(Recorded())


def test_a_lease_is_good_for_its_duration_after_the_last_renewal() -> None:
    assert expires({"spec": held_from(NOW, "me")}) == NOW + timedelta(seconds=DURATION)


def test_a_run_is_alive_while_its_lease_is(api: MemoryApi) -> None:
    home = home_of("abcd")
    assert state(api, "abcd", NOW, None) == (False, "it holds no Lease")
    assert state(api, "abcd", NOW, NOW - timedelta(seconds=5)) == (True, "it has begun just now")
    assert not state(api, "abcd", NOW, NOW - LATER)[0]
    lease = {"metadata": {"name": "run", "namespace": home}, "spec": held_from(NOW, "host 1")}
    of_run(api, "abcd").create(LEASE, lease)
    assert state(api, "abcd", NOW, None) == (True, "the Lease of host 1 is renewed, and good for another 60 s")
    assert state(api, "abcd", NOW + LATER, None) == (False, "the Lease of host 1 expired 1 s ago")


def test_two_runs_do_not_run_tests_alone_at_the_same_time(api: MemoryApi) -> None:
    clock, one, other = Clock(), of_run(api, "abcd"), of_run(api, "dcba")
    with exclusive(one, clock):
        with pytest.raises(TakenError, match="runs a test alone"), exclusive(other, clock, within=0):
            pytest.fail("both hold it")
        assert "runs a test alone" in remove_common_namespace(other, clock)
    with exclusive(other, clock, within=0):
        assert api.find(LEASE, COMMON_NAMESPACE, NAME)
    assert remove_common_namespace(one, clock) == ""
    assert [kind for kind, _, _ in api.objects if kind == NAMESPACE] == []


def test_the_lease_of_a_killed_run_can_be_taken(api: MemoryApi) -> None:
    clock = Clock()
    take(of_run(api, "abcd"), clock)
    clock.time += LATER
    taken = take(of_run(api, "dcba"), clock)
    assert expires(taken) > clock.now()


def test_what_all_runs_share_belongs_to_none(api: MemoryApi) -> None:
    take(of_run(api, "abcd"), Clock())
    assert all(RUN not in body["metadata"]["labels"] for body in api.objects.values())


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "RENEWAL", 0.0)


@pytest.mark.usefixtures("quick")
def test_a_lease_is_renewed_until_it_is_let_go(api: MemoryApi) -> None:
    renewed, clock, home = threading.Event(), Clock(), home_of("abcd")
    owned = of_run(api, "abcd")
    owned.create(LEASE, {"metadata": {"name": "run", "namespace": home}, "spec": held_from(NOW, "me")})
    lost: list[str] = []

    def look() -> None:
        if expires(api.get(LEASE, home, "run")) > NOW + LATER:
            renewed.set()

    api.on_patch = look
    renewing = Renewing(owned, home, "run", clock, lost.append)
    renewing.start()
    clock.time += LATER
    assert renewed.wait(10)
    renewing.stop()
    assert lost == []


@pytest.mark.usefixtures("quick")
def test_a_lost_lease_is_told_once(api: MemoryApi) -> None:
    told = threading.Event()
    lost: list[str] = []

    def tell(why: str) -> None:
        lost.append(why)
        told.set()

    renewing = Renewing(of_run(api, "abcd"), home_of("abcd"), "run", Clock(), tell)
    renewing.start()
    assert told.wait(10)
    renewing.stop()
    assert len(lost) == 1
    assert "the Lease csi-abcd-lease/run is lost" in lost[0]


@pytest.mark.usefixtures("quick")
def test_a_test_that_was_not_alone_any_more_says_so(api: MemoryApi) -> None:
    held = exclusive(of_run(api, "abcd"), Clock())
    api.on_patch = lambda: api.objects.pop((LEASE, COMMON_NAMESPACE, NAME), None)  # right after a renewal
    held.__enter__()
    for thread in threading.enumerate():
        if thread.name == f"lease {COMMON_NAMESPACE}/{NAME}":
            thread.join(10)  # it ends when it finds the Lease gone
    with pytest.raises(LostError, match="is lost"):
        held.__exit__(None, None, None)
