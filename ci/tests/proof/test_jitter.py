"""What runs under jitter, and what of it is a false alarm."""

from __future__ import annotations

from pathlib import Path

from faults.choosing import fifth
from faults.jitter import outcomes, without_socket

from pytest_csi_snapshot.reference_impl.faults.jitter import Once

REPORT = """\
<testsuites><testsuite><testcase classname="s.test_a" name="test_one"><properties>
<property name="csi_clause" value="DEL-001"/><property name="csi_outcome" value="DEL-001 passed"/>
<property name="csi_outcome" value="DEL-016 not supported"/></properties></testcase></testsuite></testsuites>
"""


def test_a_fifth_has_some_of_each_family_and_is_always_the_same() -> None:
    tests_of = {
        f"{family}-{number:03}": [f"{family}{number}"] for family in ("DEL", "RES") for number in range(10)
    }
    chosen = fifth({**tests_of, "HA-001": ["ha"]})
    assert len(chosen) == 5
    assert {test.strip("0123456789") for test in chosen} == {"DEL", "RES", "ha"}
    assert fifth(dict(reversed([*tests_of.items(), ("HA-001", ["ha"])]))) == chosen


def test_tests_at_the_socket_are_left_out() -> None:
    tests_of = {"RPC-DES-001": ["p/suites/rpc/t.py::a"], "SEC-001": ["p/suites/rpc/t.py::b", "p/suites/s.py::c"]}
    assert without_socket(tests_of) == {"SEC-001": ["p/suites/s.py::c"]}


def test_the_outcome_of_each_clause_is_read_from_the_report(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT)
    assert outcomes(report) == [
        ("s.test_a::test_one", "DEL-001", "passed"),
        ("s.test_a::test_one", "DEL-016", "not supported"),
    ]


def test_what_failed_once_does_not_fail_again() -> None:
    always, never = Once(1.0), Once(0.0)
    assert [always.strikes("call"), always.strikes("call"), always.strikes("other")] == [True, False, True]
    assert not never.strikes("call")
