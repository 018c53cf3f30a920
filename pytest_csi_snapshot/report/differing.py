"""Two reports, and what is other in the second. Pure: from values to values and lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import erfc, sqrt
from statistics import median

from pytest_csi_snapshot.report.latencies import Latencies
from pytest_csi_snapshot.report.model import Report, ReportedClause

RANK: Mapping[str, int] = {"passed": 0, "not supported": 1, "unknown": 2, "errored": 3, "failed": 4}
"""Outcomes of a clause that was looked at, the best first; one that is not here was not looked at."""

KINDS: Mapping[str, str] = {
    "broken": "failed now, and not before",
    "worse": "known less well than before",
    "better": "better than before",
    "new": "not looked at before",
    "gone": "not looked at any more",
}
"""Kind of a change -> what it means. The first two are what "worse" is."""

ENOUGH = 10
"""Values that a phase must have in both reports to be compared."""
SLOWER = 1.2
"""The least factor between the medians that is told."""
NOTICEABLE = 0.05
"""The least difference of the medians in seconds that is told."""
CHANCE = 0.01
"""The rank-sum test must find the difference less probable than this by chance."""


@dataclass(frozen=True)
class Change:
    """A clause whose outcome is another one."""

    clause: str
    level: str
    kind: str
    before: str
    now: str
    reason: str


@dataclass(frozen=True)
class Slower:
    """A phase that takes longer. Seconds; ``chance`` is how probable so great a difference is by chance."""

    phase: str
    before: float
    now: float
    chance: float


@dataclass(frozen=True)
class Difference:
    """All of it, clauses in the order of the catalogue."""

    changes: tuple[Change, ...]
    slower: tuple[Slower, ...]
    remarks: tuple[str, ...]

    @property
    def is_worse(self) -> bool:
        """Whether a clause is worse. Slower phases are told and decide nothing: machines differ."""
        return any(change.kind in ("broken", "worse") for change in self.changes)


def difference(before: Report, now: Report, durations: tuple[Latencies, Latencies]) -> Difference:
    """What is other in ``now``; ``durations`` are the latencies of both."""
    then = {clause.id: clause for clause in before.clauses}
    later = {clause.id for clause in now.clauses}
    pairs = [(then.get(clause.id), clause) for clause in now.clauses]
    gone = [clause for clause in before.clauses if clause.id not in later]
    changes = [_change(old, clause) for old, clause in pairs] + [_change(clause, None) for clause in gone]
    return Difference(
        tuple(change for change in changes if change),
        tuple(_slower(*durations)),
        tuple(_remarks(before, now)),
    )


def kind_of(before: str, now: str) -> str:
    """The kind of a change between two outcomes; "" where there is none that matters."""
    was, is_now = RANK.get(before), RANK.get(now)
    if was == is_now:
        return ""
    if now == "failed":
        return "broken"
    if was is None:
        return "new"
    if is_now is None:
        return "gone"
    return "worse" if is_now > was else "better"


def _change(before: ReportedClause | None, now: ReportedClause | None) -> Change | None:
    clause = now or before
    assert clause is not None  # one of them is there
    was = before.outcome if before else "not run"
    outcome = now.outcome if now else "not run"
    kind = kind_of(was, outcome)
    return Change(clause.id, clause.level, kind, was, outcome, now.reason if now else "") if kind else None


def _slower(before: Latencies, now: Latencies) -> Iterator[Slower]:
    for phase in sorted(before.keys() & now.keys()):
        old, new = before[phase], now[phase]
        if min(len(old), len(new)) < ENOUGH:
            continue
        was, is_now = median(old), median(new)
        chance = by_chance(old, new)
        if is_now >= was * SLOWER and is_now - was >= NOTICEABLE and chance < CHANCE:
            yield Slower(phase, round(was, 3), round(is_now, 3), round(chance, 6))


def by_chance(old: list[float], new: list[float]) -> float:
    """How probable it is that ``new`` ranks so high by chance: Mann and Whitney's test, one-sided, normal."""
    ordered = sorted([(value, 0) for value in old] + [(value, 1) for value in new])
    total, first, ranks, ties = len(ordered), 0, 0.0, 0.0
    while first < total:
        last = first
        while last + 1 < total and ordered[last + 1][0] == ordered[first][0]:
            last += 1
        number = last - first + 1
        ranks += sum(which for _, which in ordered[first : last + 1]) * ((first + last) / 2 + 1)
        ties += number**3 - number
        first = last + 1
    beyond = ranks - len(new) * (len(new) + 1) / 2 - len(old) * len(new) / 2
    spread = sqrt(len(old) * len(new) / 12 * (total + 1 - ties / (total * (total - 1))))
    return 0.5 * erfc(beyond / spread / sqrt(2)) if spread else 1.0


def _remarks(before: Report, now: Report) -> Iterator[str]:
    """What makes the two less comparable."""
    pairs = [
        ("driver", before.implementation.driver, now.implementation.driver),
        ("driver's version", before.implementation.version, now.implementation.version),
        ("tool", before.run.tool.version, now.run.tool.version),
        ("versions", before.cluster.versions, now.cluster.versions),
        ("provider", before.cluster.provider, now.cluster.provider),
    ]
    for what, was, is_now in pairs:
        if was != is_now:
            yield f"{what}: {was or 'unknown'} -> {is_now or 'unknown'}"
    for name, report in (("first", before), ("second", now)):
        for reason in dict.fromkeys((*report.run.partial, *report.missing)):
            yield f"the {name} is only a part: {reason}"


def told(found: Difference) -> Iterator[str]:
    """The difference in lines."""
    yield from found.remarks
    for kind, meaning in KINDS.items():
        changes = [change for change in found.changes if change.kind == kind]
        if changes:
            yield f"{kind} ({meaning}): {len(changes)}"
        for change in changes:
            reason = f": {change.reason}" if change.reason else ""
            yield f"  {change.clause:<13} {change.level:<6} {change.before} -> {change.now}{reason}"
    for each in found.slower:
        yield f"slower: {each.phase}, median {each.before:.2f} s -> {each.now:.2f} s (p {each.chance:.2g})"
    if not found.changes and not found.slower:
        yield "no clause is other than before"
