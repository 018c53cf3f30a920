"""Keeps the report of a run up to date on the disk, in the process that the user started.

From before the first test there is one that says the run has not ended, renewed every few tests, so that a run
which is killed leaves what it saw and never a verdict. Driven by test reports alone: no thread, no timer.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_csi_snapshot.report.composing import Composer, Ending
from pytest_csi_snapshot.report.document import PAGE, REPORT, text_of
from pytest_csi_snapshot.report.model import Report
from pytest_csi_snapshot.report.seen import Tests
from pytest_csi_snapshot.report.writing import write_whole
from pytest_csi_snapshot.reporting.collector import Collector
from pytest_csi_snapshot.reporting.words import counted

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

EVERY_TESTS = 20
EVERY_SECONDS = 10.0
"""After so many tests or seconds the report is renewed, whichever comes first."""

TROUBLE = 3
"""Exit code of a run whose report could not be written."""


class Keeper:
    """Hooks of the controller, from the start of the session to the end of everything."""

    def __init__(
        self, config: pytest.Config, folder: Path, collector: Collector, composer: Composer, tests: Tests
    ) -> None:
        self._config = config
        self._folder = folder
        self._collector = collector
        self._composer = composer
        self._tests = tests
        self._session: pytest.Session | None = None
        self._last: Report | None = None
        self._written_at = (0, time.monotonic())
        self._trouble = ""
        """Why what was to be written last was not."""
        self._told = ""
        self._internal = ""
        self._concluded = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Before there is a cluster: what an earlier run came to is not what this one does."""
        self._session = session
        self._renew()
        self._tell_trouble()
        self._told = ""  # at the end it is told again

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self) -> None:
        """Renew the report now and then. After those who hear what it is made of."""
        tests, since = self._written_at
        if self._tests.ended - tests >= EVERY_TESTS or time.monotonic() - since >= EVERY_SECONDS:
            self._renew()

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Note an error of pytest, of a plugin, or of a worker: the exit code does not tell it from trouble."""
        self._internal = f"an internal error ended it: {excinfo.typename}"

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write what the run came to; after whoever settles the exit status."""
        further = self._why_partial(session)
        if further:
            self._collector.cut_short()
        self._conclude(session, further)

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self) -> None:
        """Say what could not be written, where everybody looks."""
        self._tell_trouble()

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Correct what was written, where the run ended before its first test or its end was trouble."""
        session, last = self._session, self._last
        if session is None:
            return
        code = int(session.exitstatus)
        if not self._concluded:
            self._conclude(session, ["the run ended before its first test"])
        elif last and last.run.ended and last.verdict.exit_code != code:
            why = self._trouble or "what was made could not be removed"
            verdict = replace(last.verdict, exit_code=code, reasons=(why, *last.verdict.reasons))
            self._write(replace(last, verdict=verdict))
        self._tell_trouble()

    def _why_partial(self, session: pytest.Session) -> list[str]:
        waiting, collected = len(self._tests.waiting), self._tests.collected
        stopped = session.shouldfail or session.shouldstop
        parts = ["interrupted"] if session.exitstatus == pytest.ExitCode.INTERRUPTED else []
        parts += [self._internal] if self._internal else []
        parts += [str(stopped)] if isinstance(stopped, str) else []
        parts += [f"{waiting} of {counted(collected, 'test')} did not run"] if waiting else []
        return [*parts, *(crash.partition(";")[0] for crash in self._tests.crashes)]

    def _renew(self) -> None:
        self._written_at = (self._tests.ended, time.monotonic())
        self._write(self._compose(Ending(0.0, TROUBLE), ()))

    def _conclude(self, session: pytest.Session, further: Sequence[str]) -> None:
        self._concluded = True
        ending = Ending(time.time(), int(session.exitstatus))
        self._write(self._compose(ending, further))
        if self._trouble and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = TROUBLE

    def _compose(self, ending: Ending, further: Sequence[str]) -> Report:
        collector = self._collector
        return self._composer.compose(
            collector.verdict(), self._tests, ending, further=further, trouble=collector.trouble
        )

    def _write(self, report: Report) -> None:
        """Write the document, and the page of a run that has ended; or note why one cannot be written.

        What was there before stays whole then.
        """
        what = "report"
        try:
            write_whole(self._folder / REPORT, text_of(report))
            self._last, what = report, "page of the report"
            if report.run.ended:
                from pytest_csi_snapshot.html import page_of

                # From what has just been written, so that both say the same.
                write_whole(self._folder / PAGE, page_of(self._folder))
        except OSError as error:
            self._trouble = f"the {what} cannot be written to {self._folder}: {error.strerror or error}"
        else:
            self._trouble = ""

    def _tell_trouble(self) -> None:
        if self._trouble == self._told:
            return
        self._told = self._trouble
        line = f"csi-snapshot: {self._trouble}"
        reporter: TerminalReporter | None = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter:
            reporter.write_line(line, red=True)
        else:
            print(line, file=sys.stderr)
