"""Outcomes, and how they add up: from checks to a test's clauses, from several tests to one clause.

Pure functions and values; knows neither pytest nor a cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, Self


class Outcome(StrEnum):
    """What became of a clause."""

    PASSED = "passed"
    FAILED = "failed"  # the fault of the driver or of a named controller
    ERRORED = "errored"  # ours, or the cluster's
    SKIPPED = "skipped"  # asked for
    NOT_SUPPORTED = "not supported"  # the capability is not claimed
    UNKNOWN = "unknown"  # could not be told here; the reason says why


SEVERITY: Mapping[Outcome, int] = {
    # A test whose driver lacks the capability takes nothing from another test of the same clause that passed.
    Outcome.NOT_SUPPORTED: 0,
    Outcome.PASSED: 1,
    Outcome.SKIPPED: 2,
    Outcome.UNKNOWN: 3,
    Outcome.ERRORED: 4,
    Outcome.FAILED: 5,
}
"""Where several tests speak about one clause, the outcome with the highest number counts."""


ENDED = "the test ended where"
"""How the reason begins for which a clause is unknown that another one has kept from being judged."""


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The outcome of a clause from those of its tests. Raises ValueError if there is none."""
    return max(outcomes, key=SEVERITY.__getitem__)


@dataclass(frozen=True)
class Check:
    """One look at one clause. ``at`` is in seconds since the test began, ``wall`` an ISO 8601 time."""

    clause: str
    expected: str
    observed: str
    holds: bool
    at: float
    wall: str
    about: str = ""
    hint: str = ""
    blame: str = ""


@dataclass(frozen=True)
class Failure:
    """Everything that is said about a clause that was not kept; text and numbers only, so that it travels."""

    clause: str
    expected: str
    observed: str
    at: float
    wall: str
    about: str = ""
    hint: str = ""
    blame: str = ""
    timeline: tuple[str, ...] = ()

    @property
    def seen(self) -> str:
        """All that was seen, in one text."""
        return "\n".join((self.observed, *self.timeline))

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of ``dataclasses.asdict`` after a trip through JSON."""
        return cls(**{**data, "timeline": tuple(data["timeline"])})


@dataclass(frozen=True)
class ClauseResult:
    """What one test says about one clause; ``seen_on`` is a companion that showed it, "" for the driver itself.

    ``excuse`` is why it counts against nobody: a component that is too old, or a known deviation of one; "" else.
    """

    clause: str
    outcome: Outcome
    reason: str = ""
    failure: Failure | None = None
    seen_on: str = ""
    excuse: str = ""

    def as_plain(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of ``as_plain``."""
        failure = Failure.from_plain(data["failure"]) if data["failure"] else None
        more = {key: data.get(key, "") for key in ("seen_on", "excuse")}
        return cls(data["clause"], Outcome(data["outcome"]), data["reason"], failure, **more)


@dataclass(frozen=True)
class Ending:
    """How one phase (setup, call, teardown) of one test ended.

    ``doubts`` are clauses that the watching could not judge, with the reason, carried by the test or not.
    """

    phase: str
    outcome: Outcome
    reason: str = ""
    failures: Sequence[Failure] = ()
    doubts: Mapping[str, str] = field(default_factory=dict)


def judge(ending: Ending, carried: Sequence[str], kept: Iterable[str]) -> list[ClauseResult]:
    """What a phase says about the clauses that the test carries, and about those that it found broken.

    ``kept`` are the clauses with a check that held. A clause passes only by a check of its own in a call that
    passed; what was shown before the call failed elsewhere is unknown, because the test did not get to its end.
    """
    results = [
        ClauseResult(failure.clause, Outcome.FAILED, f"observed {failure.observed}", failure)
        for failure in ending.failures
    ]
    broken = list(dict.fromkeys(failure.clause for failure in ending.failures))
    doubted = [clause for clause in ending.doubts if clause not in broken]
    results += [ClauseResult(clause, Outcome.UNKNOWN, ending.doubts[clause]) for clause in doubted]
    for clause in carried:
        if clause not in broken and clause not in doubted:
            result = _of_the_rest(ending, clause, broken, frozenset(kept))
            results += [result] if result else []
    return results


def excused(
    results: Sequence[ClauseResult], gates: Mapping[str, str], deviation_of: Callable[[Failure], str]
) -> list[ClauseResult]:
    """The results of a phase, with the excuses that they have.

    ``gates`` are the clauses that cannot be judged on this cluster, with the reason; ``deviation_of`` tells the
    known deviation that a failure is. What only a deviation has kept from being judged is excused with it.
    """
    known = [deviation_of(each.failure) if each.failure else "" for each in results]
    failed = [excuse for each, excuse in zip(results, known, strict=True) if each.outcome is Outcome.FAILED]
    ended = failed[0] if failed and all(failed) else ""
    reasons = frozenset(gates.values())
    return [
        replace(each, excuse=excuse)
        if each.outcome is Outcome.FAILED
        else replace(each, excuse=each.reason if each.reason in reasons else ended)
        if each.outcome is Outcome.UNKNOWN
        else each
        for each, excuse in zip(results, known, strict=True)
    ]


def _of_the_rest(ending: Ending, clause: str, broken: Sequence[str], kept: frozenset[str]) -> ClauseResult | None:
    """What a phase says about a clause that it did not find broken; None where the phase says nothing."""
    if ending.outcome in (Outcome.PASSED, Outcome.FAILED) and ending.phase != "call":
        return None
    if ending.outcome is Outcome.PASSED and clause in kept:
        return ClauseResult(clause, Outcome.PASSED)
    if ending.outcome is Outcome.PASSED:
        return ClauseResult(clause, Outcome.UNKNOWN, "no check recorded")
    if ending.outcome is Outcome.FAILED:
        return ClauseResult(clause, Outcome.UNKNOWN, f"{ENDED} {', '.join(broken)} failed")
    return ClauseResult(clause, ending.outcome, ending.reason)
