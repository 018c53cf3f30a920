"""What a stress test measured, as it stands in ``report.json`` with the test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated


@dataclass(frozen=True)
class Point:
    """One batch of a phase."""

    there: Annotated[float, "Objects that there were while it ran: the mean of before and after it"]
    median: Annotated[float, "Seconds"]
    p90: Annotated[float, "Seconds"]
    rate: Annotated[float, "Objects a second that came through, the whole batch"]


@dataclass(frozen=True)
class Fit:
    """How the median grows with the number of objects."""

    base: Annotated[float, "Seconds at no objects, of the straight line of least squares"] = 0.0
    slope: Annotated[float, "Milliseconds more for each thousand objects"] = 0.0
    exponent: Annotated[float, "Of the power law of least squares: 0 does not grow, 1 is linear"] = 0.0
    words: Annotated[str, '"": there were too few batches'] = ""


@dataclass(frozen=True)
class Phase:
    """How long one step took, over all objects that came to its end."""

    name: Annotated[str, "created, bound, ready, deleted, backend deleted"]
    since: Annotated[str, "What its seconds begin with"]
    count: int
    p50: float
    p90: float
    p99: float
    longest: float
    points: Annotated[tuple[Point, ...], "Batch by batch"] = ()
    fit: Fit = Fit()


@dataclass(frozen=True)
class Account:
    """One thing that was counted."""

    what: str
    expected: int
    found: int


@dataclass(frozen=True)
class Load:
    """A crowd of objects that were made, and removed again."""

    name: str
    kind: str
    asked: Annotated[int, "What --csi-stress says"]
    made: Annotated[int, "Objects that were created"]
    at_once: Annotated[int, "Objects under way at one time, at most"]
    rate: Annotated[float, "Requests a second that were allowed"]
    seconds: Annotated[float, "From the first creation to the end of the last deletion"]
    making: Annotated[float, "Objects a second that became usable, while they were made"]
    removing: Annotated[float, "Objects a second that were gone, while they were removed"]
    phases: tuple[Phase, ...] = ()
    errors: Annotated[Mapping[str, int], "Code of gRPC or HTTP -> objects or requests that met it"] = field(
        default_factory=dict, hash=False
    )
    accounts: tuple[Account, ...] = ()
    leaks: Annotated[tuple[str, ...], "What was not gone in the end"] = ()
    notes: Annotated[tuple[str, ...], "What was not looked at, and why"] = ()
