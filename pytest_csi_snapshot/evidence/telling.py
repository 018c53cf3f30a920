"""Tells, in the process that the user started, of evidence that could not be written: one line a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_csi_snapshot.evidence.keeper import TROUBLE
from pytest_csi_snapshot.reporting.collector import payload_of
from pytest_csi_snapshot.reporting.words import counted

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter


def lost(tests: int, why: str) -> str:
    """A sentence about evidence that is missing."""
    return f"the evidence of {counted(tests, 'test')} could not be written: {why}"


class Losses:
    """Counts tests without evidence, in the reports of all workers."""

    def __init__(self) -> None:
        self.tests = 0
        self.why = ""
        """Of the first of them."""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what the last report of a test says."""
        if report.when == "teardown" and (why := (payload_of(report) or {}).get(TROUBLE)):
            self.tests += 1
            self.why = self.why or str(why)

    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        """Say what is missing; the outcomes of the tests are what they are."""
        if self.tests:
            terminalreporter.write_line(f"csi-snapshot: {lost(self.tests, self.why)}", yellow=True)
