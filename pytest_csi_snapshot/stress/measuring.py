"""From the moments of a crowd to figures: percentiles, batches, and how they grow. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pytest_csi_snapshot.report.loads import Fit, Phase, Point

FEWEST = 3
"""Batches that a line can be laid through and be wrong."""

FLAT = 0.2
"""Exponent below which a median does not grow: half as long again for ten times as many objects."""


@dataclass(frozen=True)
class Batch:
    """Some objects that went through a step together. ``before`` and ``after`` count all that there were.

    ``times`` are the seconds of each phase; ``seconds`` are those of the whole batch.
    """

    before: int
    after: int
    seconds: float
    times: Mapping[str, Sequence[float]]


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which that part lies, by nearest rank; 0 of nothing."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)] if ordered else 0.0


def phase_of(name: str, since: str, batches: Sequence[Batch]) -> Phase:
    """One phase over all batches."""
    times = [second for batch in batches for second in batch.times.get(name, ())]
    points = tuple(
        Point(
            (batch.before + batch.after) / 2, percentile(own, 0.5), percentile(own, 0.9), len(own) / batch.seconds
        )
        for batch in batches
        if (own := batch.times.get(name, ())) and batch.seconds > 0
    )
    return Phase(
        name,
        since,
        len(times),
        percentile(times, 0.5),
        percentile(times, 0.9),
        percentile(times, 0.99),
        max(times, default=0.0),
        points,
        fit(points),
    )


def fit(points: Sequence[Point]) -> Fit:
    """How the medians grow with the number of objects; empty of too few batches."""
    usable = [point for point in points if point.there > 0 and point.median > 0]
    if len(usable) < FEWEST or len({point.there for point in usable}) < FEWEST:
        return Fit()
    base, slope = _line([(point.there, point.median) for point in usable])
    _, exponent = _line([(math.log(point.there), math.log(point.median)) for point in usable])
    return Fit(base, slope * 1_000_000, exponent, _in_words(exponent))


def _line(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Where the straight line of least squares begins, and how it rises."""
    middle_x = sum(x for x, _ in points) / len(points)
    middle_y = sum(y for _, y in points) / len(points)
    rise = sum((x - middle_x) * (y - middle_y) for x, y in points) / sum((x - middle_x) ** 2 for x, _ in points)
    return middle_y - rise * middle_x, rise


def _in_words(exponent: float) -> str:
    if exponent < FLAT:
        return "does not grow with their number"
    kind = "slower than their number" if exponent < 0.8 else "with their number" if exponent <= 1.2 else "faster"
    return f"grows {kind}, as its power of {exponent:.2f}"
