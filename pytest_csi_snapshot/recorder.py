"""What a test saw: its checks, its timeline, and the violation that ends it.

The one place where a clause is said to be kept or not. Does not know how the observation was made, and does not
decide what a whole test or run is worth: see ``outcomes`` and ``verdict``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NoReturn, Protocol

import pytest

from pytest_csi_snapshot.capabilities import NAMES
from pytest_csi_snapshot.errors import UsageTrouble
from pytest_csi_snapshot.outcomes import Check, Ending, Failure, Outcome
from pytest_csi_snapshot.prices import NOTHING
from pytest_csi_snapshot.profiles import Profile
from pytest_csi_snapshot.report.loads import Load
from pytest_csi_snapshot.reporting import words
from pytest_csi_snapshot.requirements import NEEDS, Catalogue, Clause, catalogue


class ClauseViolation(AssertionError):  # noqa: N818  a verdict, not an error of ours
    """A clause is not kept. ``str()`` is the whole story for a reader; ``failure`` is the same as fields."""

    def __init__(self, failure: Failure, story: str) -> None:
        self.failure = failure
        super().__init__(story)


class OutOfBounds(pytest.skip.Exception):  # type: ignore[name-defined, misc]
    """What a test is about cannot be done within the bounds of the run: its clauses are unknown here.

    Also where it is found out while something is prepared that several tests share.
    """

    outcome = Outcome.UNKNOWN


class Denied(OutOfBounds):
    """The profile says that the driver does not offer what a test is about."""

    outcome = Outcome.NOT_SUPPORTED


class Finding(Protocol):
    """What watching found about a clause: broken (``holds`` False) or impossible to judge (None)."""

    @property
    def clause(self) -> str: ...
    @property
    def about(self) -> str: ...
    @property
    def expected(self) -> str: ...
    @property
    def observed(self) -> str: ...
    @property
    def at(self) -> float: ...
    @property
    def holds(self) -> bool | None: ...
    @property
    def blame(self) -> str: ...


class TimedOut(Protocol):
    """The fields of an error of waiting: what a clause promised did not come."""

    clause: str
    about: str
    awaited: str
    observations: Sequence[tuple[float, str]]
    why: str
    words: Sequence[str]
    blame: str


class Recorder:
    """Records what one test finds out about clauses.

    Times are seconds since ``began`` by the monotonic clock: when the test's setup began, or this object was made.
    ``gates`` are the clauses that this cluster cannot be held to, with the reason: nothing that is seen of them
    counts. ``profile`` is what the driver is declared to offer.
    """

    def __init__(
        self,
        test_id: str,
        *,
        versions: str = "",
        rerun: str = "",
        clauses: Catalogue | None = None,
        gates: Mapping[str, str] | None = None,
        profile: Profile | None = None,
        began: float | None = None,
    ) -> None:
        self.test_id = test_id
        self.checks: list[Check] = []
        self.failures: list[Failure] = []
        self.doubts: dict[str, str] = {}
        self.ending: Ending | None = None
        self.seen_on = ""
        """The companion that the test works on, "" for the driver under test."""
        self.price = NOTHING
        """What the test has made, once it is over."""
        self.loads: list[Load] = []
        """What a stress test has measured."""
        self._timeline: list[str] = []
        self._finishers: list[Callable[[], None]] = []
        self._versions = versions
        self._rerun = rerun
        self._clauses = clauses or catalogue()
        self.gates = gates or {}
        self.profile = profile
        self.began = time.monotonic() if began is None else began

    def check(
        self,
        clause: str,
        *,
        expected: object,
        observed: object,
        holds: bool | None = None,
        about: str = "",
        hint: str = "",
        blame: str | None = None,
    ) -> None:
        """Record one look at a clause; ``holds`` None means that expected and observed must be equal.

        ``about`` names the object, ``hint`` what to look at, ``blame`` overrides the clause's owner (a key of
        OWNERS, or words). Raises ClauseViolation where the clause is not kept, UsageTrouble for an unknown one.
        """
        __tracebackhide__ = True
        self._clause(clause)
        if clause in self.gates:
            self.doubts[clause] = self.gates[clause]
            return
        kept = bool(expected == observed) if holds is None else holds
        want, got, at, wall = words.show(expected), words.show(observed), self._elapsed(), _now()
        self.checks.append(Check(clause, want, got, kept, at, wall, about, hint, blame or ""))
        if not kept:
            seen = tuple(self._timeline)
            failure = Failure(clause, want, got, at, wall, about, hint, blame or "", seen)
            self.failures.append(failure)
            raise self.violation(failure)

    def unknown(self, clause: str, reason: str) -> NoReturn:
        """End the test: this clause cannot be told here, and ``reason`` says why."""
        __tracebackhide__ = True
        self._end(Outcome.UNKNOWN, clause, reason)

    def not_supported(self, clause: str, reason: str, *, lacks: str = "") -> NoReturn:
        """End the test: the driver does not claim what this clause is about.

        ``lacks`` is the need of the clause that it does not fulfil, "" for none that could be declared. Where the
        profile claims it, the clause is not kept: raises ClauseViolation.
        """
        __tracebackhide__ = True
        if self.profile and self.profile.declares(lacks) and not self.seen_on:
            claimed = f"{NAMES[lacks]}: {NEEDS[lacks]}, as {self.profile.origin} declares"
            self.check(clause, expected=claimed, observed=reason, holds=False, blame="DRV",
                       hint="the driver and its classes, or the profile: they differ")  # fmt: skip
        self._end(Outcome.NOT_SUPPORTED, clause, reason)

    def timeline(self, entries: Iterable[str]) -> None:
        """Replace the lines that a failure shows as "when", oldest first."""
        self._timeline = [str(entry) for entry in entries]

    def attach_violation(self, finding: Finding, *, timeline: Iterable[str] = (), hint: str = "") -> None:
        """Record what watching found.

        A violation fails the test when the running phase ends, a doubt makes the clause unknown.
        """
        self._clause(finding.clause)
        if finding.clause in self.gates:
            self.doubts[finding.clause] = self.gates[finding.clause]
        elif finding.holds is None:
            self.doubts.setdefault(finding.clause, f"{finding.about}: {finding.observed}".removeprefix(": "))
        elif not finding.holds:
            seen = tuple(timeline) or tuple(self._timeline)
            self.failures.append(Failure(finding.clause, finding.expected, finding.observed, finding.at, _now(),
                                         finding.about, hint, finding.blame, seen))  # fmt: skip

    def on_finish(self, finisher: Callable[[], None]) -> None:
        """Call ``finisher`` when the body of the test has ended, before its outcome is settled.

        For audits of a history: what they attach counts for the call, not for the teardown.
        """
        self._finishers.append(finisher)

    def finish(self) -> None:
        """Run and forget the finishers, the last one first."""
        while self._finishers:
            self._finishers.pop()()

    def timed_out(self, error: TimedOut) -> Failure:
        """Record that something a clause promises did not come; where it need not come here, end the test."""
        self._clause(error.clause)
        if error.clause in self.gates:
            self.unknown(error.clause, self.gates[error.clause])
        seen = [f"{seconds:.2f} s  {text}" for seconds, text in error.observations]
        last = f"last seen: {error.observations[-1][1]}" if seen else "nothing was observed"
        timeline = (*(seen or self._timeline), *error.words)
        observed, at = f"{error.why}; {last}", self._elapsed()
        failure = Failure(error.clause, error.awaited, observed, at, _now(), error.about, blame=error.blame,
                          timeline=timeline)  # fmt: skip
        self.failures.append(failure)
        return failure

    def violation(self, failure: Failure) -> ClauseViolation:
        """The exception that tells a failure."""
        clause = self._clause(failure.clause)
        lines = words.failure_lines(
            failure, clause, versions=self._versions, rerun=self._rerun, seen_on=self.seen_on
        )
        return ClauseViolation(failure, "\n".join([words.failure_title(failure), *lines]))

    def _end(self, outcome: Outcome, clause: str, reason: str) -> NoReturn:
        __tracebackhide__ = True
        self._clause(clause)
        self.ending = Ending("call", outcome, reason)
        pytest.skip(f"{outcome}: {reason} ({clause})")

    def _clause(self, clause: str) -> Clause:
        found = self._clauses.by_id.get(clause)
        if found is None:
            raise UsageTrouble(f"{clause!r} is not a clause of the catalogue", do="see --csi-list")
        return found

    def _elapsed(self) -> float:
        return time.monotonic() - self.began


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
