"""Settles the exit status of a run: the verdict does, by the gate, and not pytest's count of failed tests."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_csi_snapshot.gating.endings import Ending, ending_of, internal_error
from pytest_csi_snapshot.gating.judgement import Judgement
from pytest_csi_snapshot.gating.subject import Subject, crashed, errored, levels_of, said_in, versions_of
from pytest_csi_snapshot.gating.terms import Terms
from pytest_csi_snapshot.redacting import REDACTOR
from pytest_csi_snapshot.reporting.collector import Collector
from pytest_csi_snapshot.requirements import catalogue
from pytest_csi_snapshot.session import cluster_of
from pytest_csi_snapshot.verdict import Verdict


class Settling:
    """Watches how the session ends, in the process that the user started."""

    def __init__(self, config: pytest.Config, collector: Collector, terms: Terms) -> None:
        self.terms = terms
        self._config = config
        self._collector = collector
        self._stopped_by: BaseException | None = None
        self._internal = ""
        self._crashes: list[str] = []
        self._strange = ""
        self._ending = Ending()
        self.settled: int | None = None
        """The exit code, once it is settled."""

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Note what stopped the session: Ctrl-C, pytest.exit, or a stop that pytest makes of a limit."""
        self._stopped_by = excinfo.value

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Note an error of pytest, of a plugin, or of a worker."""
        self._internal = self._internal or REDACTOR.clean(internal_error(excinfo.typename, str(excinfo.value)))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Note a worker that died: some tests may not have been run, also where no test is named."""
        if error and str(error) != "keyboard-interrupt":
            self._crashes.append(f"{crashed(node.gateway.id)}: {next(iter(str(error).splitlines()), '')}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Settle the exit status; a wrong command line stays what it is."""
        limit = str(session.shouldfail or session.shouldstop or "")
        self._ending = ending_of(exitstatus, self._stopped_by, self._internal, limit)
        if self._ending.cut_short or self._crashes:
            self._collector.cut_short()
        if exitstatus == pytest.ExitCode.TESTS_FAILED and not self._collector.heard_failure:
            self._strange = "pytest reports a failure that is no test's"
        if exitstatus != pytest.ExitCode.USAGE_ERROR:
            self.settled = session.exitstatus = self.judgement().exit_code

    def judgement(self) -> Judgement:
        """The judgement on everything that was heard so far."""
        return self.terms.judge(self.subject())

    def verdict(self) -> Verdict:
        """The verdict on the same."""
        return self._collector.verdict()

    def subject(self) -> Subject:
        """The run so far."""
        verdict, cluster = self.verdict(), cluster_of(self._config)
        return Subject(
            {**levels_of(verdict.catalogue.clauses), **levels_of(catalogue().clauses)},
            said_in(verdict.results),
            versions_of(cluster.components, cluster.versions) if cluster else {},
            [self._ending.cut_short or "only a part was asked for"] if verdict.selected else [],
            [errored(nodeid) for nodeid in sorted(self._collector.trouble)] + self._crashes,
            [f"{nodeid}: failed" for nodeid in sorted(self._collector.other_failures)],
            self._ending.interrupted,
            self._ending.broken,
            self._ending.foreign,
            self._strange,
        )


class LastWord:
    """Keeps what was settled from plugins that mix pytest's count into the exit status, as syrupy does.

    Registered after Settling, and before whoever writes the exit status down at the end.
    """

    def __init__(self, settling: Settling) -> None:
        self._settling = settling

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Take pytest's count out again; what somebody has set of their own stays."""
        settled = self._settling.settled
        if settled is not None and int(session.exitstatus) == settled | int(exitstatus):
            session.exitstatus = settled
