"""The parameters of a StorageClass: which there are, what each may be, and which the backend is told.

A name that is not in the table is somebody else's and is passed over, as Longhorn does. A feature that is
in it but not in this implementation is refused: a volume that is not encrypted must not pass for one that is.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from . import sources
from .access import FILESYSTEMS
from .backend.transport import Json
from .refusals import invalid
from .sources import NOTHING, Source

FS_TYPE = "fsType"
MKFS = "mkfsParams"
FROM_BACKUP = "fromBackup"
DATA_SOURCE = "dataSource"
STALE_REPLICA_TIMEOUT = "staleReplicaTimeout"
DEFAULT_STALE_REPLICA_TIMEOUT = 2880
"""Minutes; what zero and less mean."""

Reader = Callable[[str], Any]
"""Text -> value. Raises ValueError, whose text says what a good one is."""


def _number(low: int, high: int) -> Reader:
    def read(text: str) -> int:
        if not text.removeprefix("-").isdecimal() or not low <= int(text) <= high:
            raise ValueError(f"a number from {low} to {high}")
        return int(text)

    return read


def _one_of(*values: str) -> Reader:
    def read(text: str) -> str:
        if text not in values:
            raise ValueError(f"one of {', '.join(values)}")
        return text

    return read


_TRUE = ("1", "t", "T", "true", "TRUE", "True")
_FALSE = ("0", "f", "F", "false", "FALSE", "False")


def _flag(text: str) -> bool:
    if text not in (*_TRUE, *_FALSE):
        raise ValueError("true or false")
    return text in _TRUE


def _only(wanted: Any, read: Reader, why: str) -> Reader:
    """A feature that is not here: nothing but ``wanted`` is taken."""

    def check(text: str) -> Any:
        if read(text) != wanted:
            raise ValueError(why)
        return wanted

    return check


def _list(text: str) -> list[Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ValueError("a JSON list") from error
    if not isinstance(found, list):
        raise ValueError("a JSON list")
    return found


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise ValueError(f"options of mkfs as a shell has them ({error})") from error


def _backup_url(text: str) -> str:
    if sources.of_url(text) is None:
        raise ValueError("the URL of a backup, TARGET?backup=NAME&volume=VOLUME")
    return text


def _data_source(text: str) -> str:
    if sources.of_data_source(text) is None:
        raise ValueError("vol://VOLUME or snap://VOLUME/SNAPSHOT")
    return text


_INHERITED = _one_of("ignored", "disabled", "enabled")
_ABSENT = "left out: there is no such thing here"


@dataclass(frozen=True)
class Parameter:
    """``told``: the backend is told, in the volume's field of the same name."""

    read: Reader
    told: bool = False


PARAMETERS: dict[str, Parameter] = {
    "numberOfReplicas": Parameter(_number(1, 20), told=True),
    STALE_REPLICA_TIMEOUT: Parameter(_number(-(1 << 31), (1 << 31) - 1), told=True),
    "dataLocality": Parameter(_one_of("disabled", "best-effort", "strict-local"), told=True),
    "replicaAutoBalance": Parameter(_one_of("ignored", "disabled", "least-effort", "best-effort"), told=True),
    "replicaSoftAntiAffinity": Parameter(_INHERITED, told=True),
    "replicaZoneSoftAntiAffinity": Parameter(_INHERITED, told=True),
    "replicaDiskSoftAntiAffinity": Parameter(_INHERITED, told=True),
    "unmapMarkSnapChainRemoved": Parameter(_INHERITED, told=True),
    "freezeFilesystemForSnapshot": Parameter(_INHERITED, told=True),
    "disableRevisionCounter": Parameter(_flag),
    "backupTargetName": Parameter(str, told=True),
    "backupBlockSize": Parameter(_one_of("2097152", "16777216"), told=True),
    "recurringJobSelector": Parameter(_list),
    "exclusive": Parameter(_flag),
    "strictTopology": Parameter(_flag),
    "frontend": Parameter(_only("blockdev", str, "blockdev: there is no other frontend here")),
    "dataEngine": Parameter(_only("v1", _one_of("v1", "v2"), "v1: there is no other data engine here")),
    "cloneMode": Parameter(_only("full-copy", str, "full-copy: there is no other way to clone here")),
    "encrypted": Parameter(_only(False, _flag, "false: nothing is encrypted here")),
    "share": Parameter(_only(False, _flag, "false: volumes are not shared over a network here")),
    "migratable": Parameter(_only(False, _flag, "false: volumes do not migrate here")),
    "backingImage": Parameter(_only("", str, _ABSENT)),
    "diskSelector": Parameter(_only("", str, _ABSENT)),
    "nodeSelector": Parameter(_only("", str, _ABSENT)),
    FS_TYPE: Parameter(_one_of(*FILESYSTEMS)),
    MKFS: Parameter(_words),
    FROM_BACKUP: Parameter(_backup_url),
    DATA_SOURCE: Parameter(_data_source),
}


@dataclass(frozen=True)
class Chosen:
    """What a class says. ``mkfs`` are further options of mkfs; ``fields`` are those of a volume."""

    fs_type: str
    mkfs: tuple[str, ...]
    source: Source
    fields: Json


def chosen(given: Mapping[str, str]) -> Chosen:
    """Empty values are as good as none. Raises Refusal INVALID_ARGUMENT naming the parameter."""
    values = {name: _read(name, given[name]) for name in PARAMETERS if given.get(name)}
    if values.get(STALE_REPLICA_TIMEOUT, 1) <= 0:
        values[STALE_REPLICA_TIMEOUT] = DEFAULT_STALE_REPLICA_TIMEOUT
    return Chosen(
        fs_type=values.get(FS_TYPE, ""),
        mkfs=tuple(values.get(MKFS, ())),
        source=_source(values),
        fields={name: value for name, value in values.items() if PARAMETERS[name].told},
    )


def _read(name: str, text: str) -> Any:
    try:
        return PARAMETERS[name].read(text)
    except ValueError as error:
        raise invalid(f"invalid parameter {name}: {text!r} must be {error}") from error


def _source(values: Mapping[str, Any]) -> Source:
    if FROM_BACKUP in values and DATA_SOURCE in values:
        raise invalid(f"invalid parameter {DATA_SOURCE}: there is a {FROM_BACKUP} too, only one can be")
    if FROM_BACKUP in values:
        return sources.of_url(values[FROM_BACKUP]) or NOTHING
    return sources.of_data_source(values.get(DATA_SOURCE, "")) or NOTHING
