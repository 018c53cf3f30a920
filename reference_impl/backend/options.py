"""What a volume can be told beside its size: options with default, limits and the action that changes each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .backupstore.compression import DEFAULT, METHODS
from .backupstore.configs import BLOCK_SIZE, BLOCK_SIZES
from .errors import BackendError

MIB = 1 << 20
Value = str | int


def _between(low: int, high: int) -> Callable[[Any], str]:
    return lambda value: "" if type(value) is int and low <= value <= high else f"a number from {low} to {high}"


def _one_of(*values: str) -> Callable[[Any], str]:
    return lambda value: "" if value in values else f"one of {', '.join(values)}"


def _bytes(value: Any) -> str:
    return "" if isinstance(value, str) and value.isdecimal() else "a number of bytes, as a string"


@dataclass(frozen=True)
class Option:
    """``why_not`` answers "" for a good value, else what a good one is; ``setting`` has the default, if named.

    ``unit`` is what a number in the setting is multiplied with.
    """

    default: Value
    why_not: Callable[[Any], str]
    setting: str = ""
    unit: int = 1

    def chosen_by(self, setting: Callable[[str], str]) -> Value:
        """The value of a volume that does not say."""
        if not self.setting:
            return self.default
        value = setting(self.setting)
        return type(self.default)(int(value) * self.unit if value.isdecimal() else value)


OPTIONS: dict[str, Option] = {
    "numberOfReplicas": Option(3, _between(1, 20), "default-replica-count"),
    "staleReplicaTimeout": Option(2880, _between(0, 1 << 31)),
    "snapshotMaxCount": Option(250, _between(2, 250), "snapshot-max-count"),
    "snapshotMaxSize": Option("0", _bytes),
    "accessMode": Option("rwo", _one_of("rwo", "rwop", "rwx")),
    "dataLocality": Option("disabled", _one_of("disabled", "best-effort", "strict-local")),
    "backupCompressionMethod": Option(DEFAULT, _one_of(*METHODS), "backup-compression-method"),
    "backupBlockSize": Option(str(BLOCK_SIZE), _one_of(*map(str, BLOCK_SIZES)), "default-backup-block-size", MIB),
    "backupTargetName": Option("default", lambda value: "" if isinstance(value, str) else "a string"),
}
"""Field of a volume -> option."""


@dataclass(frozen=True)
class Update:
    """Which option an action changes, the field of its body, and the id of its input's schema."""

    option: str
    field: str
    input: str


UPDATES: dict[str, Update] = {
    "updateReplicaCount": Update("numberOfReplicas", "replicaCount", "UpdateReplicaCountInput"),
    "updateSnapshotMaxCount": Update("snapshotMaxCount", "snapshotMaxCount", "UpdateSnapshotMaxCountInput"),
    "updateSnapshotMaxSize": Update("snapshotMaxSize", "snapshotMaxSize", "UpdateSnapshotMaxSizeInput"),
    "updateAccessMode": Update("accessMode", "accessMode", "UpdateAccessModeInput"),
    "updateDataLocality": Update("dataLocality", "dataLocality", "UpdateDataLocalityInput"),
    "updateBackupCompressionMethod": Update(
        "backupCompressionMethod", "backupCompressionMethod", "UpdateBackupCompressionMethodInput"
    ),
    "updateBackupTargetName": Update("backupTargetName", "backupTargetName", "UpdateBackupTargetInput"),
}


def value_of(options: dict[str, Value], name: str) -> str:
    """An option of a volume as text; the default of one that was made without."""
    return str(options.get(name, OPTIONS[name].default))


def replica_count(options: dict[str, Value]) -> int:
    """How many replicas a volume is to have."""
    return int(options.get("numberOfReplicas", OPTIONS["numberOfReplicas"].default))


def check_snapshot_room(most: int, size: int) -> None:
    """``snapshotMaxSize`` must hold the live data and a snapshot of it. Raises BackendError InvalidArgument."""
    if 0 < most < 2 * size:
        raise BackendError(
            "InvalidArgument", f"invalid snapshotMaxSize {most}: it must be 0 or at least twice the size, {size}"
        )


def checked(option: str, value: Any) -> Value:
    """``value``, if ``option`` can have it. Raises BackendError InvalidArgument."""
    why = OPTIONS[option].why_not(value)
    if why:
        raise BackendError("InvalidArgument", f"invalid {option} {value!r}: it must be {why}")
    return value  # type: ignore[no-any-return]  # a value that passes is a str or an int


def chosen(body: dict[str, Any], setting: Callable[[str], str]) -> dict[str, Value]:
    """All options of a new volume: from ``body``, else from the settings. Raises BackendError InvalidArgument.

    Zero and "" mean that nothing was chosen, as in clients that send every field.
    """
    found: dict[str, Value] = {}
    for name, option in OPTIONS.items():
        found[name] = checked(name, body.get(name) or option.chosen_by(setting))
    return found
