"""docs/bench.md names what there is."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench.e2e.cases import CASES, E2eCase
from bench.figures import MEASUREMENTS

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "bench.md").read_text()


@pytest.mark.parametrize("name", [each.name for each in MEASUREMENTS])
def test_each_measurement_has_a_row(name: str) -> None:
    assert f"| `{name}` " in PAGE


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_case_has_a_row_with_our_tests(case: E2eCase) -> None:
    (row,) = (line for line in PAGE.splitlines() if line.startswith(f"| {case.name} "))
    for test in case.ours:
        assert f"`{test.partition('::')[2]}`" in row
