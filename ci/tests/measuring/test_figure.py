"""Which of many values is held against a budget."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bench.figure import Figure, Taken, figures_of

from .examples import SHOWN, WAIT, measurement, taking

HUNDRED = tuple(float(value) for value in range(1, 101))


@pytest.mark.parametrize(
    ("by", "judged", "kept"), [("median", 50.5, False), ("p99", 99.0, False), ("max", 100.0, False)]
)
def test_a_budget_names_the_value_that_decides(by: str, judged: float, kept: bool) -> None:
    figure = Figure(replace(WAIT, by=by), HUNDRED)  # type: ignore[arg-type]
    assert (figure.judged, figure.kept) == (judged, kept)


def test_a_value_at_the_budget_keeps_it() -> None:
    assert Figure(WAIT, (20.0,)).kept
    assert not Figure(WAIT, (20.001,)).kept


def test_of_few_values_the_largest_is_that_of_99_in_100() -> None:
    assert Figure(WAIT, (1.0, 2.0, 50.0)).p99 == 50.0


def test_without_a_budget_nothing_is_missed() -> None:
    assert Figure(SHOWN, (1e9,)).kept


def test_values_that_no_budget_names_are_refused() -> None:
    with pytest.raises(KeyError, match="speed"):
        figures_of(measurement("waits", taking(1.0)), Taken({"speed": [1.0], WAIT.name: [1.0], SHOWN.name: [1.0]}))


def test_a_budget_without_values_is_refused() -> None:
    with pytest.raises(KeyError, match="shown"):
        figures_of(measurement("waits", taking(1.0)), Taken({WAIT.name: [1.0]}))
