"""Percentiles, and lines through batches."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.report.loads import Point
from pytest_csi_snapshot.stress.load import batches_of
from pytest_csi_snapshot.stress.measuring import Batch, fit, percentile, phase_of


def points(medians: dict[int, float]) -> list[Point]:
    return [Point(there, median, median, 1.0) for there, median in medians.items()]


def test_percentiles_are_values_that_were_measured() -> None:
    values = [float(value) for value in range(1, 101)]
    assert [percentile(values, part) for part in (0.5, 0.9, 0.99, 1.0)] == [50, 90, 99, 100]
    assert percentile([3.0], 0.99) == 3.0
    assert percentile([], 0.5) == 0.0


def test_a_line_is_found_again() -> None:
    found = fit(points({100: 0.3, 200: 0.4, 300: 0.5, 400: 0.6}))
    assert found.base == pytest.approx(0.2)
    assert found.slope == pytest.approx(1000)


@pytest.mark.parametrize(
    ("power", "words"),
    [
        (0.0, "does not grow with their number"),
        (0.5, "grows slower than their number, as its power of 0.50"),
        (1.0, "grows with their number, as its power of 1.00"),
        (2.0, "grows faster, as its power of 2.00"),
    ],
)
def test_a_power_is_found_again(power: float, words: str) -> None:
    found = fit(points({there: 0.001 * there**power for there in (50, 150, 250, 350)}))
    assert found.exponent == pytest.approx(power, abs=1e-9)
    assert found.words == words


def test_two_batches_say_nothing_of_growth() -> None:
    assert fit(points({1: 1.0, 2: 2.0})).words == ""
    assert fit(points({1: 1.0, 2: 2.0, 0: 3.0})).words == ""


def test_a_phase_has_the_batches_that_have_it() -> None:
    batches = [
        Batch(0, 2, 2.0, {"ready": [1.0, 2.0]}),
        Batch(2, 4, 1.0, {"ready": [3.0, 4.0]}),
        Batch(4, 0, 1, {}),
    ]
    phase = phase_of("ready", "asked", batches)
    assert (phase.count, phase.p50, phase.longest) == (4, 2.0, 4.0)
    assert [(each.there, each.rate) for each in phase.points] == [(1, 1.0), (3, 2.0)]


@pytest.mark.parametrize(("number", "sizes"), [(20, [2] * 10), (3, [1, 1, 1]), (1000, [100] * 10), (25, None)])
def test_batches_have_everything_once(number: int, sizes: list[int] | None) -> None:
    found = batches_of(number)
    assert [each for batch in found for each in batch] == list(range(number))
    if sizes:
        assert [len(batch) for batch in found] == sizes
