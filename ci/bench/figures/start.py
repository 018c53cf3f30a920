"""How long somebody waits who types the command for the embedded cluster, until the first test runs."""

from __future__ import annotations

from bench import trials
from bench.figure import Budget, Measurement, Order, Taken

START = Budget("start", "command typed to first test, embedded", "s", 12.0)
END = Budget("end", "last test to the prompt", "s")
ONE_CLAUSE = "--csi-clauses=API-CLS-001"


def take(order: Order) -> Taken:
    """Runs of one short clause, each with a cluster of its own."""
    found = []
    for number in range(order.repetitions):
        trial = trials.run(order.folder / str(number), [*trials.REFERENCE, ONE_CLAUSE])
        order.say(f"first test after {trial.to_first_test:.1f} s")
        found.append(trial)
    ends = [trial.seconds - trial.to_first_test - _in_tests(trial) for trial in found]
    return Taken({START.name: [trial.to_first_test for trial in found], END.name: ends})


def _in_tests(trial: trials.Trial) -> float:
    phases = [test.phases for test in trial.report.tests]
    return sum(each.setup + each.call + each.teardown for each in phases)


MEASUREMENT = Measurement(
    "start",
    f"pytest {' '.join(trials.REFERENCE)} {ONE_CLAUSE}, from its start to the setup of its first test",
    (START, END),
    take,
    repetitions=5,
    quick=2,
)
