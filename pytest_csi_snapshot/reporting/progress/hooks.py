"""Listens to pytest, in the process that the user started, and tells how far the run is.

A thread draws the line of a terminal four times a second, and in a log says what hangs. It only reads counts and
writes text: a run whose tests all wait for something that never comes calls none of pytest's hooks, so that nobody
else could tell. It touches no test and ends with the tests.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_csi_snapshot.clock import since_command
from pytest_csi_snapshot.outcomes import ClauseResult, Outcome
from pytest_csi_snapshot.redacting import REDACTOR
from pytest_csi_snapshot.reporting.collector import payload_of
from pytest_csi_snapshot.reporting.progress import telling
from pytest_csi_snapshot.reporting.progress.pace import left_in_words, seconds_left
from pytest_csi_snapshot.reporting.progress.screen import Screen
from pytest_csi_snapshot.reporting.progress.standings import FOLDER, doings_in, plan_of, read_plan
from pytest_csi_snapshot.reporting.progress.tally import Tally
from pytest_csi_snapshot.requirements import catalogue
from pytest_csi_snapshot.scheduling.usual import Usual
from pytest_csi_snapshot.scheduling.workers import advice, recommended_for
from pytest_csi_snapshot.session import cluster_of
from pytest_csi_snapshot.settings import Settings
from pytest_csi_snapshot.standing import STANDING, Doing

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

FRAME = 0.25
"""Seconds between two looks of the thread."""

SILENCE = 60.0
"""Seconds without the end of a test after which a log is told what the tests wait for; then twice as many."""

STEP = 0.1
"""Share of the run after which a log gets a line, when a test ends."""

APART, PAUSE = 5.0, 30.0
"""Seconds between two such lines at least, and seconds after which there is one even so."""

MANY = 60
"""Tests from which on it is worth to speak of ``-n``."""


class Progress:
    """Tells while tests run: a line that is redrawn on a terminal, now and then one in a log."""

    def __init__(self, config: pytest.Config, settings: Settings, usual: Usual) -> None:
        self._config = config
        self._settings = settings
        self._usual = usual
        self._verbosity = config.get_verbosity()
        self._lanes = len(config.option.tx or []) if getattr(config.option, "dist", "no") != "no" else 0
        self.folder = Path(tempfile.mkdtemp(prefix="csi-standings-")) if self._lanes else None
        """Where workers publish; None without workers."""
        self._tally = Tally()
        self._seconds: dict[str, float] = {}
        self._told: set[tuple[str, ...]] = set()
        self._reporter: TerminalReporter | None = None
        self._screen: Screen | None = None
        self._live = False
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._began = self._last_end = self._last_line = time.monotonic()
        self._share_told = 0.0
        self._silence = SILENCE

    # -- the run

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        """Find the terminal, if there is one; nothing is captured now."""
        self._reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if self._reporter is None or self._verbosity < -1:
            return
        try:
            self._screen = Screen(self._config.get_terminal_writer(), sys.stdout)
        except OSError:  # somebody collects the output in memory
            return
        self._live = may_redraw(
            os.environ,
            terminal=sys.stdout.isatty(),
            verbosity=self._verbosity,
            capture=self._config.option.capture,
        )

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker where to publish what it does."""
        if self.folder:
            node.workerinput[FOLDER] = str(self.folder)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Learn what will run; without xdist the tests begin now."""
        if self.folder or not session.items:
            return
        self._tally.plan(plan_of(session))
        self._advise(len(session.items), 1)
        self._start()

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self) -> None:
        """The same, in a worker."""
        if self.folder and not self._tally.tests:
            self._tally.plan(read_plan(self.folder))
            self._advise(self._tally.tests, self._lanes)
            self._start()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker that is gone does nothing any more."""
        if self.folder:
            (self.folder / node.gateway.id).unlink(missing_ok=True)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """The tests are over."""
        self._stop()
        if not self._settings.csi_faults:  # what a fault makes last is not usual
            self._usual.keep(self._tally.tests_done)

    def pytest_unconfigure(self) -> None:
        """Leave nothing, whatever ended the run."""
        self._stop()
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    # -- the tests

    @pytest.hookimpl(wrapper=True)
    def pytest_report_teststatus(self) -> Generator[None, Any, Any]:
        """Instead of a dot there is the line."""
        status = yield
        running = self._live and self._thread is not None
        return (status[0], "", "") if running and status else status

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test that has ended, and tell at once what failed."""
        self._seconds[report.nodeid] = self._seconds.get(report.nodeid, 0.0) + getattr(report, "duration", 0.0)
        self._tell_failures(report)
        if report.when in ("setup", "call"):
            return
        self._tally.ended(report.nodeid, self._seconds[report.nodeid])
        self._last_end, self._silence = time.monotonic(), SILENCE
        if not self._live:
            self._line_in_log()

    def _tell_failures(self, report: pytest.TestReport) -> None:
        body = payload_of(report)
        results = [ClauseResult.from_plain(each) for each in body["results"]] if body else []
        bad = [each for each in results if each.outcome in (Outcome.FAILED, Outcome.ERRORED)]
        if report.failed and not bad:
            self._tally.errored.add(report.nodeid)
        cluster = cluster_of(self._config)
        for each in bad:
            if each.failure:
                self._tally.failure(each.clause, known=bool(each.excuse))
            else:
                self._tally.errored.add(each.clause)
            seen = (each.failure.expected, each.failure.observed) if each.failure else (each.reason,)
            if (each.clause, *seen) in self._told:
                continue
            self._told.add((each.clause, *seen))
            clause, versions = catalogue().by_id.get(each.clause), cluster.versions if cluster else ""
            line = telling.failure_in_words(each, clause, report.nodeid, versions)
            self._line(line, yellow=bool(each.excuse), red=not each.excuse)

    def _advise(self, tests: int, workers: int) -> None:
        wanted = recommended_for(self._settings, cluster_of(self._config))
        if tests >= MANY and (told := advice(workers, wanted)):
            self._line(told)

    # -- what is written

    def _line(self, text: str, **markup: bool) -> None:
        if self._reporter and self._verbosity >= 0:
            if self._screen and self._screen.midline:
                self._reporter.write("\n")
            line = REDACTOR.clean(f"csi-snapshot {since_command():6.1f} s  {text}")
            self._reporter.write_line(line, **markup)

    def _line_in_log(self) -> None:
        now, share = time.monotonic(), self._tally.share
        stepped = int(share / STEP) > int(self._share_told / STEP)
        if share < 1 and now - self._last_line >= (APART if stepped else PAUSE):
            self._last_line, self._share_told = now, share
            self._line(self._done())

    def _done(self) -> str:
        tally, lanes = self._tally, max(1, self._lanes)
        elapsed = time.monotonic() - self._began
        left = seconds_left(tally.waiting, tally.tests_done, self._usual.seconds, elapsed, lanes)
        return telling.done_in_words(tally, left_in_words(left))

    def _doings(self) -> list[Doing]:
        if self.folder:
            return list(doings_in(self.folder).values())
        doing = STANDING.now
        return [doing] if doing else []

    # -- the thread

    def _start(self) -> None:
        if self._screen is None or self._thread is not None:
            return
        self._began = self._last_end = self._last_line = time.monotonic()
        if self._live and self._reporter:
            self._reporter.showfspath = False  # names of files stand in front of dots
        self._thread = threading.Thread(target=self._watch, name="csi-progress", daemon=True)
        self._thread.start()

    def _stop(self) -> None:
        self._over.set()
        if self._thread:
            self._thread.join()
            self._thread = None
        if self._screen:
            self._screen.close()
            self._screen = None

    def _watch(self) -> None:
        screen = self._screen
        while screen is not None and not self._over.wait(FRAME):
            now = time.monotonic()
            if self._live:
                doing = telling.doing_in_words(self._doings(), now)
                screen.draw(REDACTOR.clean("; ".join(filter(None, (self._done(), doing)))))
            elif (silent := now - self._last_end) >= self._silence:
                self._silence *= 2
                for line in telling.hanging_in_words(self._doings(), now, silent):
                    screen.say(REDACTOR.clean(f"csi-snapshot {since_command():6.1f} s  {line}"))

    @pytest.hookimpl(optionalhook=True)
    def pytest_enter_pdb(self) -> None:
        """The debugger has the terminal."""
        if self._screen:
            self._screen.pause()

    @pytest.hookimpl(optionalhook=True)
    def pytest_leave_pdb(self) -> None:
        """The run goes on."""
        if self._screen:
            self._screen.resume()


def may_redraw(environment: Mapping[str, str], *, terminal: bool, verbosity: int, capture: str) -> bool:
    """On a terminal of a person that understands control characters, and where nobody else writes."""
    machine = environment.get("CI") or environment.get("BUILD_NUMBER")
    dumb = environment.get("TERM", "dumb") == "dumb"
    return terminal and not machine and not dumb and verbosity <= 0 and capture != "no"
