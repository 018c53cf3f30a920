"""The faults by name, and how a role switches one on.

    activate("backend", ["snapshot-loses-data"], volumes)

A role calls this once, after it made its objects and before it serves. A name that the role does not
have is refused, so that a mistyped fault never makes a clean run look like a missed one.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator, Sequence
from typing import Any

from .fault import Fault
from .jitter import Jitter

MODULES = (
    "admission_claims",
    "admission_sources",
    "admission_surroundings",
    "attaching",
    "backend_expansion",
    "backend_room",
    "capability_claims",
    "class_choice",
    "class_rules",
    "clone_calls",
    "content_binding",
    "content_calls",
    "content_deletion",
    "content_errors",
    "content_made",
    "content_secrets",
    "content_status",
    "controller_leases",
    "controller_metrics",
    "controller_retries",
    "copied_data",
    "copies_tied",
    "crd_contents",
    "crd_groups",
    "crd_snapshots",
    "creation_times",
    "deletion",
    "driver_expansion",
    "group_calls",
    "group_deletion",
    "group_making",
    "group_storage",
    "handles",
    "hanging_calls",
    "jitter",
    "lists",
    "managed_by",
    "node_mounts",
    "policy",
    "provisioner_calls",
    "provisioner_grants",
    "provisioner_protection",
    "provisioner_snapshots",
    "provisioner_sources",
    "provisioner_volumes",
    "resizer_decisions",
    "resizer_status",
    "restored_trees",
    "snapshot_answers",
    "snapshot_creation",
    "snapshot_data",
    "snapshot_deletion",
    "snapshot_errors",
    "snapshot_finalizers",
    "snapshot_status",
    "volume_creation",
    "volume_sizes",
)
"""The modules of this package that hold faults, one of each theme, in alphabetical order."""


def _found() -> Iterator[type[Fault]]:
    for module in MODULES:
        loaded = importlib.import_module(f".{module}", __package__)
        for each in vars(loaded).values():
            defined_here = inspect.isclass(each) and each.__module__ == loaded.__name__
            if defined_here and issubclass(each, Fault) and hasattr(each, "name"):
                yield each


ALL = tuple(_found())
"""All that can be switched on, in the order of the modules and in each as they are written there."""

FAULTS = tuple(each for each in ALL if not issubclass(each, Jitter))
"""All but jitter, which breaks nothing."""


class UnknownFaultError(ValueError):
    """No such fault in this role; the text lists those it has. A role prints it and exits with 2."""


def names(component: str) -> list[str]:
    """The faults of one role, sorted."""
    return sorted(fault.name for fault in ALL if fault.component == component)


def check(component: str, wanted: Sequence[str]) -> None:
    """Raise UnknownFaultError for the first name in ``wanted`` that ``component`` does not have."""
    for name in wanted:
        if name not in names(component):
            elsewhere = [fault.component for fault in ALL if fault.name == name]
            where = f" (it is one of {elsewhere[0]})" if elsewhere else ""
            known = ", ".join(names(component)) or "none"
            raise UnknownFaultError(f"unknown fault {name!r} for {component}{where}: known are {known}")


def activate(component: str, wanted: Sequence[str], target: Any) -> None:
    """Switch the faults in ``wanted`` on in ``target``. Raises UnknownFaultError before any is applied."""
    check(component, wanted)
    for fault in ALL:
        if fault.name in wanted:
            fault().apply(target)


def describe() -> list[dict[str, object]]:
    """All faults and jitter as plain data: name, component, kind, breaks, issue, seen, summary."""
    return [
        {
            "name": fault.name,
            "component": fault.component,
            "kind": fault.kind,
            "breaks": list(fault.breaks),
            "issue": fault.issue,
            "seen": fault.seen,
            "summary": (fault.__doc__ or "").strip().splitlines()[0],
        }
        for fault in ALL
    ]
