"""Prints the faults that the reference implementation has; no cluster is touched."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from typing import Any

FAULTS = "pytest_csi_snapshot.fixtures.faults:described_faults"
"""Reached by name: the library does not import fixtures. A callable giving each fault as plain data."""

_COLUMNS = ("name", "component", "kind", "clause", "others", "mirrors")


def fault_lines() -> list[str]:
    """A table of all faults: a line each, with the clause that must find it and the others that it breaks.

    Raises EnvironmentTrouble where the reference implementation does not tell them.
    """
    module, _, function = FAULTS.partition(":")
    return table_of(getattr(importlib.import_module(module), function)())


def table_of(faults: Iterable[Mapping[str, Any]]) -> list[str]:
    """The lines, sorted by component, kind and name, their columns as wide as they need."""
    all_of_them = sorted(faults, key=lambda fault: (fault["component"], fault["kind"], fault["name"]))
    ordered = [fault for fault in all_of_them if fault["breaks"]]
    harmless = [f"{each['name']}: {each['summary']}" for each in all_of_them if not each["breaks"]]
    rows = [_COLUMNS, *map(_row, ordered)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    padded = ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows]
    told = [*(line.rstrip() for line in padded), "", f"{len(ordered)} faults; --csi-fault=NAME switches one on"]
    return [*told, "", "slow or unsteady, but correct:", *harmless] if harmless else told


def _row(fault: Mapping[str, Any]) -> tuple[str, ...]:
    intended, *others = fault["breaks"]
    mirrored = fault["issue"] or "-"
    return fault["name"], fault["component"], fault["kind"], intended, ",".join(others) or "-", mirrored
