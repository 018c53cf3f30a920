"""What is handed out as one: tests that share a source one after the other, all others each by itself.

Pure: tests are numbers, the places in the collection that all workers have in common.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True)
class Unit:
    """Tests for one worker, in their order; ``seconds`` is what they are thought to take together."""

    tests: tuple[int, ...]
    seconds: float


LARGEST = 0.5
"""Part of a worker's share of the run that one unit may take; a longer one is divided, its source made twice."""


def units_of(
    ids: Sequence[str],
    seconds: Sequence[float],
    source_of: Callable[[str], str],
    alone: Collection[str],
    lanes: int,
) -> tuple[list[Unit], Unit | None]:
    """All tests in units, and those that run alone in one more, None where there are none.

    ``source_of`` names what a test shares with others, "" where it shares nothing.
    """
    together: dict[str, list[int]] = {}
    for number, test in enumerate(ids):
        if test not in alone:
            together.setdefault(source_of(test) or f"test {number}", []).append(number)
    last = [number for number, test in enumerate(ids) if test in alone]
    ordinary = [number for group in together.values() for number in group]
    largest = LARGEST * _sum(seconds, ordinary) / max(lanes, 1)
    units = [unit for group in together.values() for unit in _divided(group, seconds, largest)]
    return units, Unit(tuple(last), _sum(seconds, last)) if last else None


def _divided(group: Sequence[int], seconds: Sequence[float], largest: float) -> list[Unit]:
    """A group in parts of about the same time, as few as keep each below the largest unit if its tests do.

    What is left is divided anew after each part: behind one long test the short ones stay together.
    """
    found = []
    rest = list(group)
    while rest:
        left = _sum(seconds, rest)
        parts = max(ceil(left / largest), 1) if largest else 1
        part = _begun(rest, seconds, left / parts)
        found.append(Unit(tuple(part), _sum(seconds, part)))
        rest = rest[len(part) :]
    return found


def _begun(tests: Sequence[int], seconds: Sequence[float], share: float) -> list[int]:
    """The first tests, one at least, that take about so long."""
    part: list[int] = []
    taken = 0.0
    for number in tests:
        if part and taken + seconds[number] / 2 > share:
            break
        part.append(number)
        taken += seconds[number]
    return part


def _sum(seconds: Sequence[float], tests: Iterable[int]) -> float:
    return sum(seconds[number] for number in tests)
