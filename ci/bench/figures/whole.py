"""The whole suite on the embedded cluster, with 1, 2, 4 and 8 workers, and how far that is from the least."""

from __future__ import annotations

import os

from bench import trials
from bench.figure import Budget, Measurement, Order, Taken
from bench.figures import suite

WORKERS = (1, 2, 4, 8)
MEASURED = 4
"""Workers for which the design has a budget."""

RUNS = {
    workers: Budget(
        f"whole -n {workers}", f"whole suite, -n {workers}", "s", 240.0 if workers == MEASURED else None
    )
    for workers in WORKERS
}
MAKESPAN = Budget("makespan", "-n 4, to max(longest test, CPU / processors)", "x", 1.3)


def take(order: Order) -> Taken:
    """One run for each number of workers, so often."""
    values: dict[str, list[float]] = {budget.name: [] for budget in MEASUREMENT.budgets}
    measured = []
    for number in range(order.repetitions):
        for workers, budget in RUNS.items():
            trial = trials.run(order.folder / f"{number}-{workers}", [*trials.REFERENCE, "-n", str(workers)])
            order.say(f"-n {workers}: {trial.seconds:.0f} s, {trial.cpu:.0f} s of CPU, {trial.code=}")
            values[budget.name].append(trial.seconds)
            if workers == MEASURED:
                measured.append(trial)
                values[MAKESPAN.name].append(trial.seconds / least(trial))
    of_suite = suite.taken(measured)
    return Taken({**values, **of_suite.values}, of_suite.notes, of_suite.details)


def least(trial: trials.Trial) -> float:
    """Seconds that such a run takes at the very least on this machine."""
    longest = max(test.phases.setup + test.phases.call + test.phases.teardown for test in trial.report.tests)
    return max(longest, trial.cpu / (os.cpu_count() or 1))


MEASUREMENT = Measurement(
    "whole",
    f"pytest {' '.join(trials.REFERENCE)} -n {', '.join(map(str, WORKERS))}, each on a cluster of its own, which "
    f"is a part of the time; memory, requests and shares are those of -n {MEASURED}",
    (*RUNS.values(), MAKESPAN, *suite.MEASUREMENT.budgets),
    take,
    repetitions=1,
    quick=1,
    asked_by="--whole",
)
