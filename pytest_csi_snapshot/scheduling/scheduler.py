"""A scheduler of xdist: it hands the longest tests out first, and those that run alone when all others are out.

Takes the place of ``--dist=load``, which gives each worker a stretch of the collection. What a worker collects
and in which order is the same as ever. The methods are those of xdist.scheduler.protocol.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pytest_csi_snapshot.scheduling.line import Line
from pytest_csi_snapshot.scheduling.units import Unit, units_of

AHEAD = 1.0
"""Seconds of work that a worker has before it beyond the test that it runs: the process that hands tests out may
be busy with the report for as long. Above 0, for xdist begins no test without knowing the next."""


class Worker(Protocol):
    """What xdist calls a node."""

    def __hash__(self) -> int: ...

    @property
    def shutting_down(self) -> bool:
        """It has been told that there is nothing more."""

    def send_runtest_some(self, indices: Sequence[int]) -> None:
        """Have it run these tests, by their places in the collection."""

    def shutdown(self) -> None:
        """Tell it that there is nothing more."""


@dataclass(frozen=True)
class Knowledge:
    """What is known of a collection. ``seconds`` of each test in its order; ``alone`` are ids."""

    seconds: Sequence[float]
    source_of: Callable[[str], str]
    alone: frozenset[str]


class LongestFirst:
    """``know`` is asked once, when all workers have collected the same tests.

    ``plain`` is xdist's own scheduler: it knows when all have collected, and how to say that they differ.
    """

    def __init__(self, plain: Any, know: Callable[[Sequence[str]], Knowledge]) -> None:
        self._plain = plain
        self._know = know
        self._collection: list[str] = []
        self._begun = False
        self._known = Knowledge((), lambda _test: "", frozenset())
        self._line = Line([])
        self._has: dict[Worker, list[int]] = {}
        """The tests that a worker has and has not done; it is at the first of them."""
        self._going: dict[Worker, deque[int]] = {}
        """What it does not have yet of the unit that it is in; only of workers that take part."""

    # -- what xdist asks

    @property
    def nodes(self) -> list[Worker]:
        """All workers."""
        return list(self._has)

    @property
    def collection_is_completed(self) -> bool:
        """All of them that there were at first have collected."""
        return bool(self._plain.collection_is_completed)

    @property
    def has_pending(self) -> bool:
        """Some tests are not done."""
        return self._unsent() or any(self._has.values())

    @property
    def tests_finished(self) -> bool:
        """None is left but for those that workers are at."""
        return self._begun and not self._unsent() and all(len(has) < 2 for has in self._has.values())

    # -- what xdist tells

    def add_node(self, node: Worker) -> None:
        """A worker is there."""
        self._plain.add_node(node)
        self._has[node] = []

    def add_node_collection(self, node: Worker, collection: Sequence[str]) -> None:
        """It has collected; one that came later may have found something else, and is left out then."""
        self._plain.add_node_collection(node, collection)

    def schedule(self) -> None:
        """Begin, or have workers that came later take part."""
        if not self._begun and not self._begin():
            return
        for node in self._has:
            if node not in self._going and node in self._plain.node2collection:
                self._going[node] = deque()
                self._line.join(node)
        self._hand_out()

    def mark_test_complete(self, node: Worker, item_index: int, duration: float = 0) -> None:
        """A test has ended; ``duration`` has in it what it waited for its turn."""
        self._has[node].remove(item_index)
        self._line.correct(node, duration - self._known.seconds[item_index])
        self._give(node)

    def mark_test_pending(self, item: str) -> None:
        """Somebody wants a test to run again."""
        self._put_back([self._collection.index(item)])
        self._hand_out()

    def remove_pending_tests_from_node(self, node: Worker, indices: Sequence[int]) -> None:
        """Never told: nothing is taken from a worker that is well."""
        raise NotImplementedError

    def remove_node(self, node: Worker) -> str | None:
        """A worker has ended, or crashed in the test that is returned; what it had besides is for the others."""
        has, going = self._has.pop(node), self._going.pop(node, deque())
        self._plain.remove_node(node)
        crashed = self._collection[has.pop(0)] if has else None
        self._line.leave(node)
        self._put_back([*has, *going])
        self._hand_out()
        return crashed

    # -- how

    def _begin(self) -> bool:
        first, *others = self._plain.node2collection.values()
        if any(each != first for each in others):
            self._plain.schedule()  # tells how they differ, and runs nothing
            return False
        self._begun, self._collection = True, first
        # Whoever comes later is compared with this.
        self._plain.collection = first
        known = self._known = self._know(first)
        self._line = Line(*units_of(first, known.seconds, known.source_of, known.alone, len(self._has)))
        return True

    def _hand_out(self) -> None:
        for node in self._has:
            self._give(node)

    def _give(self, node: Worker) -> None:
        """See to it that a worker has enough before it; one for which nothing is left ends."""
        if node.shutting_down or node not in self._going:
            return
        has = self._has[node]
        while sum(self._known.seconds[test] for test in has[1:]) < AHEAD:
            test = self._next_for(node)
            if test is None:
                node.shutdown()
                return
            has.append(test)
            node.send_runtest_some([test])

    def _next_for(self, node: Worker) -> int | None:
        going = self._going[node]
        if not going and (unit := self._line.next_for(node)):
            going.extend(unit.tests)
        return going.popleft() if going else None

    def _unsent(self) -> bool:
        return bool(self._line) or any(self._going.values())

    def _put_back(self, tests: Sequence[int]) -> None:
        seconds, alone = self._known.seconds, self._known.alone
        last = tuple(test for test in tests if self._collection[test] in alone)
        for test in tests:
            if test not in last:
                self._line.put_back(Unit((test,), seconds[test]))
        if last:
            self._line.put_last(Unit(last, sum(seconds[test] for test in last)))
