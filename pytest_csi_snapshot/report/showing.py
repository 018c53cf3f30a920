"""A report in lines: what the terminal said at the end of the run."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_csi_snapshot.outcomes import Outcome
from pytest_csi_snapshot.report.model import Report
from pytest_csi_snapshot.report.pacing import lines_about
from pytest_csi_snapshot.report.rejudging import verdict_of
from pytest_csi_snapshot.reporting import summary, words
from pytest_csi_snapshot.verdict import Verdict

_OTHERS = (Outcome.ERRORED, Outcome.UNKNOWN, Outcome.SKIPPED, Outcome.NOT_SUPPORTED)


def shown(report: Report) -> Iterator[str]:
    """The lines."""
    verdict = verdict_of(report)
    yield from _head(report)
    rows = summary.table(verdict)
    yield from ["", *summary.aligned(rows)] if len(rows) > 1 else []
    yield from _failures(report, verdict)
    for outcome in _OTHERS:
        lines = summary.grouped(verdict.of(outcome), by_test=outcome is not Outcome.NOT_SUPPORTED)
        yield from ["", *(f"{outcome}: {line}" for line in lines)] if lines else []
    yield from summary.on_companions(verdict)
    yield ""
    yield from lines_about(report.time, report.tests, report.run.workers)
    yield from (f"waiver, {waiver.state}: {waiver.told or waiver.clause}" for waiver in report.waivers)
    yield from report.notes
    yield from (f"missing: {line}" for line in report.missing)
    yield from (f"only a part: {line}" for line in report.run.partial)
    yield f"Result: {report.verdict.sentence}"
    yield f"Exit code {report.verdict.exit_code}" + (
        f": {'; '.join(why)}" if (why := report.verdict.reasons) else ""
    )


def _head(report: Report) -> Iterator[str]:
    driver = report.implementation
    kind = " (reference)" if driver.reference else ""
    yield f"driver {driver.driver}{kind}, cluster {report.cluster.provider}"
    yield from [report.cluster.versions] if report.cluster.versions else []
    took = f", {words.show_seconds(report.run.seconds)}" if report.run.ended else ""
    yield f"run {report.run.id} of {report.run.began}{took}: {report.run.command}"


def _failures(report: Report, verdict: Verdict) -> Iterator[str]:
    rerun = {(clause.id, each.test): each.rerun for clause in report.clauses for each in clause.failures}
    for first, others in summary.grouped_failures(verdict):
        failure, clause = first.result.failure, verdict.catalogue.by_id.get(first.result.clause)
        if failure is None or clause is None:
            continue
        known = first.result.excuse
        yield ""
        yield f"{'DEVIATES' if known else 'FAILED'} {clause.id}  {first.nodeid.rpartition('::')[2]}"
        yield from words.failure_lines(
            failure,
            clause,
            versions=report.cluster.versions,
            rerun=rerun.get((clause.id, first.nodeid), ""),
            seen_on=first.result.seen_on,
            known=known,
        )
        if others:
            yield f"  {'also in':<14} {', '.join(each.nodeid for each in others)}"
