"""What pytest's reports say about tests."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Literal

import pytest

from pytest_csi_snapshot.report.seen import Tests


def phase(when: Any, outcome: Literal["passed", "failed", "skipped"] = "passed", **more: Any) -> pytest.TestReport:
    report = pytest.TestReport(
        "t.py::test_a",
        ("t.py", 1, "test_a"),
        {},
        outcome,
        more.pop("longrepr", None),
        when,
        duration=0.25,
        start=102.0,
    )
    vars(report).update(more)
    return report


WORDS: dict[str, list[pytest.TestReport]] = {
    "passed": [phase("setup"), phase("call"), phase("teardown")],
    "failed": [phase("setup"), phase("call", "failed", longrepr="x"), phase("teardown", "failed", longrepr="y")],
    "error": [phase("setup", "failed", longrepr="x"), phase("teardown")],
    "skipped": [phase("setup", "skipped", longrepr=("t.py", 1, "Skipped: asked")), phase("teardown")],
    "xfailed": [phase("setup"), phase("call", "skipped", wasxfail="known"), phase("teardown")],
    "": [phase("setup"), phase("call")],
}


@pytest.mark.parametrize("word", ["passed", "skipped", "xfailed", "error", ""])
def test_pytests_word(word: str) -> None:
    tests = Tests()
    for report in WORDS[word]:
        tests.take(report, None)
    ((row, _),) = tests.rows(100.0)
    assert row.pytest == word
    assert tests.ended == (1 if word else 0)
    assert row.began == 2.0
    assert row.seconds.total == 0.25 * len(WORDS[word])


def test_a_test_that_ended_well_and_shows_nothing_has_passed() -> None:
    tests = Tests()
    told = ("t.py", 1, "unknown: no check recorded (DEL-001)")
    for report in (phase("setup"), phase("call", "skipped", longrepr=told), phase("teardown")):
        tests.take(report, None)
    ((row, reason),) = tests.rows(100.0)
    assert (row.pytest, reason) == ("passed", told[2])


def test_a_teardown_that_fails_after_a_call_that_failed() -> None:
    tests = Tests()
    for report in WORDS["failed"]:
        tests.take(report, None)
    ((row, reason),) = tests.rows(100.0)
    assert (row.pytest, reason) == ("error", "y")


def test_what_a_payload_says() -> None:
    tests = Tests()
    check = {
        "clause": "DEL-001",
        "expected": "a",
        "observed": "a",
        "holds": True,
        "at": 0.1,
        "wall": "…",
        "hint": "",
    }
    tests.take(phase("setup"), {"carried": ["DEL-001"], "results": []})
    tests.take(phase("call"), {"carried": ["DEL-001"], "results": [], "checks": [check]})
    split = {"total": 0.7, "driver": 0.4, "harness": 0.3}
    tests.take(phase("teardown"), {"carried": [], "evidence": "evidence/x.json", "seconds_by": split})
    ((row, _),) = tests.rows(100.0)
    assert (row.clauses, row.evidence, row.seconds.driver) == (("DEL-001",), "evidence/x.json", 0.4)
    assert row.checks[0].observed == "a"


def test_tests_that_did_not_run_have_rows_too() -> None:
    tests = Tests()
    tests.collect(["t.py::test_b", "t.py::test_a"])
    tests.collect(["t.py::test_b", "t.py::test_a"])
    for report in WORDS["passed"]:
        tests.take(report, None)
    assert [(row.id, row.pytest) for row, _ in tests.rows(100.0)] == [
        ("t.py::test_a", "passed"),
        ("t.py::test_b", ""),
    ]
    assert (tests.collected, tests.waiting) == (2, ["t.py::test_b"])


def test_workers_that_died() -> None:
    tests = Tests()
    tests.lose("gw1")
    tests.lose("gw10")
    node = SimpleNamespace(gateway=SimpleNamespace(id="gw10"))
    tests.take(phase("???", "failed", longrepr="worker 'gw10' crashed", node=node), None)
    assert tests.crashes == [
        "worker gw10 crashed in t.py::test_a; its evidence is lost",
        "worker gw1 was lost; some tests may not have been run",
    ]
    assert tests.ended == 1
