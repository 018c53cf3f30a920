"""A verdict as table, groups and sentences; without a terminal, so that other reports can say the same."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from pytest_csi_snapshot.outcomes import Outcome
from pytest_csi_snapshot.reporting.words import PREFLIGHT, counted, enumerated
from pytest_csi_snapshot.requirements import AREAS, LEVELS
from pytest_csi_snapshot.verdict import ProfileResult, TestResult, Verdict

_ORDER: tuple[tuple[Outcome | None, str], ...] = (
    (Outcome.PASSED, "passed"),
    (Outcome.FAILED, "failed"),
    (Outcome.ERRORED, "errored"),
    (Outcome.UNKNOWN, "unknown"),
    (Outcome.SKIPPED, "skipped"),
    (Outcome.NOT_SUPPORTED, "not supported"),
    (None, "not run"),
)


def table(verdict: Verdict) -> list[tuple[str, ...]]:
    """Rows of area by level with counts below a heading; areas that were not touched are left out."""
    rows: list[tuple[str, ...]] = [("area", *LEVELS)]
    for area in AREAS:
        clauses = [clause for clause in verdict.catalogue.clauses if clause.area == area]
        if any(clause.id in verdict.outcomes for clause in clauses):
            of_level = ([clause for clause in clauses if clause.level == level] for level in LEVELS)
            rows.append((area, *(cell(verdict.count(some)) for some in of_level)))
    return rows


def cell(counts: Counter[Outcome | None]) -> str:
    """``12 passed, 1 failed, 3 not run``; "-" where there is no clause."""
    return ", ".join(f"{counts[key]} {word}" for key, word in _ORDER if counts[key]) or "-"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells as lines, each column as wide as its widest cell."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def grouped(results: Iterable[TestResult], *, by_test: bool) -> list[str]:
    """``IDS: reason (test)``, one line for the clauses that share a reason (and a test)."""
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for each in results:
        # A component that is too old, or something that the cluster lacks, is so for every test.
        everywhere = each.result.excuse or each.result.reason.startswith(PREFLIGHT)
        clauses = groups[each.result.reason, each.nodeid if by_test and not everywhere else ""]
        if each.result.clause not in clauses:
            clauses.append(each.result.clause)
    return [
        f"{', '.join(clauses)}: {reason}" + (f"  [{nodeid}]" if nodeid else "")
        for (reason, nodeid), clauses in groups.items()
    ]


def grouped_failures(verdict: Verdict) -> list[tuple[TestResult, list[TestResult]]]:
    """Failures with the others that say the same of the same clause."""
    groups: dict[tuple[str, ...], list[TestResult]] = {}
    for each in verdict.of(Outcome.FAILED):
        failure = each.result.failure
        result = each.result
        seen = (failure.expected, failure.observed) if failure else ("", "")
        key = (result.clause, *seen, result.excuse)
        groups.setdefault(key, []).append(each)
    return [(first, others) for first, *others in groups.values()]


def on_companions(verdict: Verdict) -> list[str]:
    """Which of the clauses that passed were seen on a companion: the driver under test is of another kind."""
    seen: dict[str, list[str]] = {}
    for each in verdict.of(Outcome.PASSED):
        if each.result.seen_on and each.result.clause not in seen.setdefault(each.result.seen_on, []):
            seen[each.result.seen_on].append(each.result.clause)
    lines = [f"passed on {where}: {', '.join(clauses)}" for where, clauses in sorted(seen.items())]
    return ["", *lines] if lines else []


def result_in_words(verdict: Verdict, *, waived: int = 0) -> str:
    """The profile's result and why it is not better; ``waived`` clauses stay what they are."""
    if verdict.result is ProfileResult.NOTHING_JUDGED:
        return f"nothing judged: {_why_open(verdict) or 'no clause was checked'}"
    must = verdict.must
    total = counted(sum(must.values()), "MUST clause")
    passed = f"{must[Outcome.PASSED]} of {total} passed"
    failed = [f"{number} {level} failed" for level in LEVELS if (number := _failed(verdict, level))]
    parts = [passed, *(failed or ["none failed"])]
    if verdict.deviating:
        parts.append(f"of these {counted(len(verdict.deviating), 'known deviation')} of upstream controllers")
    if waived:
        parts.append(f"{waived} waived")
    if verdict.result is not ProfileResult.CONFORMANT and (why := _why_open(verdict)):
        parts.append(why)
    elif must[Outcome.NOT_SUPPORTED]:
        parts.append(f"{must[Outcome.NOT_SUPPORTED]} not supported")
    return f"{verdict.result}: {', '.join(parts)}"


def _failed(verdict: Verdict, level: str) -> int:
    return verdict.count(clause for clause in verdict.catalogue.clauses if clause.level == level)[Outcome.FAILED]


def _why_open(verdict: Verdict) -> str:
    counts = verdict.must
    reasons = [f"{counts[key]} {word}" for key, word in _ORDER[2:] if counts[key]]
    if verdict.trouble:
        reasons.append(f"{counted(verdict.trouble, 'test')} in trouble")
    if verdict.selected:
        reasons.append("only a part was asked for or run")
    return enumerated(reasons)
