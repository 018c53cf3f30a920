"""The nine common cases, by our suites and by Kubernetes' own tests, on one kind cluster."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from bench import kind_cluster, trials
from bench.e2e import programs, running
from bench.e2e.cases import CASES
from bench.e2e.running import E2eRun
from bench.figure import Budget, Measurement, Order, Taken
from bench.kind_cluster import KindCluster
from bench.troubles import BenchError

SUITES = "pytest_csi_snapshot/suites/"

OURS, THEIRS, RATIO = "ours", "e2e", "ratio"

AT_MOST = {1: 110.0, 4: 45.0}
"""Processes -> seconds that ours may take."""


def take(order: Order, processes: int) -> Taken:
    """Ours and theirs in turn, so often, on one cluster, which is brought up before and is part of no figure."""
    programs.ginkgo()
    programs.e2e_test()
    ours_s: list[float] = []
    theirs_s: list[float] = []
    rows: list[dict[str, dict[str, object]]] = []
    notes: list[str] = []
    with kind_cluster.kept(order.folder / "up") as cluster:
        order.say(f"cluster up: {cluster.cluster.versions}")
        for number in range(order.repetitions):
            folder = order.folder / str(number)
            ours, theirs = _ours(cluster, folder, order, processes), _theirs(cluster, folder, order, processes)
            ours_s.append(ours.seconds)
            theirs_s.append(theirs.seconds)
            rows.append(compared(seconds_of(ours), theirs))
            notes += [*_table(rows[-1]), *_amiss(theirs)]
    ratios = [mine / other for mine, other in zip(ours_s, theirs_s, strict=True)]
    return Taken({OURS: ours_s, THEIRS: theirs_s, RATIO: ratios}, tuple(notes), {"cases": rows})


def _ours(cluster: KindCluster, folder: Path, order: Order, processes: int) -> trials.Trial:
    tests = [f"{SUITES}{test}" for case in CASES for test in case.ours]
    several = ["-n", str(processes)] if processes > 1 else []
    trial = trials.run(
        folder / f"ours-{processes}",
        [*kind_cluster.WORDS, "--csi-reuse", *several, *tests],
        environment=cluster.environment,
    )
    red = [f"{test.id} {test.outcome}: {test.reason}" for test in trial.report.tests
           if test.outcome not in ("passed", "skipped")]  # fmt: skip
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


def compared(ours: Mapping[str, float], theirs: E2eRun) -> dict[str, dict[str, object]]:
    """Case -> seconds of both, and what it is."""
    seconds = {each.name: each.seconds for each in theirs.results}
    return {
        case.name: {OURS: ours[case.name], THEIRS: seconds[case.name], "tests": list(case.ours),
                    "looks at": case.looks_at}
        for case in CASES
    }  # fmt: skip


def _table(rows: Mapping[str, Mapping[str, object]]) -> list[str]:
    pairs = {name: (float(str(row[OURS])), float(str(row[THEIRS]))) for name, row in rows.items()}
    sums = [sum(column) for column in zip(*pairs.values(), strict=True)]
    lines = [f"{'case, seconds':<28}{'ours':>8}{'e2e':>8}{'ratio':>8}"]
    return [*lines, *(_row(name, *pair) for name, pair in pairs.items()), _row("sum", *sums)]


def _row(name: str, ours: float, theirs: float) -> str:
    return f"{name:<28}{ours:>8.1f}{theirs:>8.1f}{ours / theirs if theirs else 0.0:>8.2f}"


def _measurement(name: str, processes: int) -> Measurement:
    way = "one after the other" if processes == 1 else f"in {processes} processes"
    return Measurement(
        name,
        f"the nine cases of ci/bench/e2e/cases.py on one kind cluster with the reference driver and upstream's "
        f"controllers, by pytest and by e2e.test, {way}; from each command to its end, the cluster being up",
        (
            Budget(OURS, f"nine cases on kind, {way}, ours", "s", AT_MOST[processes]),
            Budget(THEIRS, f"nine cases on kind, {way}, e2e", "s"),
            Budget(RATIO, f"ours to e2e, {way}", "x", 1.0),
        ),
        partial(take, processes=processes),
        repetitions=1,
        quick=1,
        asked_by="--side-by-side",
    )


SERIAL, PARALLEL = _measurement("side-by-side", 1), _measurement("side-by-side-4", 4)
