"""What a report says, as the verdict of a run: so that all that is told of a run can be told of its report."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_csi_snapshot.gating import Judgement, of_report
from pytest_csi_snapshot.gating.telling import exit_lines, gate_lines
from pytest_csi_snapshot.gating.terms import Terms
from pytest_csi_snapshot.outcomes import ClauseResult, Failure, Outcome
from pytest_csi_snapshot.report.model import Report, ReportedClause, ReportedFailure
from pytest_csi_snapshot.reporting import summary
from pytest_csi_snapshot.requirements import OWNERS, Catalogue, Clause
from pytest_csi_snapshot.verdict import TestResult, Verdict


def verdict_of(report: Report) -> Verdict:
    """The verdict, from the clauses and tests of a report."""
    own = [test for test in report.tests if not test.results and test.pytest in ("failed", "error")]
    trouble = [test for test in own if test.clauses or test.pytest == "error"]
    return Verdict(
        Catalogue(tuple(_clause(clause) for clause in report.clauses)),
        list(_results(report)),
        selected=bool(report.run.partial or report.missing),
        trouble=len(trouble),
        other_failures=len(own) - len(trouble),
    )


def judged_again(report: Report, terms: Terms) -> Judgement:
    """What a pipeline makes of a report, by these terms."""
    return terms.judge(of_report(report))


def told_again(report: Report, judgement: Judgement, terms: Terms) -> Iterator[str]:
    """That in lines: what was waived and compared, the result, the exit code with its reasons."""
    yield from (line for line, _ in gate_lines(judgement, terms.baseline))
    yield f"Result: {summary.result_in_words(verdict_of(report), waived=len(judgement.waived))}"
    yield from exit_lines(judgement)


def _clause(told: ReportedClause) -> Clause:
    return Clause(
        told.id, told.level, told.basis, told.owners, told.sentence, told.needs, told.source, told.area, unseen=""
    )


def _results(report: Report) -> Iterator[TestResult]:
    failures = {(clause.id, each.test): each for clause in report.clauses for each in clause.failures}
    for test in report.tests:
        for each in test.results:
            if each.outcome == "not run":
                continue
            told = failures.get((each.clause, test.id))
            failure = _failure(each.clause, told) if told else None
            outcome = Outcome(each.outcome)
            yield TestResult(
                test.id, ClauseResult(each.clause, outcome, each.reason, failure, each.seen_on, each.excuse)
            )


def _failure(clause: str, told: ReportedFailure) -> Failure:
    short = {name: owner for owner, name in OWNERS.items()}
    blame = ", ".join(short.get(blamed.component, blamed.component) for blamed in told.blamed)
    return Failure(
        clause,
        told.expected,
        told.observed,
        told.at,
        told.wall,
        told.about,
        told.hint,
        blame,
        told.timeline,
    )
