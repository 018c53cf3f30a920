"""What stands in the evidence of one test: values alone, see docs/evidence.md.

All times are seconds since the test's setup began, to three decimals. Nothing is ``None``: what is not known is ""
or empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pytest_csi_snapshot.report.model import OutcomeWord, ReportedCheck, Seconds

FORMAT = "pytest-csi-snapshot/evidence"
VERSION = 1

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Mark:
    """One version of an object, when the watch brought it."""

    at: float
    change: Literal["ADDED", "MODIFIED", "DELETED"]
    version: Annotated[str, "Its resourceVersion"]
    by: Annotated[str, 'Who wrote it: "test", or the name in managedFields; "": cannot be told'] = ""
    state: Annotated[str, 'In words; "" where it is as before'] = ""


@dataclass(frozen=True)
class Lane:
    """One object, and what became of it."""

    id: Annotated[str, "Its uid"]
    kind: str
    namespace: str
    name: str
    own: Annotated[bool, "The test made it, no controller"] = False
    parent: Annotated[str, 'The lane of the snapshot, claim or volume that it belongs to; "": none'] = ""
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class SeenEvent:
    """An event, when it was first seen; ``count`` is how often it had been told in the end."""

    at: float
    about: Annotated[str, "The uid of the object"]
    type: str
    reason: str
    message: str
    source: str = ""
    count: int = 1


@dataclass(frozen=True)
class Step:
    """One call of a verb; ``depth`` counts the steps around it."""

    verb: str
    text: str
    began: float
    ended: float
    depth: int = 0


@dataclass(frozen=True)
class Wait:
    """One wait of the test for something to come."""

    about: str
    lane: Annotated[str, 'The lane that it is about; "": several']
    awaited: str
    clause: Annotated[str, 'The clause that it decides; "": it prepares the ground']
    began: float
    ended: float
    came: bool
    late: Annotated[float, "Seconds from the arrival of what ended it to its end"] = 0.0


@dataclass(frozen=True)
class Violation:
    """A clause that was seen broken."""

    at: float
    lane: str
    clause: str
    text: str


@dataclass(frozen=True)
class Latency:
    """How long one phase of an object's life took."""

    phase: str
    seconds: float
    lane: str


@dataclass(frozen=True)
class Bodies:
    """An object as it was first and last seen, without managedFields."""

    lane: str
    first: Json
    last: Json


@dataclass(frozen=True)
class Log:
    """The end of the log of one container."""

    component: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Call:
    """One call at the driver's socket, without secrets."""

    at: float
    method: str
    request: Json
    code: str
    answer: Json
    seconds: float
    details: Annotated[str, "The message of an error"] = ""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What one test did, saw and waited for."""

    test: str
    outcome: OutcomeWord
    began: Annotated[str, "ISO 8601, when its setup began"]
    seconds: float
    lanes: Annotated[tuple[Lane, ...], "Parents before their children"] = ()
    events: tuple[SeenEvent, ...] = ()
    steps: tuple[Step, ...] = ()
    waits: tuple[Wait, ...] = ()
    checks: tuple[ReportedCheck, ...] = ()
    violations: tuple[Violation, ...] = ()
    seconds_by: Seconds = field(default_factory=Seconds)
    latencies: tuple[Latency, ...] = ()
    objects: Annotated[tuple[Bodies, ...], "Of tests that did not pass"] = ()
    logs: Annotated[tuple[Log, ...], "Of tests that did not pass"] = ()
    calls: Annotated[tuple[Call, ...], "Of tests at the driver's socket"] = ()
