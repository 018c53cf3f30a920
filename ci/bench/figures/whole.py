"""The whole suite on the embedded cluster, with 1, 2, 4 and 8 workers, and how far that is from the least."""

from __future__ import annotations

from bench import makespan, trials
from bench.figure import Budget, Measurement, Order, Taken
from bench.figures import suite
from bench.makespan import MAKESPAN
from pytest_csi_snapshot.scheduling.workers import cores

WORKERS = (1, 2, 4, 8)
MEASURED = 4
"""Workers for which the design has a budget."""

RUNS = {
    workers: Budget(
        f"whole -n {workers}", f"whole suite, -n {workers}", "s", 240.0 if workers == MEASURED else None
    )
    for workers in WORKERS
}


def take(order: Order) -> Taken:
    """One run for each number of workers, so often."""
    values: dict[str, list[float]] = {budget.name: [] for budget in (*RUNS.values(), MAKESPAN)}
    measured = []
    for number in range(order.repetitions):
        for workers, budget in RUNS.items():
            words = [*trials.REFERENCE, "-n", str(workers)]
            trial = trials.run(order.folder / f"{number}-{workers}", words, cpu=True)
            order.say(f"-n {workers}: {trial.seconds:.0f} s, {trial.cpu:.0f} s of CPU, {trial.code=}")
            values[budget.name].append(trial.seconds)
            if workers == MEASURED:
                measured.append(trial)
                values[MAKESPAN.name].append(makespan.ratio(trial.report, trial.cpu, cores()))
    of_suite = suite.taken(measured)
    spans = [line for trial in measured for line in makespan.told(trial.report, trial.cpu, cores())]
    return Taken({**values, **of_suite.values}, (*spans, *of_suite.notes), of_suite.details)


MEASUREMENT = Measurement(
    "whole",
    f"pytest {' '.join(trials.REFERENCE)} -n {', '.join(map(str, WORKERS))}, each on a cluster of its own, which "
    f"is a part of the time; makespan, memory, requests and shares are those of -n {MEASURED}; CPU is that of a "
    "control group, with all that a cluster starts",
    (*RUNS.values(), MAKESPAN, *suite.MEASUREMENT.budgets),
    take,
    repetitions=1,
    quick=1,
    asked_by="--whole",
)
