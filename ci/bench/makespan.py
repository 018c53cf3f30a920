"""The makespan of the whole suite, held against what it could not be less than.

That is the longer of the longest test, and the CPU seconds of all processes of the run (the control plane, the
driver, the pods and the workers) divided by the cores. Makespan is from the beginning of the first test to the end
of the last; CPU seconds are those of the whole run, with its start.

    PYTHONPATH=ci python -m bench.makespan [-n WORKERS] [pytest arguments]

Exit status 1 if it is more than 1.3 times that, or if the run did not end as it should.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.cpu_account import account
from pytest_csi_snapshot.errors import UsageTrouble
from pytest_csi_snapshot.report.document import read_report
from pytest_csi_snapshot.report.model import Report, ReportedTest
from pytest_csi_snapshot.scheduling.workers import cores

BUDGET = 1.3
HARNESS = 0.10
"""Share of the wall time of tests that may be the harness's."""


@dataclass(frozen=True)
class Figure:
    """One measured number; ``budget`` is the most that it may be, 0 where there is none."""

    name: str
    value: float
    unit: str
    budget: float = 0.0

    @property
    def kept(self) -> bool:
        """Whether it is within its budget."""
        return not self.budget or self.value <= self.budget


@dataclass(frozen=True)
class Measured:
    """A run: its figures, the tests of its critical path, and what the run said where it did not end well."""

    figures: tuple[Figure, ...]
    critical: tuple[tuple[str, float], ...]
    trouble: str = ""


def measure(arguments: Sequence[str] = (), *, workers: str = "auto") -> Measured:
    """Run everything on the bundled driver, or what ``arguments`` for pytest choose."""
    with tempfile.TemporaryDirectory() as folder:
        report_folder = Path(folder, "report")
        command = [sys.executable, "-m", "pytest", "--csi-driver=reference", "-n", workers]
        command += [f"--csi-report={report_folder}", *arguments]
        with account() as cpu:
            ended = subprocess.run(
                cpu.inside(command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
            used = cpu.seconds()
        try:
            report = read_report(report_folder)
        except UsageTrouble as error:
            raise SystemExit(f"{' '.join(command)} left no report: {error}\n{ended.stdout}") from error
    return judged(report, used, cores(), ended.stdout if ended.returncode else "")


def judged(report: Report, cpu: float, cores: int, trouble: str = "") -> Measured:
    """The figures of a run that used so many CPU seconds on so many cores."""
    time, lengths = report.time, {test.id: _seconds(test) for test in report.tests}
    longest = lengths.get(time.longest, 0.0)
    bound = max(longest, cpu / cores)
    whole = time.seconds.total
    figures = (
        Figure("makespan", time.makespan, "s"),
        Figure("workers", report.run.workers, ""),
        Figure("longest test", longest, "s"),
        Figure("CPU of all processes", cpu, "s"),
        Figure("CPU by cores", cpu / cores, "s"),
        Figure("least that the cluster allows", time.least, "s"),
        Figure("on the critical path", time.on_path.total, "s"),
        Figure("makespan / max(longest, CPU by cores)", time.makespan / bound if bound else 0.0, "", BUDGET),
        Figure("harness's share of the tests", time.seconds.harness / whole if whole else 0.0, "", HARNESS),
    )
    path = tuple((test, lengths[test]) for test in time.critical)
    return Measured(figures, path, trouble)


def _seconds(test: ReportedTest) -> float:
    return test.phases.setup + test.phases.call + test.phases.teardown


def lines(measured: Measured) -> list[str]:
    """The table, and the critical path, longest tests first."""
    rows = [f"{'figure':<40}{'value':>10}  {'at most':>10}"]
    for figure in measured.figures:
        limit = f"{figure.budget:.2f} {'kept' if figure.kept else 'broken'}" if figure.budget else ""
        rows.append(f"{figure.name:<40}{figure.value:>10.2f}{figure.unit:<2}{limit:>14}".rstrip())
    longest = sorted(measured.critical, key=lambda each: -each[1])[:10]
    rows.append(f"critical path: {len(measured.critical)} tests, of which the longest:")
    return [*rows, *(f"{seconds:>8.1f} s  {test}" for test, seconds in longest)]


def main(argv: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("-n", "--workers", default="auto")
    options, further = parser.parse_known_args(argv)
    measured = measure(further, workers=options.workers)
    print(*lines(measured), sep="\n")
    if measured.trouble:
        print(measured.trouble, file=sys.stderr)
    return 0 if all(figure.kept for figure in measured.figures) and not measured.trouble else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
