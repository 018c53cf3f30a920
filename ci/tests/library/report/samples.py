"""Reports made by hand: a few clauses, a test for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pytest_csi_snapshot.report.building import blank_clauses, counts_of, outcome_of, with_tests
from pytest_csi_snapshot.report.model import (
    Blamed,
    Component,
    Implementation,
    Report,
    ReportedCluster,
    ReportedFailure,
    ReportedResult,
    ReportedTest,
    ReportedVerdict,
    Run,
    Seconds,
    Tool,
)
from pytest_csi_snapshot.requirements import Catalogue, catalogue

CLAUSES = ("SNAP-DYN-001", "DEL-001", "DEL-002", "CLN-001")
CATALOGUE = Catalogue(tuple(clause for clause in catalogue().clauses if clause.id in CLAUSES))
RUN = Run(
    "1f2e3d4c",
    "2026-01-01T10:00:00.000+00:00",
    "2026-01-01T10:01:00.000+00:00",
    60.0,
    "pytest --csi-driver=driver.example.org",
    1,
    Tool("pytest-csi-snapshot", "0.1.0", "3.11.2", "9.2.0"),
)
CLUSTER = ReportedCluster(
    "existing",
    "7a0c",
    "v1.37.2",
    (Component("snapshot-controller", "SC", "8.6.0"),),
    "Kubernetes v1.37.2, snapshot-controller 8.6.0",
)


def case(name: str, clause: str, outcome: Any, word: str = "", **more: Any) -> ReportedTest:
    """A test of one clause."""
    results = () if outcome == "not run" else (ReportedResult(clause, outcome, more.pop("why", "")),)
    usual = {"passed": "passed", "failed": "failed", "errored": "failed", "not run": ""}.get(outcome, "skipped")
    whole, reason = outcome_of(results, word or usual)
    return ReportedTest(
        id=name, outcome=whole, reason=reason, clauses=(clause,), results=results, pytest=word or usual,
        seconds=Seconds(1.5), **more
    )  # fmt: skip


def report(
    outcomes: Mapping[str, Any] | None = None, *cases: ReportedTest, run: Run = RUN, **parts: Any
) -> Report:
    """A report in which each clause has a test with that outcome; all passed unless said."""
    told = {**dict.fromkeys(CLAUSES, "passed"), **(outcomes or {})}
    tests = sorted(
        cases or (case(f"t.py::test_{clause}", clause, outcome) for clause, outcome in told.items()),
        key=lambda each: each.id,
    )
    failures = {
        (result.clause, test.id): ReportedFailure(
            test.id, "gone", "still there", evidence=test.evidence, blamed=(Blamed("driver", "1.4.0"),)
        )
        for test in tests
        for result in test.results
        if result.outcome == "failed"
    }
    clauses = with_tests(blank_clauses(CATALOGUE), tests, failures)
    bad = any(clause.outcome == "failed" for clause in clauses)
    verdict = ReportedVerdict(
        "not conformant" if bad else "conformant", "in words", int(bad), counts=counts_of(clauses)
    )
    made = Report(
        run=run,
        implementation=Implementation("driver.example.org", "1.4.0"),
        cluster=CLUSTER,
        verdict=verdict,
        clauses=clauses,
        tests=tuple(tests),
    )
    return replace(made, **parts)
