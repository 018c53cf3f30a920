"""The settings: a table with defaults, and the values that were changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .errors import BackendError
from .records import Records, Setting


@dataclass(frozen=True)
class Definition:
    """What a setting is. ``low`` and ``high`` limit an int, ``options`` a string, and ``why_not`` in its stead.

    ``why_not`` answers "" for a good value, else what a good one is.
    """

    display: str
    category: str
    kind: str
    default: str
    description: str
    options: tuple[str, ...] = ()
    low: int = 0
    high: int = 1 << 31
    why_not: Callable[[str], str] | None = None


DEFINITIONS: dict[str, Definition] = {
    "default-replica-count": Definition(
        "Default Replica Count",
        "general",
        "int",
        "3",
        "numberOfReplicas of a volume that does not say.",
        low=1,
        high=20,
    ),
    "snapshot-max-count": Definition(
        "Snapshot Maximum Count",
        "snapshot",
        "int",
        "250",
        "snapshotMaxCount of a volume that does not say.",
        low=2,
        high=250,
    ),
    "snapshot-count-warning-threshold": Definition(
        "Snapshot Count Warning Threshold",
        "snapshot",
        "int",
        "100",
        "From this many snapshots on, a volume has the condition TooManySnapshots.",
        low=2,
        high=250,
    ),
    "storage-over-provisioning-percentage": Definition(
        "Storage Over Provisioning Percentage", "scheduling", "int", "100", "Kept, without effect."
    ),
    "storage-minimal-available-percentage": Definition(
        "Storage Minimal Available Percentage", "scheduling", "int", "25", "Kept, without effect.", high=100
    ),
    "replica-replenishment-wait-interval": Definition(
        "Replica Replenishment Wait Interval", "general", "int", "600", "Seconds. Kept, without effect."
    ),
    "disable-snapshot-purge": Definition(
        "Disable Snapshot Purge",
        "snapshot",
        "bool",
        "false",
        "Removed snapshots keep their layers, and snapshotPurge is refused.",
    ),
    "auto-cleanup-system-generated-snapshot": Definition(
        "Automatically Cleanup System Generated Snapshot",
        "snapshot",
        "bool",
        "true",
        "Removed and system snapshots are purged after replicas were rebuilt.",
    ),
    "freeze-filesystem-for-snapshot": Definition(
        "Freeze Filesystem For Snapshot",
        "snapshot",
        "bool",
        "false",
        "Kept, without effect: mounted filesystems are always frozen.",
    ),
    "snapshot-data-integrity": Definition(
        "Snapshot Data Integrity",
        "snapshot",
        "string",
        "fast-check",
        "Kept, without effect.",
        options=("disabled", "enabled", "fast-check"),
    ),
}


class Settings:
    """The values. What was never changed has its default and is not on disk."""

    def __init__(self, records: Records[Setting], more: Mapping[str, Definition] | None = None) -> None:
        self._records = records
        self._definitions = {**DEFINITIONS, **(more or {})}

    def names(self) -> list[str]:
        return sorted(self._definitions)

    def value(self, name: str) -> str:
        """Raises BackendError NotFound."""
        definition = self.definition(name)
        changed = self._records.get(name)
        return changed.value if changed else definition.default

    def put(self, name: str, value: str) -> None:
        """Blanks around the value do not count. Raises BackendError NotFound, InvalidArgument."""
        value = value.strip()
        why = _why_not(self.definition(name), value)
        if why:
            raise BackendError("InvalidArgument", f"setting {name} must be {why}, not {value!r}")
        self._records.put(Setting(name, value))

    def definition(self, name: str) -> Definition:
        """Raises BackendError NotFound."""
        if name not in self._definitions:
            raise BackendError("NotFound", f"setting {name} not found")
        return self._definitions[name]


def _why_not(definition: Definition, value: str) -> str:
    """What a good value is; "" for one that is."""
    if definition.why_not is not None:
        return definition.why_not(value)
    if definition.kind == "bool":
        return "" if value in ("true", "false") else "true or false"
    if definition.kind == "int":
        good = value.isdecimal() and definition.low <= int(value) <= definition.high
        return "" if good else f"a number from {definition.low} to {definition.high}"
    return "" if value in definition.options else f"one of {', '.join(definition.options)}"
