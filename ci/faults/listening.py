"""The part of a pytest run that hears what its tests say about clauses, and ends it when enough is known.

It runs in the process of the tests, beside the plugin.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from pytest_csi_snapshot.ledger import LEAK_CLAUSE
from pytest_csi_snapshot.outcomes import ClauseResult, Outcome
from pytest_csi_snapshot.reporting import words
from pytest_csi_snapshot.reporting.collector import payload_of
from pytest_csi_snapshot.requirements import OWNERS, catalogue
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.selection import carried_by
from pytest_csi_snapshot.session import cluster_of
from pytest_csi_snapshot.settings import SETTINGS

from .observing import Row

HURRY = 3.0
"""Seconds for the end of what a test has made, where nothing more is to be learned from it."""


class Listener:
    """Hooks of one run. ``wanted`` are the clauses to turn red; with none every test is run.

    ``instead`` are clauses that matter only while none at all is red: where the wanted ones have missed it.
    After ``patience`` seconds no further test is begun. ``tell`` is called after each test: a run that hangs
    later has told what it saw.
    """

    def __init__(
        self,
        wanted: Sequence[str],
        patience: float,
        tell: Callable[[Listener], None],
        instead: Sequence[str] = (),
    ) -> None:
        self._tell = tell
        self._wanted = frozenset(wanted)
        self._instead = frozenset(instead)
        self._until = time.monotonic() + patience
        self._config: pytest.Config | None = None
        self._hurried = False
        self.rows: list[Row] = []
        self.trouble: list[str] = []

    def pytest_configure(self, config: pytest.Config) -> None:
        """Keep what the words of a report need."""
        self._config = config

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Run the tests that can still tell something new, each with fixtures of its own."""
        if session.testsfailed or session.config.option.collectonly:
            return None
        for item in session.items:
            if not self.tells_more(item):
                continue
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            self._tell(self)
            if session.shouldfail or session.shouldstop:
                self.trouble.append(str(session.shouldfail or session.shouldstop))
                break
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        """Where all that is wanted is known, do not wait for what a fault may hold for ever: others clear it."""
        scenario = getattr(item, "funcargs", {}).get("csi")
        if self._wanted and isinstance(scenario, Scenario) and not self._open():
            scenario.ledger.hurry(HURRY)
            self._hurried = True

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what a phase says about clauses."""
        body = payload_of(report)
        if body is None:
            if report.failed:
                self.trouble.append(f"{report.nodeid}: {report.when}: {report.longreprtext[-500:]}")
            return
        results = [ClauseResult.from_plain(plain) for plain in body["results"]]
        if self._hurried:  # what had no time to go is no leak
            results = [result for result in results if result.clause != LEAK_CLAUSE]
        self.rows += [self._row(report.nodeid, result) for result in results]
        if report.failed and not body["results"]:
            self.trouble.append(f"{report.nodeid}: {report.when}: {report.longreprtext[-500:]}")

    def tells_more(self, item: pytest.Item) -> bool:
        """Whether a test can still tell what is wanted."""
        if not self._wanted:
            return True
        return time.monotonic() < self._until and not self._open().isdisjoint(carried_by(item))

    def _open(self) -> frozenset[str]:
        """The clauses that are still to turn red."""
        red = {row.clause for row in self.rows if row.outcome == Outcome.FAILED}
        return (self._wanted if red else self._wanted | self._instead) - red

    def _row(self, test: str, result: ClauseResult) -> Row:
        if result.failure is None or self._config is None:
            return Row(test, result.clause, result.outcome, result.reason)
        failure, clause = result.failure, catalogue().by_id[result.clause]
        cluster = cluster_of(self._config)
        settings = self._config.stash[SETTINGS]
        # How long is waited here is nobody's business who runs it again.
        plain = replace(settings, sources={**settings.sources, "csi_slow_factor": "default"})
        text = words.failure_lines(
            failure,
            clause,
            versions=cluster.versions if cluster else "",
            rerun=words.rerun_command(plain, test),
            seen_on=result.seen_on,
        )
        name = re.sub(r"\[.*", "", test.rpartition("::")[2])
        named = tuple(owner_named(one) for one in failure.blame.split(", ") if one)
        blamed = named or clause.blamed
        return Row(
            test, result.clause, result.outcome, result.reason, blamed, (f"FAILED {clause.id}  {name}", *text)
        )


def owner_named(blamed: str) -> str:
    """The component that a word of blame means: a key of OWNERS, or its name with what is known of it besides."""
    names = (name for name in OWNERS.values() if blamed == name or blamed.startswith(f"{name} "))
    return OWNERS.get(blamed) or next(names, blamed)
