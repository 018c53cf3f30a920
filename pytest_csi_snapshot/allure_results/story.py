"""A test in Allure's words: what it is about, what became of it, and the categories that outcomes fall into. Pure.

Allure knows four endings: *failed* (a clause is broken), *broken* (ours, or the cluster's trouble), *skipped*
(nothing can be said, and the message says why) and *passed*.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pytest_csi_snapshot.outcomes import SEVERITY, ClauseResult, Outcome
from pytest_csi_snapshot.reporting.words import blamed_on, failure_lines, failure_title
from pytest_csi_snapshot.requirements import OWNERS, Catalogue, Clause

SEVERITIES = {"MUST": "critical", "SHOULD": "normal", "MAY": "minor"}
BLAMED = "blamed on "
KNOWN = "known deviation: "

_STATUS = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.ERRORED: "broken",
    Outcome.SKIPPED: "skipped",
    Outcome.UNKNOWN: "skipped",
    Outcome.NOT_SUPPORTED: "skipped",
}

_DRIVER = rf"[^\n]*\b{OWNERS['DRV']}\b"
_ANY = r"[\s\S]*"
CATEGORIES: tuple[dict[str, object], ...] = (
    {"name": "Driver breaks the contract", "matchedStatuses": ["failed"],
     "messageRegex": rf"{_ANY}\n{BLAMED}{_DRIVER}{_ANY}"},
    {"name": "The cluster is not set up for it", "matchedStatuses": ["failed"],
     "messageRegex": rf"{_ANY}\n{BLAMED}{OWNERS['ADM']}{_ANY}"},
    {"name": "A controller breaks the contract", "matchedStatuses": ["failed"],
     "messageRegex": rf"{_ANY}\n{BLAMED}(?!{_DRIVER}|{OWNERS['ADM']}){_ANY}"},
    {"name": "Harness or cluster trouble", "matchedStatuses": ["broken"]},
    {"name": "Known deviation", "matchedStatuses": ["skipped"], "messageRegex": rf"{KNOWN}{_ANY}"},
    {"name": "Not testable here", "matchedStatuses": ["skipped"], "messageRegex": rf"unknown: {_ANY}"},
    {"name": "Not supported", "matchedStatuses": ["skipped"], "messageRegex": rf"not supported: {_ANY}"},
    {"name": "Skipped, as asked", "matchedStatuses": ["skipped"], "messageRegex": rf"skipped: {_ANY}"},
)  # fmt: skip
"""In the form of ``categories.json``; expressions that both Java and JavaScript read, for the whole message."""


@dataclass(frozen=True)
class Ended:
    """How a test ended, with the message and the story below it."""

    status: str
    message: str = ""
    trace: str = ""


def title(name: str) -> str:
    """``test_data_survives[Block]`` -> ``Data survives [Block]``."""
    function, bracket, variant = name.partition("[")
    words = function.removeprefix("test_").replace("_", " ")
    return words[:1].upper() + words[1:] + (f" {bracket}{variant}" if bracket else "")


def stories(clauses: Iterable[Clause]) -> list[str]:
    """A story a clause: id and sentence."""
    return [f"{clause.id}  {clause.sentence}" for clause in clauses]


def severity(clauses: Iterable[Clause]) -> str:
    """By the highest level among the clauses of a test."""
    levels = {clause.level for clause in clauses}
    return next((word for level, word in SEVERITIES.items() if level in levels), "normal")


def description(clauses: Iterable[Clause]) -> str:
    """The requirements in Markdown."""
    return "\n\n".join(
        f"**{clause.id}** {clause.level} ({clause.basis}): {clause.sentence}  \nSource: {clause.source}"
        for clause in clauses
    )


def ended(results: Sequence[ClauseResult], catalogue: Catalogue, *, versions: str, rerun: str) -> Ended | None:
    """How a test ended by what it says about clauses; None where it says nothing."""
    if not results:
        return None
    worst = max(results, key=lambda each: SEVERITY[each.outcome])
    alike = [each for each in results if each.outcome is worst.outcome]
    if worst.outcome is Outcome.PASSED:
        return Ended("passed")
    if worst.outcome is Outcome.FAILED:
        return _failed(alike, catalogue, versions, rerun)
    clauses = ", ".join(dict.fromkeys(each.clause for each in alike))
    return Ended(_STATUS[worst.outcome], f"{worst.outcome}: {worst.reason} ({clauses})")


def _failed(results: Sequence[ClauseResult], catalogue: Catalogue, versions: str, rerun: str) -> Ended:
    messages, stories = [], []
    for each in results:
        failure, clause = each.failure, catalogue.by_id.get(each.clause)
        if failure is None or clause is None:
            continue
        heading = failure_title(failure)
        messages.append(f"{heading}\n{BLAMED}{blamed_on(clause, failure.blame, versions)}")
        told = failure_lines(
            failure, clause, versions=versions, rerun=rerun, seen_on=each.seen_on, known=each.excuse
        )
        stories.append("\n".join([heading, *told]))
    message, trace = "\n".join(messages), "\n\n".join(stories)
    if all(each.excuse for each in results):
        return Ended("skipped", f"{KNOWN}{results[0].excuse}\n{message}", trace)
    return Ended("failed", message, trace)
