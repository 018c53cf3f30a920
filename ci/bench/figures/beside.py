"""The nine common cases, by our suites and by Kubernetes' own tests, on one kind cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bench import kind_cluster, trials
from bench.e2e import programs, running
from bench.e2e.cases import CASES
from bench.e2e.running import E2eRun
from bench.figure import Budget, Measurement, Order, Taken
from bench.kind_cluster import KindCluster
from bench.troubles import BenchError

SUITES = "pytest_csi_snapshot/suites/"

OURS, THEIRS = "csi-snapshot", "e2e"
SERIAL = Budget("ours serial", "nine cases on kind, ours, serial", "s", 110.0)
PARALLEL = Budget("ours at 4", "nine cases on kind, ours, 4 processes", "s", 45.0)
E2E_SERIAL = Budget("e2e serial", "nine cases on kind, e2e, serial", "s")
E2E_PARALLEL = Budget("e2e at 4", "nine cases on kind, e2e, 4 processes", "s")
RATIO = Budget("ratio serial", "ours to e2e, serial", "x", 1.0)
RATIO_4 = Budget("ratio at 4", "ours to e2e, 4 processes", "x", 1.0)

PROCESSES = 4


def take(order: Order) -> Taken:
    """All four runs in turn, so often; on one cluster, which is brought up once and is no part of any figure."""
    programs.ginkgo()
    programs.e2e_test()
    values: dict[str, list[float]] = {each.name: [] for each in MEASUREMENT.budgets}
    rows: list[Mapping[str, object]] = []
    notes: list[str] = []
    with kind_cluster.kept(order.folder / "up") as cluster:
        order.say(f"cluster up: {cluster.cluster.versions}")
        for number in range(order.repetitions):
            folder = order.folder / str(number)
            ours, theirs = _ours(cluster, folder, order, 1), _theirs(cluster, folder, order, 1)
            ours_4 = _ours(cluster, folder, order, PROCESSES)
            theirs_4 = _theirs(cluster, folder, order, PROCESSES)
            walls = (ours.seconds, ours_4.seconds, theirs.seconds, theirs_4.seconds)
            ratios = (ours.seconds / theirs.seconds, ours_4.seconds / theirs_4.seconds)
            for budget, value in zip(MEASUREMENT.budgets, (*walls, *ratios), strict=True):
                values[budget.name].append(value)
            rows.append(compared(seconds_of(ours), seconds_of(ours_4), theirs, theirs_4))
            notes += [*_table(rows[-1]), *_amiss(theirs), *_amiss(theirs_4)]
    return Taken(values, tuple(notes), {"cases": rows})


def _ours(cluster: KindCluster, folder: Path, order: Order, processes: int) -> trials.Trial:
    tests = [f"{SUITES}{test}" for case in CASES for test in case.ours]
    several = ["-n", str(processes)] if processes > 1 else []
    trial = trials.run(
        folder / f"ours-{processes}",
        [*kind_cluster.WORDS, "--csi-reuse", *several, *tests],
        environment=cluster.environment,
    )
    red = [test.id for test in trial.report.tests if test.outcome not in ("passed", "skipped")]
    if red or len(trial.report.tests) != len(tests):
        raise BenchError(
            f"{len(trial.report.tests)} of {len(tests)} tests ran, not passed: {', '.join(red) or 'none'}"
        )
    order.say(f"ours, {processes} at once: {trial.seconds:.1f} s")
    return trial


def _theirs(cluster: KindCluster, folder: Path, order: Order, processes: int) -> E2eRun:
    run = running.run(CASES, cluster.driver, cluster.cluster.kubeconfig, folder / f"e2e-{processes}",
                      processes=processes)  # fmt: skip
    order.say(f"e2e, {processes} at once: {run.seconds:.1f} s")
    return run


def _amiss(run: E2eRun) -> list[str]:
    """A case that fails takes as long as it pleases: whoever compares has to know."""
    return [f"e2e's {each.name} {each.outcome}: {each.said}" for each in run.results if each.outcome != "passed"]


def seconds_of(trial: trials.Trial) -> Mapping[str, float]:
    """What each case took us: its tests' setup, body and clean-up, one after the other."""
    took = {test.id: test.phases.setup + test.phases.call + test.phases.teardown for test in trial.report.tests}
    found: dict[str, float] = {}
    for case in CASES:
        for test in case.ours:
            (seconds,) = (each for id_, each in took.items() if id_.endswith(test))
            found[case.name] = found.get(case.name, 0.0) + seconds
    return found


def compared(
    ours: Mapping[str, float], ours_4: Mapping[str, float], theirs: E2eRun, theirs_4: E2eRun
) -> Mapping[str, object]:
    """Case -> seconds of all four; the sums and the walls are told apart from them."""
    serial, parallel = ({each.name: each.seconds for each in run.results} for run in (theirs, theirs_4))
    return {
        case.name: {"ours": ours[case.name], "ours at 4": ours_4[case.name],
                    "e2e": serial[case.name], "e2e at 4": parallel[case.name],
                    "tests": list(case.ours), "looks at": case.looks_at}
        for case in CASES
    }  # fmt: skip


def _table(row: Mapping[str, object]) -> Sequence[str]:
    lines = [f"{'case':<26}{'ours':>8}{'e2e':>8}{'ratio':>8}{'ours -n 4':>12}{'e2e -n 4':>10}"]
    total = [0.0] * 4
    for name, told in row.items():
        assert isinstance(told, dict), "a row of cases has a mapping for each"
        ours, theirs, ours_4, theirs_4 = (told[key] for key in ("ours", "e2e", "ours at 4", "e2e at 4"))
        total = [sum(pair) for pair in zip(total, (ours, theirs, ours_4, theirs_4), strict=True)]
        lines.append(_row(name, ours, theirs, ours_4, theirs_4))
    return [*lines, _row("sum of cases", *total)]


def _row(name: str, ours: float, theirs: float, ours_4: float, theirs_4: float) -> str:
    ratio = ours / theirs if theirs else 0.0
    return f"{name:<26}{ours:>8.1f}{theirs:>8.1f}{ratio:>8.2f}{ours_4:>12.1f}{theirs_4:>10.1f}"


MEASUREMENT = Measurement(
    "side-by-side",
    "the nine cases of ci/bench/e2e/cases.py on one kind cluster with the reference driver and upstream's "
    "controllers: pytest and e2e.test, one after the other and in 4 processes; from each command to its end, the "
    "cluster being up",
    (SERIAL, PARALLEL, E2E_SERIAL, E2E_PARALLEL, RATIO, RATIO_4),
    take,
    repetitions=1,
    quick=1,
    asked_by="--side-by-side",
)
