"""Collects, in the controller alone, what the reports of all tests say about clauses.

Worse outcomes overwrite better ones, and a clause passes only by a report that says so: the report of a crashed
worker says nothing, and counts as errored.
"""

from __future__ import annotations

import importlib
import json
from typing import Any

import pytest

from pytest_csi_snapshot.clock import since_command
from pytest_csi_snapshot.collection import modules_of
from pytest_csi_snapshot.judging import PAYLOAD
from pytest_csi_snapshot.outcomes import SEVERITY, ClauseResult, Outcome
from pytest_csi_snapshot.requirements import Catalogue, catalogue
from pytest_csi_snapshot.selection import CLAUSE_MARK
from pytest_csi_snapshot.verdict import TestResult, Verdict

_PHASES = ("setup", "call", "teardown")


class Collector:
    """Turns reports into a Verdict."""

    def __init__(self, *, selected: bool, scope: Catalogue | None = None) -> None:
        self._scope = scope or catalogue()
        self.first_test_after: float | None = None
        self._selected = selected
        self._results: dict[tuple[str, str], ClauseResult] = {}
        self._carried: dict[str, list[str]] = {}
        self.trouble: set[str] = set()
        """Tests and files that errored without naming a clause."""
        self.other_failures: set[str] = set()
        """Failed tests that are about no clause."""
        self.evidence: dict[str, str] = {}
        """Test -> where its evidence lies, below the folder of the report."""
        self.heard_failure = False
        """Whether any test or file failed."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self) -> None:
        """Note when the first test began."""
        if self.first_test_after is None:
            self.first_test_after = since_command()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what a phase of a test says."""
        body = payload_of(report)
        self.heard_failure |= report.failed
        if body is not None:
            self.evidence[report.nodeid] = body.get("evidence") or self.evidence.get(report.nodeid, "")
            self._carried[report.nodeid] = body["carried"]
            results = [ClauseResult.from_plain(each) for each in body["results"]]
            for result in results:
                self._add(report.nodeid, result)
            blamed = any(each.outcome in (Outcome.FAILED, Outcome.ERRORED) for each in results)
            if report.failed and not blamed:
                # A test of somebody's own, about no clause, fails as any test does.
                its_own = report.when == "call" or (report.when == "teardown" and not results)
                theirs = its_own and not body["carried"]
                (self.other_failures if theirs else self.trouble).add(report.nodeid)
        elif report.failed and report.when not in _PHASES:
            self._crashed(report.nodeid, str(report.longrepr))
        elif report.failed:
            self.other_failures.add(report.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be collected is trouble of ours."""
        if report.failed:
            self.heard_failure = True
            self.trouble.add(report.nodeid)

    def cut_short(self) -> None:
        """Note that not everything was run that should have been."""
        self._selected = True

    def verdict(self) -> Verdict:
        """The verdict on everything collected so far."""
        results = [TestResult(nodeid, result) for (nodeid, _), result in self._results.items()]
        return Verdict(self._scope, results, self._selected, len(self.trouble), len(self.other_failures))

    def _add(self, nodeid: str, result: ClauseResult) -> None:
        known = self._results.get((nodeid, result.clause))
        if known is None or SEVERITY[result.outcome] > SEVERITY[known.outcome]:
            self._results[nodeid, result.clause] = result

    def _crashed(self, nodeid: str, why: str) -> None:
        carried = self._carried.get(nodeid) or _clauses_in_source(nodeid)
        if not carried:
            self.trouble.add(nodeid)
        for clause in carried:
            self._add(nodeid, ClauseResult(clause, Outcome.ERRORED, why))


def payload_of(report: pytest.TestReport) -> dict[str, Any] | None:
    """What ``judging`` put into a report; None for a test that is not ours, or a crash."""
    text = getattr(report, PAYLOAD, None)
    body: dict[str, Any] | None = json.loads(text) if text else None
    return body


def _clauses_in_source(nodeid: str) -> list[str]:
    """The clauses of a packaged test that crashed before it reported anything, from its source."""
    module_name = modules_of([nodeid]).get(nodeid)
    if module_name is None:
        return []
    found: Any = importlib.import_module(module_name)
    marks = _marks(found)
    for name in nodeid.split("::")[1:]:
        found = getattr(found, name.partition("[")[0], None)
        marks += _marks(found)
    return list(dict.fromkeys(clause for mark in marks if mark.name == CLAUSE_MARK for clause in mark.args))


def _marks(holder: object) -> list[pytest.Mark]:
    marks = getattr(holder, "pytestmark", [])
    listed = marks if isinstance(marks, list) else [marks]
    return [mark.mark if isinstance(mark, pytest.MarkDecorator) else mark for mark in listed]
