"""What the backend must remember beside the replicas, one JSON file an object, each replaced whole and durably.

Snapshots, their tree and the present size are in the replicas: where a record says another thing it is corrected.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from . import durable


@dataclass(frozen=True)
class Attachment:
    """A volume at one node for one user. ``access_mode`` is the CSI name, e.g. "SINGLE_NODE_WRITER".

    The user is known by ``ticket``, unique within the volume; that of people and their tools is "".
    """

    node: str
    access_mode: str
    read_only: bool = False
    ticket: str = ""
    kind: str = "longhorn-api"
    attached_by: str = ""
    disable_frontend: str = "false"
    """Whether it wants the volume without a device: "true", "false" or "any"."""


@dataclass(frozen=True)
class Copy:
    """One replica: its directory is ``<volume>-<id>``; ``mode`` is one of ``states.REPLICA``."""

    id: str
    mode: str = "RW"
    failed_at: float = 0.0


@dataclass(frozen=True)
class Volume:
    """``mode`` is "Filesystem" or "Block"; ``data_source`` "", "snap://VOLUME/SNAPSHOT" or "vol://VOLUME".

    ``chain`` tells this volume from an earlier one of the same name, whose snapshots may still be there. ``size``
    in bytes is what was asked for. ``node`` is where its ``attachments`` have brought it, "" for nowhere.
    ``loop`` is the number of the loop device it had last: it gets it again after a restart, because
    pods hold device nodes by number. ``options`` are those of ``options.OPTIONS``. ``restore`` is one of
    ``states.RESTORE``, of the backup at the address ``from_backup``.
    """

    name: str
    created: float
    mode: str = "Filesystem"
    data_source: str = ""
    loop: int | None = None
    attachments: tuple[Attachment, ...] = ()
    options: dict[str, str | int] = field(default_factory=dict)
    chain: str = ""
    size: int = 0
    replicas: tuple[Copy, ...] = ()
    node: str = ""
    disable_frontend: bool = False
    from_backup: str = ""
    restore: str = ""
    restore_error: str = ""

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> Volume:
        attachments = tuple(Attachment(**item) for item in data.pop("attachments"))
        replicas = tuple(Copy(**item) for item in data.pop("replicas"))
        return cls(**data, attachments=attachments, replicas=replicas)


@dataclass(frozen=True)
class Remains:
    """The replicas of a volume that was deleted and whose snapshots were not; ``name`` is its chain."""

    name: str
    volume: str
    mode: str
    replicas: tuple[Copy, ...]

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> Remains:
        return cls(**{**data, "replicas": tuple(Copy(**item) for item in data["replicas"])})


@dataclass(frozen=True)
class Snapshot:
    """``created`` is the moment of the cut, in seconds since the epoch; ``group`` is "" for one on its own.

    ``chain`` is that of its volume.
    """

    name: str
    volume: str
    created: float
    mode: str = "Filesystem"
    labels: dict[str, str] = field(default_factory=dict)
    group: str = ""
    chain: str = ""

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> Snapshot:
        return cls(**data)


@dataclass(frozen=True)
class Group:
    """Snapshots of several volumes, cut at one moment; ``members`` are their names, sorted by volume."""

    name: str
    created: float
    members: tuple[str, ...]
    labels: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> Group:
        return cls(**{**data, "members": tuple(data["members"])})


@dataclass(frozen=True)
class Node:
    """A machine volumes can be attached to."""

    name: str
    address: str = ""

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> Node:
        return cls(**data)


@dataclass(frozen=True)
class Setting:
    """A setting that was changed from its default."""

    name: str
    value: str

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> Setting:
        return cls(**data)


class _Record(Protocol):
    @property
    def name(self) -> str: ...


R = TypeVar("R", bound=_Record)


class Records(Generic[R]):
    """The objects of one kind, by name. ``put`` and ``drop`` return when the disk has it, and call ``changed``."""

    def __init__(self, folder: Path, kind: Any, changed: Callable[[], None] = lambda: None) -> None:
        self._folder = folder
        self._changed = changed
        self._folder.mkdir(parents=True, exist_ok=True)
        for leftover in folder.glob("*.tmp"):  # a write that was never acknowledged
            leftover.unlink()
        read = [kind.from_plain(json.loads(path.read_bytes())) for path in sorted(folder.glob("*.json"))]
        self._all: dict[str, R] = {record.name: record for record in read}

    def get(self, name: str) -> R | None:
        return self._all.get(name)

    def all(self) -> list[R]:
        """Sorted by name."""
        return [record for _, record in sorted(self._all.items())]

    def put(self, record: R) -> R:
        plain = dataclasses.asdict(record)  # type: ignore[call-overload]  # records are dataclasses
        durable.replace_file(self._folder / f"{record.name}.json", json.dumps(plain, indent=1).encode())
        self._all[record.name] = record
        self._changed()
        return record

    def drop(self, name: str) -> None:
        """A name that is not there is as good."""
        durable.remove(self._folder / f"{name}.json")
        self._all.pop(name, None)
        self._changed()
