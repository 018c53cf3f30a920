"""Keeps the report of a run up to date on the disk, in the process that the user started.

From before the first test there is one that says the run has not ended, renewed every few tests, so that a run
which is killed leaves what it saw and never a verdict. Driven by test reports alone: no thread, no timer.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_csi_snapshot.clock import since_command
from pytest_csi_snapshot.report.composing import Composer, Ending
from pytest_csi_snapshot.report.document import PAGE, REPORT, text_of
from pytest_csi_snapshot.report.model import Report
from pytest_csi_snapshot.report.seen import Tests
from pytest_csi_snapshot.report.writing import write_whole
from pytest_csi_snapshot.reporting.collector import Collector, payload_of
from pytest_csi_snapshot.reporting.words import counted
from pytest_csi_snapshot.settings import Settings

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
        self,
        config: pytest.Config,
        settings: Settings,
        folder: Path,
        collector: Collector,
        *,
        name: Callable[[], str],
        asked: Sequence[str],
    ) -> None:
        began = time.time() - since_command()
        self._composer = Composer(config, settings, name=name, began=began, asked=asked)
        self._config = config
        self._folder = folder
        self._collector = collector
        self._tests = Tests()
        self._session: pytest.Session | None = None
        self._last: Report | None = None
        self._written_at = (0, time.monotonic())
        self._complained = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Before there is a cluster: what an earlier run came to is not what this one does."""
        self._session = session
        self._renew()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note what is to run, without workers."""
        self._tests.collect(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Note what is to run, with workers."""
        self._tests.collect(ids)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what a phase says; renew the report now and then. After the collector."""
        self._tests.take(report, payload_of(report))
        tests, since = self._written_at
        if self._tests.ended - tests >= EVERY_TESTS or time.monotonic() - since >= EVERY_SECONDS:
            self._renew()

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write what the run came to; after whoever settles the exit status."""
        further = self._why_partial(session)
        if further:
            self._collector.cut_short()
        self._conclude(session, further)

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Correct what was written, where the run ended before its first test or its end was trouble."""
        session, last = self._session, self._last
        if session is None:
            return
        code = int(session.exitstatus)
        if last is None or not last.run.ended:
            self._conclude(session, ["the run ended before its first test"])
        elif last.verdict.exit_code != code and not self._complained:
            verdict = replace(
                last.verdict, exit_code=code, reasons=("what was made could not be removed", *last.verdict.reasons)
            )
            self._write(replace(last, verdict=verdict))

    def _why_partial(self, session: pytest.Session) -> list[str]:
        waiting, collected = len(self._tests.waiting), self._tests.collected
        stopped = session.shouldfail or session.shouldstop
        parts = ["interrupted"] if session.exitstatus == pytest.ExitCode.INTERRUPTED else []
        parts += ["an internal error ended it"] if session.exitstatus == pytest.ExitCode.INTERNAL_ERROR else []
        parts += [str(stopped)] if isinstance(stopped, str) else []
        parts += [f"{waiting} of {counted(collected, 'test')} did not run"] if waiting else []
        return [*parts, *(crash.partition(";")[0] for crash in self._tests.crashes)]

    def _renew(self) -> None:
        self._written_at = (self._tests.ended, time.monotonic())
        self._write(self._composer.compose(self._collector.verdict(), self._tests, Ending(0.0, TROUBLE), ()))

    def _conclude(self, session: pytest.Session, further: Sequence[str]) -> None:
        ending = Ending(time.time(), int(session.exitstatus))
        written = self._write(self._composer.compose(self._collector.verdict(), self._tests, ending, further))
        if not written and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = TROUBLE

    def _write(self, report: Report) -> bool:
        """Write the document; whether that went well. What was there before stays whole where it did not."""
        try:
            write_whole(self._folder / REPORT, text_of(report))
            if report.run.ended:
                self._write_page()
        except OSError as error:
            if not self._complained or report.run.ended:
                self._complain(f"the report cannot be written to {self._folder}: {error.strerror or error}")
            self._complained = True
            return False
        self._last = report
        self._complained = False
        return True

    def _write_page(self) -> None:
        """Write the page; from what has just been written, so that both say the same. Raises OSError."""
        from pytest_csi_snapshot.html import page_of

        write_whole(self._folder / PAGE, page_of(self._folder))

    def _complain(self, line: str) -> None:
        reporter: TerminalReporter | None = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter:
            reporter.write_line(f"csi-snapshot: {line}", red=True)
        else:
            print(f"csi-snapshot: {line}", file=sys.stderr)
