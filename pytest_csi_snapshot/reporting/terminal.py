"""The run on the terminal: the header, and the section that ends it.

A clause that failed is told once, here; pytest's own block for the same test is put aside. Tests that errored keep
their traceback.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.declared import undeclared
from pytest_csi_snapshot.gating.judgement import Judgement
from pytest_csi_snapshot.gating.settling import Settling
from pytest_csi_snapshot.gating.telling import Tone, exit_lines, gate_lines
from pytest_csi_snapshot.options import OPTIONS
from pytest_csi_snapshot.outcomes import Outcome
from pytest_csi_snapshot.report.pacing import lines_about, time_of
from pytest_csi_snapshot.report.seen import Tests
from pytest_csi_snapshot.report.surroundings import workers_of
from pytest_csi_snapshot.reporting import summary, words
from pytest_csi_snapshot.reporting.collector import Collector, payload_of
from pytest_csi_snapshot.reporting.places import below_report, places
from pytest_csi_snapshot.session import ClusterOwner, cluster_of
from pytest_csi_snapshot.settings import Settings
from pytest_csi_snapshot.verdict import ProfileResult, Verdict

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

TITLE = "CSI snapshot conformance"
_MARKUP: dict[Outcome, dict[str, bool]] = {
    Outcome.FAILED: {"red": True},
    Outcome.ERRORED: {"red": True},
    Outcome.UNKNOWN: {"yellow": True},
    Outcome.SKIPPED: {"yellow": True},
    Outcome.NOT_SUPPORTED: {},
    Outcome.PASSED: {"green": True},
}
_TONES: dict[Tone, dict[str, bool]] = {
    "plain": {},
    "good": {"green": True},
    "doubtful": {"yellow": True},
    "bad": {"red": True},
}


class Header:
    """What is tested, where, and by which settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def pytest_report_header(self, config: pytest.Config) -> list[str]:
        """Lines below pytest's own."""
        cluster = cluster_of(config)
        driver = self._settings.driver_name + (" (reference)" if self._settings.is_reference else "")
        lines = [f"csi-snapshot: driver {driver}, cluster {self._settings.csi_cluster}"]
        if self._settings.at_socket_only:
            name = f"driver {cluster.driver}" if cluster else "driver"
            lines = [f"csi-snapshot: {name} at {self._settings.csi_endpoint}, no cluster"]
        if cluster and cluster.versions:
            lines.append(f"csi-snapshot: {cluster.versions}")
        if cluster and cluster.run_dir and cluster.provider == "embedded":
            lines.append(f"csi-snapshot: logs in {cluster.run_dir}")
        profile = self._settings.profile
        lines += [f"csi-snapshot: profile {profile.origin}: {remark}" for remark in profile.remarks]
        return [*lines, f"csi-snapshot: settings: {settings_line(self._settings)}"]


class Aside:
    """Keeps what the section tells out of pytest's FAILURES and ERRORS, while these are printed."""

    def __init__(self) -> None:
        self._aside: dict[str, list[Any]] = {}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> Generator[None, None, None]:
        """Outermost: before pytest prints its sections."""
        stats = terminalreporter.stats
        for kind in ("failed", "error"):
            if kind in stats:
                self._aside[kind] = stats[kind]
                stats[kind] = [report for report in stats[kind] if not _told(report)]
        yield
        self.put_back(terminalreporter)

    def put_back(self, terminalreporter: TerminalReporter) -> None:
        """Undo, so that the short summary and the counts are right."""
        terminalreporter.stats.update(self._aside)
        self._aside = {}


