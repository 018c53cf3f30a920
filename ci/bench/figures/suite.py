"""What a run of the suites costs: memory of its workers, API requests, the harness's share, late waits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from bench import trials
from bench.figure import Budget, Measurement, Order, Taken

MEMORY = Budget("worker memory", "memory of a worker, at its most", "MB", 150.0, by="max")
SHARE = Budget("harness share", "harness's share of the tests' time", "%", 10.0)
ASKED = Budget("requests", "API requests of a test, without watches", "")
WATCHES = Budget("watches", "watches that a test opens", "")
LATE = Budget("late", "event there to the test going on, in tests", "ms", 20.0)
LATEST = Budget("late p99", "the same, 99 of 100", "ms", 100.0, by="p99")

WORKERS = 4
SELECTION = "--csi-clauses=SNAP-DYN,SNAP-PRE,BIND,DEL,FIN,RES,CLN,EXP-005,EXP-009,EXP-019"
"""About a third of the suites: all that users do every day. ``whole`` measures the rest."""


def take(order: Order) -> Taken:
    """So many runs; values of all workers, tests and waits of all of them together."""
    found = []
    for number in range(order.repetitions):
        words = [*trials.REFERENCE, SELECTION, "-n", str(WORKERS)]
        found.append(trials.run(order.folder / str(number), words))
        order.say(f"{len(found[-1].report.tests)} tests in {found[-1].seconds:.0f} s")
    return taken(found)


def taken(found: Iterable[trials.Trial]) -> Taken:
    """What there is to be known of some runs."""
    memory: list[float] = []
    share: list[float] = []
    late: list[float] = []
    asked: list[float] = []
    watches: list[float] = []
    verbs: Counter[str] = Counter()
    for trial in found:
        memory += [worker.peak for worker in trial.workers]
        seconds = [test.seconds for test in trial.report.tests]
        share.append(100 * sum(each.harness for each in seconds) / sum(each.total for each in seconds))
        # What was there when a wait began was not waited for.
        late += [1000 * wait.late for each in trial.evidence() for wait in each.waits
                 if wait.came and wait.ended - wait.late > wait.began]  # fmt: skip
        for each in (told for worker in trial.workers for test, told in worker.asked.items() if test):
            verbs.update(each)
            watches.append(each.get("watch", 0))
            asked.append(sum(each.values()) - watches[-1])
    by_verb = {verb: times / len(asked) for verb, times in verbs.most_common()}
    told = ", ".join(f"{verb} {mean:.1f}" for verb, mean in by_verb.items())
    values = {MEMORY.name: memory, SHARE.name: share, ASKED.name: asked, WATCHES.name: watches, LATE.name: late,
              LATEST.name: late}  # fmt: skip
    return Taken(values, (f"API requests of a test, on average: {told}",), {"requests by verb": by_verb})


MEASUREMENT = Measurement(
    "suite",
    f"pytest {' '.join(trials.REFERENCE)} {SELECTION} -n {WORKERS}; memory as the kernel counts it for each "
    "process, requests as they leave its client, times from the evidence of the tests",
    (MEMORY, SHARE, LATE, LATEST, ASKED, WATCHES),
    take,
    repetitions=3,
    quick=1,
)
