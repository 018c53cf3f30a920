"""What a report sends again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_csi_snapshot.report.rerun import Rerun, rerun_of

from .samples import case, report


@pytest.mark.parametrize(
    ("outcome", "word", "again"),
    [
        ("passed", "passed", False),
        ("failed", "failed", True),
        ("errored", "error", True),
        ("unknown", "failed", True),  # the test ended where another clause failed
        ("unknown", "passed", True),  # the watching could not tell
        ("unknown", "skipped", False),  # the test said that it cannot be judged here
        ("not supported", "skipped", False),
        ("skipped", "skipped", False),
    ],
)
def test_clauses(outcome: str, word: str, again: bool) -> None:
    found = rerun_of(report(None, case("t.py::test_x", "DEL-001", outcome, word)))
    assert bool(found) is again
    assert found.wants("t.py::test_other", ["DEL-001"]) is again
    assert not found.wants("t.py::test_other", ["DEL-002"])


def test_a_test_that_found_a_clause_broken_that_is_not_its_own() -> None:
    finder = replace(case("t.py::test_finder", "DEL-001", "failed"), clauses=("CLN-001",))
    assert rerun_of(report(None, finder)).wants("t.py::test_finder", ["CLN-001"])


def test_a_test_that_did_not_run_is_run_and_its_clause_is_not_all_of_it() -> None:
    waiting = replace(case("t.py::test_waits", "DEL-001", "not run"), clauses=())
    found = rerun_of(report(None, waiting))
    assert found.wants("t.py::test_waits", [])
    assert not found.wants("t.py::test_other", ["DEL-001"])


def test_what_is_excused_would_be_again() -> None:
    known = case("t.py::test_x", "DEL-001", "failed", "xfailed")
    known = replace(known, results=(replace(known.results[0], excuse="csi-snapshotter 8.2: …"),))
    assert not rerun_of(report(None, known))


def test_it_travels() -> None:
    found = rerun_of(report({"DEL-001": "failed"}))
    assert Rerun.from_plain(found.as_plain()) == replace(found, driver="")
