"""The parameters of a VolumeSnapshotClass: what kind of snapshot, and for backups how much of it is copied."""

from __future__ import annotations

from collections.abc import Mapping

from ..labels import is_qualified
from ..profiles import Profile
from .names import BACKUP, SNAPSHOT
from .refusals import invalid

TYPE = "type"
BACKUP_MODE = "backupMode"
_BACKUP_MODES = ("", "full", "incremental")

_TYPES = {"snap": SNAPSHOT, "bak": BACKUP, "bs": BACKUP}


def kind(parameters: Mapping[str, str], profile: Profile) -> str:
    """``SNAPSHOT`` or ``BACKUP``. Raises Refusal INVALID_ARGUMENT.

    Where snapshots are not objects of their own, all are backups and the parameter means nothing.
    """
    if not profile.snapshot_crs:
        return BACKUP
    asked = parameters.get(TYPE) or BACKUP
    if asked == "bi":
        raise invalid("CSI snapshot type bi is not supported: there are no backing images here. Use snap or bak")
    if asked not in _TYPES:
        raise invalid(f"invalid CSI snapshot type: {asked}. Must be snap or bak or empty")
    return _TYPES[asked]


def backup_mode(parameters: Mapping[str, str]) -> str:
    """ "full", "incremental", or "" for the backend's choice. Raises Refusal INVALID_ARGUMENT."""
    mode = parameters.get(BACKUP_MODE, "")
    if mode not in _BACKUP_MODES:
        raise invalid(f"invalid parameter {BACKUP_MODE}: {mode!r} is neither full nor incremental")
    return mode


def labels(parameters: Mapping[str, str], of_kind: str) -> dict[str, str]:
    """What a snapshot, and a backup of it, is labelled with: the parameters, empty ones left out, and its kind.

    From the kind a later call sees what the one that made the snapshot was asked for.
    """
    return {**{key: value for key, value in parameters.items() if value}, TYPE: of_kind}


def of_backup(given: Mapping[str, str]) -> dict[str, str]:
    """Those of the labels of a snapshot that its backup can have too: backups want qualified names for keys.

    A sidecar that is told to pass on the names of Kubernetes' objects does so by keys with two slashes.
    """
    return {key: value for key, value in given.items() if is_qualified(key)}


def check_group(parameters: Mapping[str, str]) -> None:
    """Raises Refusal INVALID_ARGUMENT: a group is cut at one moment, and only its volumes' own snapshots are."""
    if parameters.get(TYPE, "") not in ("", "snap"):
        raise invalid(f"CSI snapshot type {parameters[TYPE]} is not for groups. Must be snap or empty")