class Section:
    """The section "CSI snapshot conformance"."""

    def __init__(
        self,
        settings: Settings,
        collector: Collector,
        settling: Settling,
        owner: ClusterOwner | None,
        aside: Aside,
        tests: Tests,
    ) -> None:
        self._settings = settings
        self._collector = collector
        self._settling = settling
        self._owner = owner
        self._aside = aside
        self._tests = tests
        self._told = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_terminal_summary(
        self, terminalreporter: TerminalReporter, exitstatus: int, config: pytest.Config
    ) -> None:
        """After FAILURES, before the short summary."""
        self._aside.put_back(terminalreporter)
        self._told = True
        if exitstatus == pytest.ExitCode.USAGE_ERROR:
            return
        verdict = self._collector.verdict()
        cluster = cluster_of(config)
        terminalreporter.write_sep("=", TITLE)
        self._write_table(terminalreporter, verdict)
        self._write_failures(terminalreporter, verdict, cluster.versions if cluster else "")
        for outcome in (Outcome.ERRORED, Outcome.UNKNOWN, Outcome.SKIPPED, Outcome.NOT_SUPPORTED):
            self._write_others(terminalreporter, verdict, outcome)
        for line in summary.on_companions(verdict):
            terminalreporter.write_line(line)
        self._write_profile(terminalreporter, verdict, cluster)
        self._write_times(terminalreporter, workers_of(config))
        judgement = self._settling.judgement()
        for line, tone in gate_lines(judgement, self._settling.terms.baseline):
            terminalreporter.write_line(line, **_TONES[tone])
        for line in places(config, self._settings):
            terminalreporter.write_line(line)
        self._write_end(terminalreporter, verdict, judgement)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None, object, object]:
        """Where pytest prints no summary (an internal error, a strange exit code), say at least how ours ends."""
        result = yield
        reporter: TerminalReporter | None = session.config.pluginmanager.get_plugin("terminalreporter")
        if reporter and not self._told and exitstatus != pytest.ExitCode.USAGE_ERROR:
            self._write_end(reporter, self._collector.verdict(), self._settling.judgement())
        return result

    def _write_end(self, reporter: TerminalReporter, verdict: Verdict, judgement: Judgement) -> None:
        good = verdict.result in (ProfileResult.CONFORMANT, ProfileResult.PARTIAL) and not judgement.exit_code
        result = f"Result: {summary.result_in_words(verdict, waived=len(judgement.waived))}"
        reporter.write_line(result, bold=True, green=good, red=not good)
        for line in exit_lines(judgement):
            reporter.write_line(line, green=not judgement.exit_code, red=bool(judgement.exit_code))

    def _write_table(self, reporter: TerminalReporter, verdict: Verdict) -> None:
        rows = summary.table(verdict)
        if len(rows) == 1:
            return
        for number, line in enumerate(summary.aligned(rows)):
            reporter.write_line(line, bold=not number, red="failed" in line)

    def _write_failures(self, reporter: TerminalReporter, verdict: Verdict, versions: str) -> None:
        for first, others in summary.grouped_failures(verdict):
            failure, clause = first.result.failure, verdict.catalogue.by_id.get(first.result.clause)
            if failure is None or clause is None:
                continue
            reporter.write_line("")
            known = first.result.excuse
            heading = f"{'DEVIATES' if known else 'FAILED'} {clause.id}  {first.nodeid.rpartition('::')[2]}"
            reporter.write_line(heading, red=not known, yellow=bool(known), bold=True)
            rerun = words.rerun_command(self._settings, first.nodeid)
            told = words.failure_lines(
                failure, clause, versions=versions, rerun=rerun, seen_on=first.result.seen_on, known=known,
                evidence=below_report(self._settings, self._collector.evidence.get(first.nodeid, "")),
            )  # fmt: skip
            for line in told:
                reporter.write_line(line)
            if others:
                reporter.write_line(f"  {'also in':<14} {', '.join(each.nodeid for each in others)}")

    def _write_others(self, reporter: TerminalReporter, verdict: Verdict, outcome: Outcome) -> None:
        lines = summary.grouped(verdict.of(outcome), by_test=outcome is not Outcome.NOT_SUPPORTED)
        if lines:
            reporter.write_line("")
        for line in lines:
            reporter.write_line(f"{outcome}: {line}", **_MARKUP[outcome])

    def _write_profile(self, reporter: TerminalReporter, verdict: Verdict, cluster: Cluster | None) -> None:
        shown = cluster.observed if cluster else ()
        lines = list(undeclared(self._settings.profile, shown, verdict.results, verdict.catalogue))
        for line in ["", *lines] if lines else []:
            reporter.write_line(line)

    def _write_times(self, reporter: TerminalReporter, workers: int) -> None:
        reporter.write_line("")
        if self._collector.first_test_after is not None:
            first = words.show_seconds(self._collector.first_test_after)
            what = "driver reached" if self._settings.at_socket_only else "cluster up"
            up = f"{what} after {words.show_seconds(self._owner.up_after)}, " if self._owner else ""
            reporter.write_line(f"{up}first test after {first} (since the command was typed)")
        rows = [row for row, _ in self._tests.rows(0.0)]
        for line in lines_about(time_of(rows, workers), rows, workers):
            reporter.write_line(line)


def settings_line(settings: Settings) -> str:
    """Every setting that has a value, with where it came from."""
    parts = []
    for option in OPTIONS:
        value = settings.value_of(option.name)
        if value in ("", False, (), 0):
            continue
        text = ",".join(value) if isinstance(value, tuple) else words.show(value)
        parts.append(f"{option.name.removeprefix('csi_')}={text} ({settings.sources[option.name]})")
    return ", ".join(parts)


def _told(report: Any) -> bool:
    body = payload_of(report) if isinstance(report, pytest.TestReport) else None
    return bool(body and body.get("told"))
