"""A report that was written long ago is judged as the run was; a wrong baseline is one line."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_csi_snapshot.errors import UsageTrouble
from pytest_csi_snapshot.gating import Gate, judge, of_report, read_baseline
from pytest_csi_snapshot.gating.endings import Ending, ending_of, internal_error

from .subjects import TODAY, run, said, waiver


def report(**by_clause: str) -> Any:
    """A report of one test for each clause."""
    names = {clause.replace("_", "-"): outcome for clause, outcome in by_clause.items()}
    tests = [
        SimpleNamespace(
            id=f"a.py::test_{clause.lower()}",
            outcome=outcome,
            clauses=[clause],
            results=[SimpleNamespace(clause=clause, outcome=outcome, reason="", excuse="")],
        )
        for clause, outcome in names.items()
    ]
    clauses = [
        SimpleNamespace(id=clause, level="MUST", outcome=outcome, reason="", excuse="")
        for clause, outcome in names.items()
    ]
    return SimpleNamespace(
        clauses=clauses,
        tests=tests,
        cluster=SimpleNamespace(components=[SimpleNamespace(owner="DRV", version="1.4.0")]),
        run=SimpleNamespace(partial=[]),
        verdict=SimpleNamespace(exit_code=0),
        missing=[],
    )


def test_a_report_is_judged_by_other_terms() -> None:
    old = report(DEL_001="failed", DEL_002="passed")
    assert judge(old, today=TODAY).reasons == ("DEL-001 (MUST) failed",)
    known = waiver(component="DRV", since="1.4")
    assert judge(old, Gate.MUST, [known], today=TODAY).exit_code == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, 0),
        ({"missing": ["the run has not ended"]}, 3),
        ({"verdict": SimpleNamespace(exit_code=2)}, 2),
        ({"run": SimpleNamespace(partial=["-k x"])}, 0),
        ({"tests": []}, 0),
    ],
)
def test_what_a_report_misses_is_never_a_pass(change: dict[str, Any], code: int) -> None:
    assert judge(SimpleNamespace(**{**vars(report(DEL_001="passed")), **change}), today=TODAY).exit_code == code


def test_a_clause_without_a_test_still_counts() -> None:
    crashed = report(DEL_001="errored", DEL_002="passed")
    crashed.tests = crashed.tests[1:]
    assert judge(crashed, today=TODAY).exit_code == 3
    assert [each.clause for each in of_report(crashed).said] == ["DEL-002", "DEL-001"]


def test_tests_of_no_clause_count_as_in_the_run() -> None:
    own = report(DEL_001="passed")
    own.tests += [SimpleNamespace(id="mine.py::test_x", outcome="failed", clauses=[], results=[])]
    assert judge(own, today=TODAY).exit_code == 1


def test_what_names_no_clause_is_not_lost_with_other_terms() -> None:
    wrong = {"broken": "INTERNALERROR: x", "trouble": ["two.py: errored"], "strange": "a plugin says so"}
    for name, value in wrong.items():
        judgement = judge(run(said("DEL-001", "passed"), **{name: value}), today=TODAY)
        assert judgement.exit_code
        assert judgement.lasting == (value if isinstance(value, str) else value[0],)
        again = SimpleNamespace(**{**vars(report(DEL_001="passed")), "missing": judgement.lasting})
        assert judge(again, allow_unknown=True, today=TODAY).exit_code == 3


BODY = {
    "format": "pytest-csi-snapshot/report",
    "version": 1,
    "run": {"began": "2026-01-01T10:00:00.000+00:00", "partial": []},
    "implementation": {"driver": "x.example.com"},
    "verdict": {"exit_code": 1},
    "missing": [],
    "clauses": [{"id": "DEL-001", "outcome": "failed"}],
}


@pytest.mark.parametrize("folder", [False, True])
def test_a_baseline_is_a_report_or_its_folder(tmp_path: Path, folder: bool) -> None:
    file = tmp_path / "report.json"
    file.write_text(json.dumps(BODY))
    read = read_baseline(tmp_path if folder else file)
    assert (read.outcomes, read.driver, read.began) == ({"DEL-001": "failed"}, "x.example.com", "2026-01-01")
    assert not read.partial


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "is no JSON"),
        ("[]", "is not a report: it has no format"),
        (json.dumps({**BODY, "version": 2}), "has version 2 of the format, this program reads up to 1"),
        (json.dumps({**BODY, "clauses": [{}]}), "is damaged; KeyError: 'id'"),
    ],
)
def test_a_wrong_baseline_is_one_line(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "report.json").write_text(text)
    with pytest.raises(UsageTrouble) as caught:
        read_baseline(tmp_path)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_how_a_session_ended() -> None:
    stopped = KeyboardInterrupt
    assert ending_of(0) == Ending()
    assert ending_of(1, limit="stopping after 1 failures") == Ending(cut_short="stopping after 1 failures")
    assert ending_of(2, stopped("stopping after 2 failures")) == Ending(cut_short="stopping after 2 failures")
    assert ending_of(2, stopped("1 error during collection")) == Ending(cut_short="1 error during collection")
    assert ending_of(2, stopped("<W gw0> received keyboard-interrupt")).interrupted
    assert ending_of(2, stopped()).interrupted == "interrupted"
    assert ending_of(3).broken
    assert ending_of(0, internal="ValueError: x").broken == "INTERNALERROR: ValueError: x"
    for returncode, foreign in ((None, 0), (0, 0), (2, 0), (7, 7)):
        ending = ending_of(returncode or 0, pytest.exit.Exception("enough", returncode))
        assert (ending.interrupted, ending.foreign) == ("pytest.exit: enough", foreign)


def test_an_internal_error_in_one_line() -> None:
    assert internal_error("ValueError", "one\ntwo") == "ValueError: one"
    assert internal_error("SystemExit", "") == "SystemExit"
    of_worker = "Traceback (most recent call last):\n  File 'x'\n    x()\n  KeyError: 'y'\nassert False"
    assert internal_error("AssertionError", of_worker) == "KeyError: 'y'"
