"""What is measured: figures with budgets, and the measurements that they come from. Pure."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Statistic = Literal["median", "p99", "max"]


@dataclass(frozen=True)
class Budget:
    """A figure, and what it may be at most, in its unit; None: it is shown and decides nothing."""

    name: str
    title: str
    unit: str
    at_most: float | None = None
    by: Statistic = "median"
    """Which one of the values is held against it."""


@dataclass(frozen=True)
class Order:
    """What a measurement is told: how often, and a folder of its own for what it writes."""

    repetitions: int
    folder: Path
    say: Callable[[str], None]


@dataclass(frozen=True)
class Taken:
    """What a measurement took: values by the names of its budgets; notes and details for the reader."""

    values: Mapping[str, Sequence[float]]
    notes: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Measurement:
    """One way to some figures. ``how`` it is done is for ``--list`` and for the page."""

    name: str
    how: str
    budgets: tuple[Budget, ...]
    take: Callable[[Order], Taken]
    repetitions: int
    quick: int
    """Repetitions with ``--quick``."""
    asked_by: str = ""
    """The option without which it is left out: it takes long, or needs more than this machine alone."""


@dataclass(frozen=True)
class Figure:
    """A budget with the values that were taken; there is at least one."""

    budget: Budget
    values: tuple[float, ...]

    @property
    def least(self) -> float:
        return min(self.values)

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def most(self) -> float:
        return max(self.values)

    @property
    def p99(self) -> float:
        """The value that 99 of 100 are not above; of fewer than 100 values the largest."""
        return sorted(self.values)[math.ceil(0.99 * len(self.values)) - 1]

    @property
    def judged(self) -> float:
        """The one that is held against the budget."""
        return {"median": self.median, "p99": self.p99, "max": self.most}[self.budget.by]

    @property
    def kept(self) -> bool:
        """Whether the budget is kept; true where there is none."""
        return self.budget.at_most is None or self.judged <= self.budget.at_most


def figures_of(measurement: Measurement, taken: Taken) -> tuple[Figure, ...]:
    """The figures, in the order of the budgets. Raises KeyError for values without a budget, or none."""
    if unknown := taken.values.keys() - {budget.name for budget in measurement.budgets}:
        raise KeyError(f"{measurement.name} took {', '.join(sorted(unknown))}, which is no figure of it")
    return tuple(Figure(budget, tuple(taken.values[budget.name])) for budget in measurement.budgets)
