"""``python -m faults``: see the package, and ``--help``."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from pytest_csi_snapshot.requirements import catalogue

from . import choosing, telling
from .cases import CLEAN, Case, all_cases
from .crew import Crew
from .observing import Catch, Finding, Observation, judged, unproven
from .running import Order
from .tests import Tests, planned

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = ROOT / "ci" / "artifacts" / "faults"
BATCH = 8
"""Tests of one run without a fault."""


def main(argv: Sequence[str]) -> int:
    """0: every fault is caught and nothing else turns red; 1: not so; 2: wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m faults", description="Prove that the suites find faults.")
    parser.add_argument("names", nargs="*", metavar="FAULT", help="only these (default: all)")
    parser.add_argument("--tenth", action="store_true", help="a tenth of them, of every kind and component")
    parser.add_argument("--component", action="append", default=[], help="only faults of this role")
    parser.add_argument("--clusters", type=int, default=3, metavar="N", help="clusters at once (default: 3)")
    asked = parser.parse_args(argv)
    cases = all_cases()
    known = {case.name for case in cases}
    if unknown := [name for name in asked.names if name not in known]:
        parser.error(f"unknown fault {unknown[0]!r}: see pytest --csi-list-faults")
    if asked.names:
        cases = [case for case in cases if case.name in asked.names]
    if asked.component:
        cases = [case for case in cases if case.component in asked.component]
    if asked.tenth:
        cases = choosing.tenth(cases)
    if not cases:
        parser.error("no fault is left by this choice")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return prove(choosing.in_order(cases), asked.clusters)


def prove(cases: Sequence[Case], clusters: int) -> int:
    """Try all cases, then what turned red without a fault, and tell what came of it."""
    begun = time.monotonic()
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    tests = Tests(planned(ARTIFACTS).splitlines())
    seen: dict[str, Observation] = {}
    by_name = {case.name: case for case in cases}

    def tell(observation: Observation) -> None:
        seen[observation.name] = observation
        if case := by_name.get(observation.name):
            print(f"{time.monotonic() - begun:6.0f} s  {_line(judged(case, observation))}", flush=True)

    with Crew(min(clusters, len(cases)), ARTIFACTS) as crew:
        crew.try_all([_order(case, tests) for case in cases], tell)
        crew.try_all(_clean_orders(seen.values()), tell)
        crew.finish()
    findings = [judged(case, seen[case.name]) for case in cases]
    observations = [seen[case.name] for case in cases]
    alarms = _false_alarms([each for each in seen.values() if each.name not in by_name])
    must = sum(clause.level == "MUST" and bool(tests.of.get(clause.id)) for clause in catalogue().clauses)
    open_clauses = unproven(findings, tests.of, observations)
    print("\n" + "\n".join(telling.table(findings)) + "\n")
    for line in [*telling.explanations(findings), *(f"red without a fault: {alarm}" for alarm in alarms)]:
        print(line)
    print("\n".join(telling.totals(findings, open_clauses, must)))
    _write(findings, observations, open_clauses, must, alarms)
    print(f"all of it in {time.monotonic() - begun:.0f} s; the matrix is in {ARTIFACTS.relative_to(ROOT)}")
    return 1 if alarms or any(each.catch in (Catch.MISSED, Catch.NOT_TRIED) for each in findings) else 0


def _order(case: Case, tests: Tests) -> Order:
    return Order(
        case.name, (case.name,), case.breaks, tuple(choosing.tests_for(case.breaks, tests.of, tests.price))
    )


def _clean_orders(seen: Iterable[Observation]) -> list[Order]:
    """What turned red under a fault, without one: a few tests a run."""
    red = sorted({row.test for each in seen for row in each.rows if row.outcome == "failed"})
    batches = [red[begin : begin + BATCH] for begin in range(0, len(red), BATCH)]
    return [Order(f"{CLEAN}-{number}", (), (), tuple(batch)) for number, batch in enumerate(batches)]


def _false_alarms(seen: Sequence[Observation]) -> list[str]:
    found = []
    for each in seen:
        found += [f"{row.clause} {row.outcome} in {row.test}: {row.reason}" for row in each.rows
                  if row.outcome in ("failed", "errored", "unknown")]  # fmt: skip
        found += [f"{each.name}: {each.trouble}"] if each.trouble else []
    return found


def _write(
    findings: Sequence[Finding],
    seen: Sequence[Observation],
    open_clauses: dict[str, str],
    must: int,
    alarms: Sequence[str],
) -> None:
    told = telling.data(findings, seen, open_clauses, alarms)
    (ARTIFACTS / "matrix.json").write_text(json.dumps(told, indent=1) + "\n")
    (ARTIFACTS / "matrix.md").write_text(telling.markdown(findings, open_clauses, must, alarms))


def _line(finding: Finding) -> str:
    clause = finding.row.clause if finding.row else finding.why
    return f"{finding.case.name}: {finding.catch} ({clause}) after {finding.seconds:.1f} s"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
