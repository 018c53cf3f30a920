"""The verdict of a run: what several tests say about each clause, added up, and what that makes of the profile.

Pure: from results to counts and a result. What a pipeline makes of it is said by ``gating``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from pytest_csi_snapshot.outcomes import ClauseResult, Outcome, worst
from pytest_csi_snapshot.requirements import Catalogue, Clause


class ProfileResult(StrEnum):
    """What a run says about the driver as a whole."""

    CONFORMANT = "conformant"
    PARTIAL = "partial"
    NOT_CONFORMANT = "not conformant"
    NOTHING_JUDGED = "nothing judged"


@dataclass(frozen=True)
class TestResult:
    """What one test said about one clause, and which test it was."""

    __test__ = False  # not a test class, although its name begins so

    nodeid: str
    result: ClauseResult


@dataclass(frozen=True)
class Verdict:
    """Results over all tests. ``selected`` says that the user asked for a part, or that the run was cut short.

    ``trouble`` counts tests that errored without naming a clause, ``other_failures`` failed tests that carry none.
    """

    catalogue: Catalogue
    results: Sequence[TestResult]
    selected: bool = False
    trouble: int = 0
    other_failures: int = 0

    @cached_property
    def outcomes(self) -> Mapping[str, Outcome]:
        """The outcome of each clause that any test spoke about."""
        by_clause: dict[str, list[Outcome]] = defaultdict(list)
        for each in self.results:
            by_clause[each.result.clause].append(each.result.outcome)
        return {clause: worst(outcomes) for clause, outcomes in by_clause.items()}

    @cached_property
    def charged(self) -> Sequence[TestResult]:
        """The results that have no excuse."""
        return [each for each in self.results if not each.result.excuse]

    @cached_property
    def deviating(self) -> Sequence[str]:
        """The clauses that failed by known deviations alone."""
        failed = {each.result.clause for each in self.charged if each.result.outcome is Outcome.FAILED}
        return [
            clause
            for clause, outcome in self.outcomes.items()
            if outcome is Outcome.FAILED and clause not in failed
        ]

    def _is_must(self, each: TestResult) -> bool:
        clause = self.catalogue.by_id.get(each.result.clause)
        return clause is not None and clause.level == "MUST"

    def count(self, clauses: Iterable[Clause]) -> Counter[Outcome | None]:
        """How many of these clauses have which outcome; None counts those that no test spoke about."""
        return Counter(self.outcomes.get(clause.id) for clause in clauses)

    def of(self, outcome: Outcome) -> list[TestResult]:
        """The results of that outcome, in the order of the catalogue, then of the tests."""
        order = {clause.id: number for number, clause in enumerate(self.catalogue.clauses)}
        found = [each for each in self.results if each.result.outcome is outcome]
        return sorted(found, key=lambda each: order.get(each.result.clause, len(order)))

    @cached_property
    def must(self) -> Counter[Outcome | None]:
        """Counts of the MUST clauses."""
        return self.count(clause for clause in self.catalogue.clauses if clause.level == "MUST")

    @cached_property
    def result(self) -> ProfileResult:
        """Conformant only where every MUST clause was judged, in a run of everything, and nothing is in doubt."""
        judged = self.count(self.catalogue.clauses)
        if not judged[Outcome.PASSED] and not judged[Outcome.FAILED]:
            return ProfileResult.NOTHING_JUDGED
        if any(each.result.outcome is Outcome.FAILED and self._is_must(each) for each in self.charged):
            return ProfileResult.NOT_CONFORMANT
        open_ones = sum(
            self.must[each] for each in (None, Outcome.FAILED, Outcome.UNKNOWN, Outcome.ERRORED, Outcome.SKIPPED)
        )
        whole = not self.selected and not self.trouble and not open_ones
        return ProfileResult.CONFORMANT if whole else ProfileResult.PARTIAL
