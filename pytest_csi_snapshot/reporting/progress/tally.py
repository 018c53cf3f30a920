"""Counts what of a run is done. Pure; a clause is done when the last of its tests is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain


class Tally:
    """``plan`` maps the tests that will run to their clauses; {} until it is known."""

    def __init__(self) -> None:
        self._plan: Mapping[str, tuple[str, ...]] = {}
        self._open: dict[str, int] = {}
        self.tests_done: dict[str, float] = {}
        """Test -> the seconds that it took."""
        self.clauses = 0
        self.clauses_done = 0
        self.failed: set[str] = set()
        """Clauses that failed, and not as it is known of what is tested."""
        self.deviating: set[str] = set()
        """Clauses that failed as it is known; one may be among those that failed, too."""
        self.errored: set[str] = set()
        """Clauses that could not be judged; the id of a test that is about none and failed."""

    def plan(self, plan: Mapping[str, Iterable[str]]) -> None:
        """Learn what will run, once."""
        if self._plan:
            return
        self._plan = {test: tuple(clauses) for test, clauses in plan.items()}
        for clause in chain.from_iterable(self._plan.values()):
            self._open[clause] = self._open.get(clause, 0) + 1
        self.clauses = len(self._open)

    def failure(self, clause: str, *, known: bool) -> None:
        """A clause failed; ``known``: as it is known of what is tested."""
        (self.deviating if known else self.failed).add(clause)

    @property
    def tests(self) -> int:
        """How many tests will run; 0 until it is known."""
        return len(self._plan)

    @property
    def waiting(self) -> list[str]:
        """The tests that have not ended."""
        return [test for test in self._plan if test not in self.tests_done]

    @property
    def share(self) -> float:
        """How much is done, from 0 to 1."""
        done, of = (self.clauses_done, self.clauses) if self.clauses else (len(self.tests_done), self.tests)
        return done / of if of else 0.0

    def ended(self, test: str, seconds: float) -> None:
        """A test is over. One that is run again counts once."""
        if test in self.tests_done:
            return
        self.tests_done[test] = seconds
        for clause in self._plan.get(test, ()):
            self._open[clause] -= 1
            self.clauses_done += not self._open[clause]
