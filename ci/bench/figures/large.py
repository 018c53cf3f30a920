"""What a run costs in a cluster with tens of thousands of objects of somebody else."""

from __future__ import annotations

from bench import large_cluster, trials
from bench.figure import Budget, Measurement, Order, Taken

OBJECTS = 20_000
"""Of each of four kinds."""

MEMORY = Budget("large memory", "memory of a worker in a large cluster", "MB", 200.0, by="max")
FIRST = Budget("large first process", "memory of the first process there", "MB")
START = Budget("large start", "command typed to first test there", "s", 20.0)
WHOLE = Budget("large whole", "a few tests there", "s")
ANSWERED = Budget("large answered", "objects put there to a snapshot made", "s")
SWEEP = Budget("large sweep", "looking for leftovers there", "s")
SWEEP_MEMORY = Budget("large sweep memory", "memory of that", "MB")


def take(order: Order, each: int = OBJECTS) -> Taken:
    """A cluster for each repetition; every one is measured empty before, too."""
    found = []
    for number in range(order.repetitions):
        folder = order.folder / str(number)
        found.append(large_cluster.measure(folder, each))
        order.say(f"{found[-1].objects} objects put in {found[-1].filled:.0f} s")
    return taken(found)


def taken(found: list[large_cluster.Crowded]) -> Taken:
    """Figures of some clusters."""
    runs = [_of(each.run) for each in found]
    values = {name: [run[name] for run in runs] for name in (FIRST.name, START.name, WHOLE.name)}
    values[MEMORY.name] = [worker.peak for each in found for worker in each.run.workers]
    values[ANSWERED.name] = [each.answered for each in found]
    values[SWEEP.name] = [each.sweep.seconds for each in found]
    values[SWEEP_MEMORY.name] = [max(process.peak for process in each.sweep.processes) for each in found]
    return Taken(
        values, tuple(f"{each.objects} objects; in the empty cluster: {_told(each.empty)}" for each in found)
    )


def _of(trial: trials.Trial) -> dict[str, float]:
    return {
        MEMORY.name: max(worker.peak for worker in trial.workers),
        FIRST.name: max(process.peak for process in trial.processes if not process.tests),
        START.name: trial.to_first_test,
        WHOLE.name: trial.seconds,
    }


def _told(trial: trials.Trial) -> str:
    values = _of(trial)
    return ", ".join(
        f"{budget.title.removesuffix(' there')} {values[budget.name]:.1f} {budget.unit}"
        for budget in (START, WHOLE, MEMORY, FIRST)
    )


RUN = f"pytest --csi-driver={large_cluster.DRIVER} {large_cluster.SELECTION} -n {large_cluster.WORKERS}"

MEASUREMENT = Measurement(
    "large",
    f"{RUN} on an embedded cluster with {OBJECTS} claims, volumes, snapshots and contents each, of a driver that "
    "is not there; then pytest --csi-sweep",
    (START, MEMORY, FIRST, WHOLE, ANSWERED, SWEEP, SWEEP_MEMORY),
    take,
    repetitions=1,
    quick=1,
    asked_by="--large",
)
