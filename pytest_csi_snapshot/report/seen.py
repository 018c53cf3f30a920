"""What pytest's reports say about each test, phase by phase, in the process that the user started.

Knows neither what a clause is worth nor where a report is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from pytest_csi_snapshot.evidence.keeper import TROUBLE
from pytest_csi_snapshot.evidence.telling import lost
from pytest_csi_snapshot.gating.subject import crashed
from pytest_csi_snapshot.report.loads import Load
from pytest_csi_snapshot.report.model import Phases, ReportedCheck, ReportedTest, Seconds
from pytest_csi_snapshot.report.plain import from_plain

_PHASES = ("setup", "call", "teardown")


@dataclass
class Seen:
    """One test so far.

    ``began`` is in seconds since the epoch, 0 where nothing was heard of its setup; ``word`` is pytest's.
    """

    began: float = 0.0
    ended: bool = False
    worker: str = ""
    word: str = ""
    reason: str = ""
    carried: list[str] = field(default_factory=list)
    phases: dict[str, float] = field(default_factory=dict)
    checks: list[dict[str, Any]] = field(default_factory=list)
    evidence: str = ""
    alone: bool = False
    evidence_lost: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    loads: list[dict[str, Any]] = field(default_factory=list)

    def take(self, report: pytest.TestReport, payload: Mapping[str, Any] | None) -> None:
        """Take what a phase says; ``payload`` is what ``judging`` put into it."""
        self.worker = worker_of(report)
        if report.when not in _PHASES:  # of a worker that crashed
            self.ended, self.word, self.reason = True, "error", str(report.longrepr)
            return
        self.phases[report.when] = self.phases.get(report.when, 0.0) + report.duration
        if report.when == "setup":
            self.began = self.began or report.start
        self.ended = report.when == "teardown"
        self._take_word(report)
        for key in ("carried", "checks", "evidence", "alone", "loads"):
            if payload and payload.get(key):
                setattr(self, key, payload[key])
        if payload and payload.get(TROUBLE):
            self.evidence_lost = str(payload[TROUBLE])
        if payload and payload.get("seconds_by"):
            self.seconds = payload["seconds_by"]

    def _take_word(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.word = "failed" if report.when == "call" and self.word != "error" else "error"
            self.reason = str(getattr(report.longrepr, "reprcrash", None) or report.longrepr).partition("\n")[0]
        elif report.skipped and not self.word:
            self.word = "xfailed" if hasattr(report, "wasxfail") else "skipped" if _skipped(report) else "passed"
            self.reason = _skip_reason(report)
        elif report.when == "call" and not self.word:
            self.word = "passed"

    def as_row(self, nodeid: str, run_began: float) -> ReportedTest:
        """The test in a report, without what it says of clauses. ``run_began`` is in seconds since the epoch."""
        total = sum(self.phases.values())
        return ReportedTest(
            id=nodeid,
            outcome="not run",
            clauses=tuple(self.carried),
            began=round(max(self.began - run_began, 0.0), 3) if self.began else 0.0,
            phases=Phases(**{phase: round(seconds, 3) for phase, seconds in self.phases.items()}),
            seconds=from_plain(Seconds, self.seconds) if self.seconds else Seconds(round(total, 3)),
            worker=self.worker,
            pytest=self.word if self.ended else "",
            checks=tuple(from_plain(ReportedCheck, check) for check in self.checks),
            evidence=self.evidence,
            alone=self.alone,
            loads=tuple(from_plain(Load, load) for load in self.loads),
            evidence_lost=self.evidence_lost,
        )


class Tests:
    """All tests of a run: those that were collected, and what was heard of them."""

    __test__ = False  # not a test class, although its name begins so

    def __init__(self) -> None:
        self._seen: dict[str, Seen] = {}
        self._collected: dict[str, None] = {}
        self._crashes: list[str] = []
        self._lost: dict[str, None] = {}

    def collect(self, nodeids: Iterable[str]) -> None:
        """Note tests that are to run; every worker names the same."""
        self._collected.update(dict.fromkeys(nodeids))

    def take(self, report: pytest.TestReport, payload: Mapping[str, Any] | None) -> None:
        """Take what a phase of a test says."""
        if report.when not in _PHASES and report.failed:
            who = crashed(worker_of(report)) if worker_of(report) else "a worker crashed"
            self._crashes.append(f"{who} in {report.nodeid}; its evidence is lost")
        self._seen.setdefault(report.nodeid, Seen()).take(report, payload)

    def lose(self, worker: str) -> None:
        """Note a worker that died."""
        self._lost[worker] = None

    @property
    def crashes(self) -> list[str]:
        """A sentence for each worker that was lost."""
        told = "".join(self._crashes)
        others = [worker for worker in self._lost if f"worker {worker} " not in told]
        return [
            *self._crashes,
            *(f"worker {worker} was lost; some tests may not have been run" for worker in others),
        ]

    @property
    def notes(self) -> list[str]:
        """What is not there and has decided nothing: a sentence each."""
        why = [seen.evidence_lost for seen in self._seen.values() if seen.evidence_lost]
        return [lost(len(why), why[0])] if why else []

    @property
    def ended(self) -> int:
        """How many have ended, in whatever way."""
        return sum(seen.ended for seen in self._seen.values())

    @property
    def waiting(self) -> list[str]:
        """The tests that were collected and have not ended."""
        return [nodeid for nodeid in self._collected if not (nodeid in self._seen and self._seen[nodeid].ended)]

    @property
    def collected(self) -> int:
        """How many there are to run."""
        return len(self._collected)

    def rows(self, run_began: float) -> list[tuple[ReportedTest, str]]:
        """Every test with pytest's reason for what became of it; sorted."""
        seen = {**{nodeid: Seen() for nodeid in self._collected}, **self._seen}
        return [(each.as_row(nodeid, run_began), each.reason) for nodeid, each in sorted(seen.items())]


def worker_of(report: pytest.TestReport) -> str:
    """The xdist worker that sent a report; "" where there is none."""
    gateway = getattr(getattr(report, "node", None), "gateway", None)
    return str(getattr(gateway, "id", ""))


def _skipped(report: pytest.TestReport) -> bool:
    """Whether a test has skipped itself: of one that ended well and shows nothing ``judging`` makes a skip too."""
    return not isinstance(report.longrepr, tuple) or str(report.longrepr[2]).startswith("Skipped")


def _skip_reason(report: pytest.TestReport) -> str:
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    return str(getattr(report, "wasxfail", ""))
