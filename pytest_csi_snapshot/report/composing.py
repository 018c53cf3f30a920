"""The report of a run that is under way or has ended, put together from what its parts know."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import pytest

from pytest_csi_snapshot.clock import since_command
from pytest_csi_snapshot.gating.settling import Settling
from pytest_csi_snapshot.gating.subject import errored
from pytest_csi_snapshot.report import surroundings
from pytest_csi_snapshot.report.building import (
    Failures,
    blank_clauses,
    outcome_of,
    reported_failure,
    reported_results,
    with_tests,
)
from pytest_csi_snapshot.report.concluding import NOT_ENDED, concluded, not_yet
from pytest_csi_snapshot.report.model import Report, ReportedTest
from pytest_csi_snapshot.report.pacing import time_of
from pytest_csi_snapshot.report.seen import Tests
from pytest_csi_snapshot.reporting import words
from pytest_csi_snapshot.session import cluster_of
from pytest_csi_snapshot.settings import Settings
from pytest_csi_snapshot.verdict import TestResult, Verdict


@dataclass(frozen=True)
class Ending:
    """How a run ended. ``at`` is in seconds since the epoch, 0 while it goes on; ``why`` are the reasons of the
    exit code that do not come from clauses."""

    at: float
    exit_code: int
    why: tuple[str, ...] = ()


class Composer:
    """Knows what does not change during a run."""

    def __init__(
        self,
        config: pytest.Config,
        settings: Settings,
        settling: Settling,
        *,
        name: Callable[[], str],
        asked: Sequence[str],
    ) -> None:
        self._config = config
        self._settings = settings
        self._settling = settling
        self._name = name
        self._began = time.time() - since_command()
        self._asked = tuple(asked)

    def compose(
        self, verdict: Verdict, tests: Tests, ending: Ending, *, further: Sequence[str], trouble: Iterable[str]
    ) -> Report:
        """The report; ``further`` are reasons besides what was asked for why the run is only a part.

        ``trouble`` are tests and files that errored without naming a clause; files are missing.
        """
        settings, cluster = self._settings, cluster_of(self._config)
        going = not ending.at
        further = [*further, *([NOT_ENDED] if going else [])]
        told = replace(verdict, selected=verdict.selected or bool(self._asked) or bool(further))
        rows, failures = self._rows(told, tests, cluster.versions if cluster else "")
        clauses = with_tests(blank_clauses(told.catalogue), rows, failures)
        known = {row.id for row in rows}
        files = [errored(nodeid) for nodeid in sorted(trouble) if nodeid not in known]
        report = Report(
            run=surroundings.run_of(
                self._config,
                settings,
                name=self._name(),
                began=self._began,
                ended=ending.at,
                asked=self._asked,
                further=further,
            ),
            implementation=surroundings.implementation_of(settings, cluster),
            cluster=surroundings.cluster_in(cluster, settings.csi_cluster),
            profile=surroundings.profile_of(settings, cluster),
            verdict=not_yet(clauses),
            missing=(*([NOT_ENDED] if going else []), *tests.crashes, *files),
            notes=tuple(tests.notes),
            time=time_of(rows, surroundings.workers_of(self._config)),
            clauses=clauses,
            tests=tuple(rows),
        )
        if going:
            return report
        return concluded(report, told, self._settling.judgement(), exit_code=ending.exit_code, why=ending.why)

    def _rows(self, verdict: Verdict, tests: Tests, versions: str) -> tuple[list[ReportedTest], Failures]:
        order = {clause.id: number for number, clause in enumerate(verdict.catalogue.clauses)}
        of_test: dict[str, list[TestResult]] = defaultdict(list)
        for each in verdict.results:
            of_test[each.nodeid].append(each)
        rows, failures = [], {}
        for row, why in tests.rows(self._began):
            found = [each.result for each in of_test.get(row.id, ())]
            results = reported_results(found, order)
            outcome, reason = outcome_of(results, row.pytest)
            seen_on = next((each.seen_on for each in found if each.seen_on), "")
            rows.append(replace(row, results=results, outcome=outcome, reason=reason or why, seen_on=seen_on))
            for result in found:
                clause = verdict.catalogue.by_id.get(result.clause)
                if clause is None or result.failure is None:
                    continue
                rerun = words.rerun_command(self._settings, row.id)
                told = reported_failure(
                    row.id, result, clause, versions=versions, rerun=rerun, evidence=row.evidence
                )
                if told:
                    failures[result.clause, row.id] = told
        return rows, failures
