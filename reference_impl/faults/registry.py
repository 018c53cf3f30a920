"""The faults by name, and how a role switches one on.

    activate("backend", ["snapshot-loses-data"], volumes)

A role calls this once, after it made its objects and before it serves. A name that the role does not
have is refused, so that a mistyped fault never makes a clean run look like a missed one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .deletion import DeleteLeavesSnapshot
from .fault import Fault
from .policy import RetainDeletesSnapshot
from .snapshot_data import SnapshotLosesData

FAULTS: tuple[type[Fault], ...] = (
    SnapshotLosesData,
    DeleteLeavesSnapshot,
    RetainDeletesSnapshot,
)


class UnknownFaultError(ValueError):
    """No such fault in this role; the text lists those it has. A role prints it and exits with 2."""


def names(component: str) -> list[str]:
    """The faults of one role, sorted."""
    return sorted(fault.name for fault in FAULTS if fault.component == component)


def check(component: str, wanted: Sequence[str]) -> None:
    """Raise UnknownFaultError for the first name in ``wanted`` that ``component`` does not have."""
    for name in wanted:
        if name not in names(component):
            elsewhere = [fault.component for fault in FAULTS if fault.name == name]
            where = f" (it is one of {elsewhere[0]})" if elsewhere else ""
            known = ", ".join(names(component)) or "none"
            raise UnknownFaultError(f"unknown fault {name!r} for {component}{where}: known are {known}")


def activate(component: str, wanted: Sequence[str], target: Any) -> None:
    """Switch the faults in ``wanted`` on in ``target``. Raises UnknownFaultError before any is applied."""
    check(component, wanted)
    for fault in FAULTS:
        if fault.name in wanted:
            fault().apply(target)


def describe() -> list[dict[str, object]]:
    """All faults as plain data: name, component, breaks, summary."""
    return [
        {
            "name": fault.name,
            "component": fault.component,
            "breaks": list(fault.breaks),
            "summary": (fault.__doc__ or "").strip().splitlines()[0],
        }
        for fault in FAULTS
    ]
