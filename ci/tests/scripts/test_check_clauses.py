"""What counts as a clause that is executed."""

from __future__ import annotations

from pathlib import Path

import check_clauses
import pytest

from pytest_csi_snapshot.requirements import Catalogue, read_catalogue

FAMILY = """
family: DEL
area: deletion
clauses:
"""
CLAUSE = """
  - id: DEL-00{number}
    level: MUST
    basis: contract
    owners: [SC]
    needs: []
    source: CSI spec
    sentence: It is so.
"""


@pytest.fixture
def known() -> Catalogue:
    """DEL-001 and DEL-002 can be seen, DEL-003 cannot."""
    clauses = "".join(CLAUSE.format(number=number) for number in (1, 2, 3))
    return read_catalogue([("del.yaml", FAMILY + clauses + "    unseen: Nothing shows it.\n")])


def test_each_clause_needs_a_test_or_a_reason_and_not_both(known: Catalogue) -> None:
    assert check_clauses.uncovered(known, [("DEL-001", "DEL-002")]) == []
    (trouble,) = check_clauses.uncovered(known, [("DEL-001",)])
    assert trouble.startswith("DEL-002 has neither")
    (trouble,) = check_clauses.uncovered(known, [("DEL-001", "DEL-002", "DEL-003")])
    assert trouble.startswith("DEL-003 has a test and a reason")


def test_tests_of_many_clauses_are_listed() -> None:
    (line,) = check_clauses.crowded({"a": ("DEL-001",) * 3, "b": ("DEL-001",) * 4})
    assert line.startswith("b carries 4")


@pytest.mark.parametrize(
    ("outcomes", "missing"),
    [
        (["DEL-001 passed", "DEL-002 passed"], []),
        (["DEL-001 passed", "DEL-002 unknown"], ["DEL-002 was executed by no test"]),
        (["DEL-001 passed", "DEL-002 unknown", "DEL-002 passed"], []),
        (["DEL-001 passed", "DEL-002 passed", "DEL-002 failed"], ["DEL-002 was executed by no test"]),
        (["DEL-002 not supported", "DEL-001 passed"], ["DEL-002 was executed by no test"]),
        (["DEL-001 passed"], ["DEL-002 was executed by no test"]),
    ],
)
def test_executed_is_what_a_passing_test_has_checked(
    known: Catalogue, tmp_path: Path, outcomes: list[str], missing: list[str]
) -> None:
    said = "".join(f'<property name="csi_outcome" value="{outcome}"/>' for outcome in outcomes)
    report = tmp_path / "junit.xml"
    report.write_text(f"<testsuites><testcase><properties>{said}</properties></testcase></testsuites>")
    assert check_clauses.unexecuted(known, check_clauses.passed(report)) == missing


def test_a_report_that_is_not_there_is_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check_clauses.main(["--executed", str(tmp_path / "none.xml")]) == 2
    assert "run pytest with --junitxml" in capsys.readouterr().err
