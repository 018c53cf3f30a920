"""The queue of keys: once each, one worker at a time, back-off and nudges."""

from __future__ import annotations

import threading

import pytest

from pytest_csi_snapshot.reference_impl.controllers.work.loop import Loop, StoppingError, SyncError
from pytest_csi_snapshot.reference_impl.controllers.work.queue import Backoff, WorkQueue


class Clock:
    """Monotonic seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(clock: Clock) -> WorkQueue:
    return WorkQueue(Backoff(1.0, 300.0), clock)


def taken(queue: WorkQueue) -> list[str]:
    """All keys that are handed out now, each finished at once."""
    keys = []
    # A look at the queue lets due keys in behind the first mark: the second mark comes after them.
    for mark in ("first mark", "second mark"):
        queue.add(mark)
        while (key := queue.get()) != mark:
            assert key is not None
            keys.append(key)
            queue.done(key)
        queue.done(mark)
    return keys


def test_a_key_added_twice_is_handed_out_once(queue: WorkQueue) -> None:
    queue.add("a")
    queue.add("b")
    queue.add("a")
    assert taken(queue) == ["a", "b"]


def test_a_key_added_while_in_work_comes_again_after_it(queue: WorkQueue) -> None:
    queue.add("a")
    assert queue.get() == "a"
    queue.add("a")
    assert taken(queue) == []
    queue.done("a")
    assert taken(queue) == ["a"]


def test_backoff_doubles_from_one_second_to_five_minutes_and_starts_anew_after_success() -> None:
    backoff = Backoff(1.0, 300.0)
    assert [backoff.next("a") for _ in range(10)] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]
    assert backoff.next("b") == 1
    backoff.forget("a")
    assert backoff.next("a") == 1


def test_backoff_of_a_hopeless_key_does_not_overflow() -> None:
    backoff = Backoff(1.0, 300.0)
    assert {backoff.next("a") for _ in range(5000)} >= {300.0}


def test_a_failed_key_waits_for_its_backoff(queue: WorkQueue, clock: Clock) -> None:
    assert queue.retry("a") == 1
    clock.now += 0.9
    assert taken(queue) == []
    clock.now += 0.2
    assert taken(queue) == ["a"]


def test_an_ordinary_add_does_not_wait_and_is_not_followed_by_the_old_pause(
    queue: WorkQueue, clock: Clock
) -> None:
    queue.retry("a")
    queue.add("a")
    assert taken(queue) == ["a"]
    clock.now += 10
    assert taken(queue) == []


def test_a_nudge_does_not_shorten_the_next_backoff(queue: WorkQueue) -> None:
    assert queue.retry("a") == 1
    queue.add("a")
    assert taken(queue) == ["a"]
    assert queue.retry("a") == 2


def test_of_two_pauses_the_earlier_counts(queue: WorkQueue, clock: Clock) -> None:
    queue.add_after("a", 50)
    queue.add_after("a", 5)
    queue.add_after("a", 20)
    clock.now += 6
    assert taken(queue) == ["a"]
    clock.now += 100
    assert taken(queue) == []


def test_a_closed_queue_ends_its_workers(queue: WorkQueue) -> None:
    seen: list[str | None] = []
    worker = threading.Thread(target=lambda: seen.append(queue.get()))
    worker.start()
    queue.close()
    worker.join()
    assert seen == [None]


def test_waiting_for_idle_tells_whether_work_is_left(queue: WorkQueue) -> None:
    queue.add("a")
    queue.get()
    assert not queue.wait_idle(0)
    queue.done("a")
    assert queue.wait_idle(0)


@pytest.mark.parametrize(
    ("failure", "pauses"),
    [
        pytest.param(SyncError("not yet"), [1, 2], id="expected failure"),
        pytest.param(SyncError("never soon", after=300), [300, 300], id="failure with a pause of its own"),
        pytest.param(ZeroDivisionError("defect"), [1, 2], id="defect of the sync"),
    ],
)
def test_a_loop_brings_a_failed_key_back(failure: Exception, pauses: list[float]) -> None:
    def sync(_key: str) -> None:
        raise failure

    asked: list[float] = []
    loop = Loop("test", sync, Backoff(1.0, 300.0), workers=1)
    loop.queue.add_after = lambda key, seconds: asked.append(seconds)  # type: ignore[method-assign]
    loop.process("a")
    loop.process("a")
    assert asked == pauses


def test_work_broken_off_by_the_end_of_the_process_is_no_failure() -> None:
    def sync(_key: str) -> None:
        raise StoppingError

    asked: list[float] = []
    loop = Loop("test", sync, Backoff(1.0, 300.0), workers=1)
    loop.queue.add_after = lambda key, seconds: asked.append(seconds)  # type: ignore[method-assign]
    loop.process("a")
    assert asked == []


def test_a_loop_forgets_failures_after_success() -> None:
    failures = iter([SyncError("once"), None, SyncError("again")])

    def sync(_key: str) -> None:
        if failure := next(failures):
            raise failure

    asked: list[float] = []
    loop = Loop("test", sync, Backoff(1.0, 300.0), workers=1)
    loop.queue.add_after = lambda key, seconds: asked.append(seconds)  # type: ignore[method-assign]
    for _ in range(3):
        loop.process("a")
    assert asked == [1, 1]


def test_a_process_whose_term_is_over_leaves_keys_alone() -> None:
    worked: list[str] = []
    loop = Loop("l", worked.append, Backoff(1, 1), workers=1)
    loop.entitled = lambda: False
    loop.process("k")
    assert worked == []
    loop.entitled = lambda: True
    loop.process("k")
    assert worked == ["k"]
