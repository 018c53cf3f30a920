"""Baselines: an earlier report that a run is compared with, and what is worse than in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_csi_snapshot.errors import UsageTrouble
from pytest_csi_snapshot.outcomes import Outcome
from pytest_csi_snapshot.report.document import file_of, plain_of

NOT_RUN = "not run"
_TROUBLE = (Outcome.ERRORED, Outcome.UNKNOWN)

WORSE: Mapping[str, frozenset[str]] = {
    Outcome.FAILED: frozenset({NOT_RUN, *Outcome} - {Outcome.FAILED}),
    Outcome.ERRORED: frozenset({Outcome.PASSED}),
    Outcome.UNKNOWN: frozenset({Outcome.PASSED}),
    Outcome.NOT_SUPPORTED: frozenset({Outcome.PASSED}),
}
"""Outcome here -> the outcomes in the baseline that were better."""


@dataclass(frozen=True)
class Baseline:
    """The outcomes of an earlier run; ``origin`` is its file, ``partial`` that it was not of everything."""

    outcomes: Mapping[str, str]
    origin: str = ""
    driver: str = ""
    began: str = ""
    partial: bool = False

    def before(self, clause: str) -> str:
        """The outcome of a clause then."""
        return self.outcomes.get(clause, NOT_RUN)

    def was_better(self, clause: str, now: str) -> bool:
        """Whether an outcome is worse than then."""
        return self.before(clause) in WORSE.get(now, ())


@dataclass(frozen=True)
class Change:
    """A clause whose outcome is another one than before."""

    clause: str
    before: str
    now: str

    def told(self) -> str:
        """In words."""
        return f"{self.clause} {self.before} -> {self.now}"


@dataclass(frozen=True)
class Comparison:
    """What is worse and better than in a baseline, what is as bad, and how many of it were not run here."""

    worse: tuple[Change, ...] = ()
    better: tuple[Change, ...] = ()
    known: tuple[str, ...] = field(default=())
    not_run: int = 0


def compare(baseline: Baseline, now: Mapping[str, str]) -> Comparison:
    """Compare outcomes by clause with those of a baseline; the order is that of ``now``."""
    changes = [Change(clause, baseline.before(clause), outcome) for clause, outcome in now.items()]
    bad = {Outcome.FAILED, *_TROUBLE}
    return Comparison(
        worse=tuple(each for each in changes if baseline.was_better(each.clause, each.now)),
        better=tuple(each for each in changes if each.now == Outcome.PASSED and each.before in bad),
        known=tuple(
            each.clause
            for each in changes
            if each.now in bad and each.before in bad and not baseline.was_better(each.clause, each.now)
        ),
        not_run=sum(was == Outcome.PASSED and clause not in now for clause, was in baseline.outcomes.items()),
    )


def read_baseline(path: Path) -> Baseline:
    """The baseline in a report, or in the folder of one. Raises UsageTrouble, one line, where it is none."""
    file = file_of(path)
    try:
        body = plain_of(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageTrouble(f"--csi-baseline: {file} cannot be read", why=" ".join(str(error).split())) from error
    except ValueError as error:
        raise UsageTrouble(f"--csi-baseline: {file} {error}") from error
    try:
        return _baseline(body, str(file))
    except (KeyError, TypeError, AttributeError) as error:
        raise UsageTrouble(f"--csi-baseline: {file} is damaged", why=f"{type(error).__name__}: {error}") from error


def _baseline(body: dict[str, Any], origin: str) -> Baseline:
    run, verdict = body["run"], body["verdict"]
    return Baseline(
        {clause["id"]: clause["outcome"] for clause in body["clauses"]},
        origin,
        body["implementation"]["driver"],
        run["began"][:10],
        bool(run["partial"] or body.get("missing") or verdict["exit_code"] == 2),
    )
