"""The line of what is still to run, and who gets what of it. Pure: knows workers by name, and no clock.

A worker begins a test only once it knows the one after it, so what is next has to be chosen while a test still
runs. What a worker has got so far, by the seconds that tests are thought to take, stands for when it will be free.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from pytest_csi_snapshot.scheduling.units import Unit


class Line:
    """``units`` in no order; ``last`` are the tests that run alone, after all others, on one worker."""

    def __init__(self, units: Iterable[Unit], last: Unit | None = None) -> None:
        self._units = sorted(units, key=_longest_first)
        self._last = last
        self._loads: dict[Hashable, float] = {}

    def __bool__(self) -> bool:
        return bool(self._units or self._last)

    def join(self, worker: Hashable) -> None:
        """A worker more, which may replace one that was lost: it begins where the others are."""
        self._loads[worker] = min(self._loads.values(), default=0.0)

    def leave(self, worker: Hashable) -> None:
        """A worker has ended, or is lost."""
        self._loads.pop(worker, None)

    def put_back(self, unit: Unit) -> None:
        """Have something run that somebody had got and has not done."""
        self._units.append(unit)
        self._units.sort(key=_longest_first)

    def put_last(self, unit: Unit) -> None:
        """The same with tests that run alone, at the end."""
        waiting = self._last or Unit((), 0.0)
        self._last = Unit((*unit.tests, *waiting.tests), unit.seconds + waiting.seconds)

    def correct(self, worker: Hashable, seconds: float) -> None:
        """A test took so much longer (or, below 0, shorter) than was thought."""
        if worker in self._loads:
            self._loads[worker] = max(0.0, self._loads[worker] + seconds)

    def next_for(self, worker: Hashable) -> Unit | None:
        """What a worker does next; None where nothing is left."""
        unit = self._choose(worker)
        if unit is None:
            unit, self._last = self._last, None
        else:
            self._units.remove(unit)
        if unit is not None:
            self._loads[worker] += unit.seconds
        return unit

    def _choose(self, worker: Hashable) -> Unit | None:
        """The first that it would get if all that is left were dealt out now, the longest first, each to whoever
        is free first. If it would get none, the shortest: an idle worker cannot be told to wait for what may come.
        """
        loads = dict(self._loads)
        for unit in self._units:
            first = min(loads, key=lambda each: (loads[each], each != worker))
            if first == worker:
                return unit
            loads[first] += unit.seconds
        return self._units[-1] if self._units else None


def _longest_first(unit: Unit) -> tuple[float, tuple[int, ...]]:
    return -unit.seconds, unit.tests
