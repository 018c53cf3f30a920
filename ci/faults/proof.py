"""The proof from end to end: every fault tried, then what turned red without any, then what came of it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_csi_snapshot.requirements import catalogue

from . import choosing, golden, standing, telling
from .cases import CLEAN, Case, all_cases
from .crew import Crew
from .observing import Catch, Finding, Observation, judged, unproven
from .running import Order
from .tests import Tests

BATCH = 8
"""Tests of one run without a fault."""
LONG = 60.0
"""Seconds from which a fault is tried before the others: begun last, it would keep the others waiting."""


@dataclass(frozen=True)
class Proof:
    """What came of it. ``alarms`` are tests that were red without a fault, ``astray`` reports that changed."""

    findings: tuple[Finding, ...]
    seen: tuple[Observation, ...]
    alarms: tuple[str, ...]
    unproven: dict[str, str]
    must: int
    astray: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Every fault is caught, and nothing else is red; what the reports say is another question."""
        missed = any(each.catch in (Catch.MISSED, Catch.NOT_TRIED) for each in self.findings)
        return not (missed or self.alarms)

    def lines(self) -> list[str]:
        """All of it for a terminal, the figures last."""
        lines = ["", *telling.table(self.findings), "", *telling.explanations(self.findings)]
        lines += [f"red without a fault: {alarm}" for alarm in self.alarms]
        lines += [f"unproven: {clause}: {why}" for clause, why in self.unproven.items()]
        lines += self.astray
        return [*lines, "", *telling.totals(self.findings, self.unproven, self.must), telling.spent(self.seen)]

    def write(self, folder: Path) -> None:
        """``matrix.json`` and ``matrix.md``."""
        told = telling.data(self.findings, self.seen, self.unproven, self.alarms)
        (folder / "matrix.json").write_text(json.dumps(told, indent=1) + "\n")
        text = telling.markdown(self.findings, self.unproven, self.must, self.alarms)
        (folder / "matrix.md").write_text(text)


def prove(cases: Sequence[Case], tests: Tests, clusters: int, folder: Path, *, update: bool) -> Proof:
    """Try all cases on so many clusters, and what turned red without a fault. ``update`` keeps the reports anew.

    Raises RuntimeError where no cluster is left to go on with.
    """
    begun = time.monotonic()
    seen: dict[str, Observation] = {}
    by_name = {case.name: case for case in cases}
    intended = frozenset(case.intended for case in all_cases())

    def tell(observation: Observation) -> None:
        seen[observation.name] = observation
        if case := by_name.get(observation.name):
            finding = judged(case, observation)
            print(f"{time.monotonic() - begun:6.0f} s  {_line(finding)}", flush=True)
            if update:
                _keep(finding, observation.red)

    with Crew[Order, Observation](min(clusters, len(cases)), folder) as crew:
        crew.try_all([_order(case, tests, intended) for case in dear_first(cases, standing.read())], tell, _lost)
        clean_orders = _clean_orders(seen.values())
        print(f"{time.monotonic() - begun:6.0f} s  what turned red, without a fault: {len(clean_orders)} runs")
        crew.try_all(clean_orders, tell, _lost)
        crew.finish()
    findings = tuple(judged(case, seen[case.name]) for case in cases)
    faulty = tuple(seen[case.name] for case in cases)
    clean = [each for each in seen.values() if each.name not in by_name]
    must = sum(clause.level == "MUST" and bool(tests.of.get(clause.id)) for clause in catalogue().clauses)
    red = {clause for each in faulty for clause in each.red}
    open_clauses = unproven(red, cases, {clause for clause, known in tests.of.items() if known})
    astray = tuple(line for each in findings for line in _astray(each))
    return Proof(findings, faulty, tuple(_alarms(clean)), open_clauses, must, astray)


def dear_first(cases: Sequence[Case], known: standing.Standing) -> list[Case]:
    """Those that took long when they were last tried, and then the others, both in their order."""
    return sorted(cases, key=lambda case: standing.seconds(known, case.name) < LONG)


def _lost(order: Order) -> Observation:
    return Observation(order.name, trouble="its worker died, see above")


def _order(case: Case, tests: Tests, intended: frozenset[str]) -> Order:
    chosen = choosing.chosen_tests(case.breaks, tests.of, tests.price)
    wanted = choosing.wanted(case, intended)
    instead = tuple(clause for clause in case.breaks if clause not in wanted)
    return Order(case.name, (case.name,), wanted, tuple(chosen), instead)


def _clean_orders(seen: Iterable[Observation]) -> list[Order]:
    """What turned red under a fault, without one: a few tests a run."""
    red = sorted({row.test for each in seen for row in each.rows if row.outcome == "failed"})
    batches = [red[begin : begin + BATCH] for begin in range(0, len(red), BATCH)]
    return [Order(f"{CLEAN}-{number}", (), (), tuple(batch)) for number, batch in enumerate(batches)]


def _alarms(seen: Iterable[Observation]) -> list[str]:
    found = []
    for each in seen:
        found += [f"{row.clause} {row.outcome} in {row.test}: {row.reason}" for row in each.rows
                  if row.outcome in ("failed", "errored", "unknown")]  # fmt: skip
        found += [f"{each.name}: {each.trouble}"] if each.trouble else []
    return found


def _keep(finding: Finding, red: Iterable[str]) -> None:
    """Keep what was found of a fault, at once: a run of all of them may be stopped."""
    if finding.catch is Catch.INTENDED and finding.row:
        golden.write(finding.case.name, finding.row.text)
    if finding.catch is not Catch.NOT_TRIED:
        known = {case.name for case in all_cases()}
        blamed = finding.row.blamed[0] if finding.row and finding.row.blamed else ""
        told = {
            standing.OURS: finding.catch.value,
            standing.BLAMED: blamed,
            standing.RED: " ".join(red),
            standing.SECONDS: f"{finding.seconds:.0f}",
        }
        standing.note({finding.case.name: told}, known)


def _astray(finding: Finding) -> list[str]:
    """How the report of the intended clause differs from the one that is kept."""
    if finding.catch is not Catch.INTENDED or finding.row is None:
        return []
    return golden.difference(finding.case.name, finding.row.text)


def _line(finding: Finding) -> str:
    clause = finding.row.clause if finding.row else finding.why
    return f"{finding.case.name}: {finding.catch} ({clause}) after {finding.seconds:.1f} s"
