"""What changed from one report to another: clauses by outcome, phases by how long they take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

Json = dict[str, Any]

RANK: Mapping[str, int] = {
    "failed": 0,
    "errored": 1,
    "unknown": 2,
    "not run": 3,
    "skipped": 3,
    "not supported": 4,
    "passed": 5,
}
"""How good an outcome is, from a clause that was shown not to be kept, to one that was shown to be kept."""

ENOUGH = 5
"""Values of a phase that both reports need before they are compared."""

FACTOR, STEP = 1.25, 0.05
"""A phase is slower where its median is this many times what it was, and more seconds longer than the step."""


def changes(now: Sequence[Json], before: Sequence[Json]) -> dict[str, list[Json]]:
    """Clauses by what became of them: better, worse, new, gone. Each is {id, before, now}; "" where it was not."""
    was = {str(clause["id"]): str(clause["outcome"]) for clause in before}
    found: dict[str, list[Json]] = {"worse": [], "better": [], "new": [], "gone": []}
    for clause in now:
        name, outcome = str(clause["id"]), str(clause["outcome"])
        if name not in was:
            found["new"].append({"id": name, "before": "", "now": outcome})
        elif (rank := RANK.get(outcome, 2)) != (earlier := RANK.get(was[name], 2)):
            group = found["better" if rank > earlier else "worse"]
            group.append({"id": name, "before": was[name], "now": outcome})
    kept = {str(clause["id"]) for clause in now}
    found["gone"] = [{"id": name, "before": was[name], "now": ""} for name in was if name not in kept]
    return found


def slower(now: Mapping[str, Sequence[float]], before: Mapping[str, Sequence[float]]) -> list[Json]:
    """Phases that take longer beyond noise, as {phase, before, now} with medians in seconds; the worst first."""
    found = []
    for phase in now.keys() & before.keys():
        if min(len(now[phase]), len(before[phase])) < ENOUGH:
            continue
        is_, was = median(now[phase]), median(before[phase])
        if is_ > was * FACTOR and is_ - was > STEP:
            found.append({"phase": phase, "before": round(was, 3), "now": round(is_, 3)})
    return sorted(found, key=lambda each: (each["before"] - each["now"], each["phase"]))
