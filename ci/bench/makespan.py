"""The makespan of a run, held against what it could not be less than.

That is the longer of the longest test, and the CPU seconds of all processes of the run (the control plane, the
driver, the pods and the workers) divided by the cores. Makespan is from the beginning of the first test to the end
of the last; CPU seconds are those of the whole run, with its start.
"""

from __future__ import annotations

from pytest_csi_snapshot.report.model import Report, ReportedTest

from .figure import Budget

MAKESPAN = Budget("makespan", "makespan, to max(longest test, CPU / cores)", "x", 1.3)
SHOWN = 5
"""Tests of the critical path that are told."""


def ratio(report: Report, cpu: float, cores: int) -> float:
    """The makespan of a run that used so many CPU seconds on so many cores, to the least that it could be."""
    return report.time.makespan / max(longest(report), cpu / cores)


def longest(report: Report) -> float:
    """Seconds of the longest test, its setup and teardown included."""
    return max(map(_seconds, report.tests))


def told(report: Report, cpu: float, cores: int) -> tuple[str, ...]:
    """What the ratio is made of, what the cluster sets, and the critical path with its longest tests first."""
    time, lengths = report.time, {test.id: _seconds(test) for test in report.tests}
    path = sorted(time.critical, key=lambda test: -lengths[test])
    longest_first = ", ".join(f"{test} {lengths[test]:.1f} s" for test in path[:SHOWN])
    parts = f"makespan {time.makespan:.1f} s of {report.run.workers} workers; longest test {longest(report):.1f} s"
    least = f"least that the cluster allows {time.least:.1f} s; on the critical path {time.on_path.total:.1f} s"
    return (
        f"{parts}, CPU of all processes {cpu:.1f} s on {cores} cores",
        f"{least}, {len(path)} tests, of which the longest: {longest_first}",
    )


def _seconds(test: ReportedTest) -> float:
    return test.phases.setup + test.phases.call + test.phases.teardown
