"""What is told of each fault: enough to choose it, and nothing that the catalogue does not know."""

from __future__ import annotations

import re

import pytest

from pytest_csi_snapshot.fault_list import table_of
from pytest_csi_snapshot.reference_impl.faults import registry
from pytest_csi_snapshot.reference_impl.faults.fault import KINDS, Fault
from pytest_csi_snapshot.requirements import catalogue


@pytest.mark.parametrize("fault", registry.FAULTS, ids=lambda fault: fault.name)
def test_a_fault_says_what_it_breaks(fault: type[Fault]) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", fault.name)
    assert fault.breaks
    assert set(fault.breaks) <= set(catalogue().by_id)
    assert len(set(fault.breaks)) == len(fault.breaks)
    assert fault.kind in KINDS
    assert re.fullmatch(r"(https://\S+)?", fault.issue)
    assert re.fullmatch(r"(L\d\d)?", fault.seen)
    assert (fault.__doc__ or "").strip()


def test_names_are_of_one_fault_each() -> None:
    names = [fault.name for fault in registry.ALL]
    assert sorted(names) == sorted(set(names))


def test_modules_are_named_in_order_and_once() -> None:
    assert list(registry.MODULES) == sorted(set(registry.MODULES))


def test_the_list_has_a_line_for_each_fault_with_the_clause_that_must_find_it() -> None:
    described = {
        "component": "driver",
        "kind": "data",
        "breaks": ["DEL-001", "RES-001"],
        "seen": "",
        "summary": "s",
    }
    lines = table_of(
        [
            {**described, "name": "b-late", "issue": ""},
            {**described, "name": "a-late", "issue": "https://issues.example.com/1", "breaks": ["FIN-001"]},
        ]
    )
    assert [line.split() for line in lines] == [
        ["name", "component", "kind", "clause", "others", "mirrors"],
        ["a-late", "driver", "data", "FIN-001", "-", "https://issues.example.com/1"],
        ["b-late", "driver", "data", "DEL-001", "RES-001", "-"],
        [],
        ["2", "faults;", "--csi-fault=NAME", "switches", "one", "on"],
    ]
