"""Cases, rows and observations to judge."""

from __future__ import annotations

from faults.cases import Case
from faults.observing import Observation, Row


def case(name: str = "late-delete", component: str = "driver", kind: str = "data", *breaks: str) -> Case:
    return Case(name, component, kind, breaks or ("DEL-001", "DEL-016"))


def row(clause: str, outcome: str = "failed", *blamed: str, test: str = "t.py::test_a", reason: str = "") -> Row:
    return Row(test, clause, outcome, reason, blamed or ("driver",), (f"FAILED {clause}  test_a",))


def observed(*rows: Row, name: str = "late-delete", trouble: str = "") -> Observation:
    return Observation(name, rows, 4.0, trouble)
