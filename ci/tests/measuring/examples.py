"""Measurements of nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from bench.figure import Budget, Measurement, Order, Taken, figures_of
from bench.machine import Surroundings
from bench.telling import Done

QUIET = Surroundings(0.01, 0.02, 0.1, 1.5)
BUSY = Surroundings(0.8, 0.7, 9.0, 8.0)
WAIT = Budget("wait", "a wait", "ms", 20.0)
SHOWN = Budget("shown", "only shown", "MB")


def taking(*values: float) -> Callable[[Order], Taken]:
    return lambda _order: Taken({WAIT.name: values, SHOWN.name: [7.0]}, ("a note",))


def measurement(name: str, take: Callable[[Order], Taken], asked_by: str = "") -> Measurement:
    return Measurement(name, "as told", (WAIT, SHOWN), take, 5, 2, asked_by)


def done(values: Sequence[float], surroundings: Surroundings = QUIET) -> Done:
    made = measurement("waits", taking(*values))
    taken = made.take(Order(1, Path(), print))
    return Done(made, figures_of(made, taken), taken, surroundings, 1.0)
