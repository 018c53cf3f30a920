"""Where the time of a test went: its wall time, divided by who was waited for.

The test waits for somebody in calls at the driver's socket, in requests to the API server, and in waits for
objects; there the time up to each version is that of the component whose action made the version. What remains is
the harness's: also the time from the arrival of a version to the moment when its wait goes on. The parts add up to
the whole, because every moment is given to one only. Pure: from intervals to numbers.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pytest_csi_snapshot.evidence.rules import COMPONENTS
from pytest_csi_snapshot.report.model import Seconds


@dataclass(frozen=True, slots=True)
class Charge:
    """An interval that a component has to answer for, in seconds of any one clock."""

    began: float
    ended: float
    by: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """Something came that a component had made."""

    at: float
    by: str


def charges_of_wait(began: float, decided: float, arrivals: Iterable[Arrival], otherwise: str) -> list[Charge]:
    """A wait from its beginning to the arrival of what ended it, piece by piece.

    ``arrivals`` in order of time; ``otherwise`` answers for what lies after the last of them.
    """
    charges, here = [], began
    for arrival in arrivals:
        if here < arrival.at <= decided:
            charges.append(Charge(here, arrival.at, arrival.by))
            here = arrival.at
    if here < decided:
        charges.append(Charge(here, decided, otherwise))
    return charges


def split(began: float, ended: float, charges: Sequence[Charge]) -> Seconds:
    """The time from ``began`` to ``ended``; where charges overlap, the first one of them counts."""
    edges = sorted({began, ended, *(edge for charge in charges for edge in (charge.began, charge.ended))})
    owner: list[str] = ["harness"] * len(edges)
    for charge in reversed(charges):
        for number in range(bisect_left(edges, charge.began), bisect_left(edges, charge.ended)):
            owner[number] = charge.by
    parts = dict.fromkeys((*COMPONENTS, "harness"), 0.0)
    for here, there, by in zip(edges, edges[1:], owner, strict=False):
        if began <= here and there <= ended:
            parts[by] += there - here
    return Seconds(total=ended - began, **parts)
