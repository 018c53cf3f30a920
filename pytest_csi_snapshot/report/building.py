"""A report from what tests said: pure, and the same text whatever order the tests ended in."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, replace

from pytest_csi_snapshot.outcomes import SEVERITY, ClauseResult, Outcome, worst
from pytest_csi_snapshot.report.model import (
    OUTCOMES,
    Blamed,
    OutcomeWord,
    ReportedClause,
    ReportedFailure,
    ReportedResult,
    ReportedTest,
    Seconds,
)
from pytest_csi_snapshot.reporting.words import blamed_parts
from pytest_csi_snapshot.requirements import LEVELS, Catalogue, Clause

Failures = Mapping[tuple[str, str], ReportedFailure]
"""(clause, test) -> how the one was not kept in the other."""

NOT_RUN: OutcomeWord = "not run"


def blank_clauses(catalogue: Catalogue) -> list[ReportedClause]:
    """The clauses before any test; why those are not run that cannot be seen from outside."""
    return [
        ReportedClause(
            id=clause.id,
            area=clause.area,
            level=clause.level,
            basis=clause.basis,
            owners=clause.owners,
            sentence=clause.sentence,
            source=clause.source,
            needs=clause.needs,
            outcome=NOT_RUN,
            reason=clause.unseen,
        )
        for clause in catalogue.clauses
    ]


def reported_failure(
    nodeid: str, result: ClauseResult, clause: Clause, *, versions: str, rerun: str, evidence: str
) -> ReportedFailure | None:
    """How a test found a clause broken; None where it did not."""
    failure = result.failure
    if failure is None:
        return None
    return ReportedFailure(
        nodeid,
        failure.expected,
        failure.observed,
        failure.at,
        failure.wall,
        failure.about,
        failure.hint,
        failure.timeline,
        evidence,
        rerun,
        tuple(Blamed(*part) for part in blamed_parts(clause, failure.blame, versions)),
        result.seen_on,
        result.excuse,
    )


def reported_results(results: Iterable[ClauseResult], order: Mapping[str, int]) -> tuple[ReportedResult, ...]:
    """What a test says, in the order of the catalogue."""
    sort = sorted(results, key=lambda each: (order.get(each.clause, len(order)), each.clause))
    return tuple(
        ReportedResult(each.clause, word_of(each.outcome), each.reason, each.excuse, each.seen_on) for each in sort
    )


def with_tests(
    blanks: Sequence[ReportedClause], tests: Sequence[ReportedTest], failures: Failures
) -> tuple[ReportedClause, ...]:
    """The clauses with what the tests say about them. ``tests`` are sorted."""
    speakers: dict[str, list[ReportedTest]] = defaultdict(list)
    for test in tests:
        for clause in dict.fromkeys((*test.clauses, *(result.clause for result in test.results))):
            speakers[clause].append(test)
    return tuple(_with_tests(blank, speakers.get(blank.id, []), failures) for blank in blanks)


def _with_tests(blank: ReportedClause, tests: Sequence[ReportedTest], failures: Failures) -> ReportedClause:
    results = [result for test in tests for result in test.results if result.clause == blank.id]
    found = tuple(failures[blank.id, test.id] for test in tests if (blank.id, test.id) in failures)
    told = replace(
        blank,
        tests=tuple(test.id for test in tests),
        seconds=sum_of(test.seconds for test in tests),
        failures=found,
        blamed=tuple(dict.fromkeys(blamed for failure in found for blamed in failure.blamed)),
    )
    if not results:
        return told
    outcome = worst(Outcome(result.outcome) for result in results)
    deciding = [result for result in results if result.outcome == outcome]
    return replace(
        told,
        outcome=word_of(outcome),
        reason=deciding[0].reason,
        excuse=deciding[0].excuse if all(result.excuse for result in deciding) else "",
        seen_on=deciding[0].seen_on if all(result.seen_on for result in deciding) else "",
    )


def outcome_of(results: Sequence[ReportedResult], word: str) -> tuple[OutcomeWord, str]:
    """What became of a test, with the reason; ``word`` is pytest's, which counts where the test judges nothing."""
    if results:
        first = max(results, key=lambda each: SEVERITY[Outcome(each.outcome)])
        return first.outcome, first.reason
    words: Mapping[str, OutcomeWord] = {
        "passed": "passed",
        "failed": "failed",
        "error": "errored",
        "skipped": "skipped",
        "xfailed": "skipped",
    }
    return words.get(word, NOT_RUN), ""


def counts_of(clauses: Iterable[ReportedClause]) -> dict[str, dict[str, int]]:
    """Level -> outcome -> number of clauses."""
    counted = Counter((clause.level, clause.outcome) for clause in clauses)
    return {level: {word: counted[level, word] for word in OUTCOMES} for level in LEVELS}


def word_of(outcome: Outcome) -> OutcomeWord:
    """An outcome as the report writes it."""
    return outcome.value


def sum_of(parts: Iterable[Seconds]) -> Seconds:
    """All of it."""
    rows = [astuple(each) for each in parts]
    return Seconds(*(round(sum(column), 3) for column in zip(*rows, strict=True))) if rows else Seconds()
