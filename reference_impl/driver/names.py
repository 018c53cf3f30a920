"""Names and handles: what the container orchestrator sends becomes what the backend takes, and back.

A CSI name may be any text of 128 bytes; a backend's name is a DNS label. Longhorn lowers and cuts, which
lets two names meet; here a name that is not taken as it is gets a hash of the whole.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

VOLUME_LIMIT = 40
"""Characters of a volume's name in Longhorn; ``pvc-<uid>`` has exactly that many."""
SNAPSHOT_LIMIT = 63

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
"""What anything in the backend can be called: backups may come from elsewhere, with names of other rules."""
_HASH = 8
_TAKEN = frozenset({"volume-head"})
"""What the backend calls the live data of a volume among its snapshots."""


SNAPSHOT = "snap"
"""The kind of a snapshot that lies beside its volume."""
BACKUP = "bak"
"""The kind of one that is a backup."""

_KINDS = {"snap": SNAPSHOT, "bak": BACKUP, "bs": BACKUP}
"""Scheme of a handle -> kind. Old releases wrote ``bs``; contents made from such handles stay good."""


@dataclass(frozen=True)
class SnapshotHandle:
    """A snapshot id: ``snap://VOLUME/SNAPSHOT``, ``bak://VOLUME/BACKUP`` or ``bs://VOLUME/BACKUP``."""

    scheme: str
    volume: str
    name: str

    def __str__(self) -> str:
        return f"{self.scheme}://{self.volume}/{self.name}"

    @property
    def kind(self) -> str:
        """``SNAPSHOT`` or ``BACKUP``."""
        return _KINDS[self.scheme]

    @classmethod
    def parse(cls, text: str) -> SnapshotHandle | None:
        """None for what is no id of ours: such a snapshot does not exist."""
        scheme, _, rest = text.partition("://")
        volume, _, name = rest.partition("/")
        if scheme not in _KINDS or not NAME.fullmatch(volume) or not NAME.fullmatch(name):
            return None
        return cls(scheme, volume, name)


@dataclass(frozen=True)
class GroupHandle:
    """``group://NAME``, the id of a group snapshot."""

    name: str

    def __str__(self) -> str:
        return f"group://{self.name}"

    @classmethod
    def parse(cls, text: str) -> GroupHandle | None:
        """None for what is no id of ours: such a group does not exist."""
        scheme, _, name = text.partition("://")
        return cls(name) if scheme == "group" and LABEL.fullmatch(name) else None


def volume_name(name: str) -> str:
    """The backend's name, and the volume id, of the volume that is asked for as ``name``."""
    return _corrected(name, VOLUME_LIMIT)


def snapshot_name(name: str) -> str:
    """The backend's name of the snapshot, or of the group snapshot, that is asked for as ``name``."""
    return _corrected(name, SNAPSHOT_LIMIT)


def ticket(volume: str, driver: str, node: str) -> str:
    """Id of this driver's attachment of ``volume`` to ``node``: the name of Kubernetes' VolumeAttachment."""
    return "csi-" + hashlib.sha256(f"{volume}{driver}{node}".encode()).hexdigest()


def _corrected(name: str, limit: int) -> str:
    if name not in _TAKEN and len(name) <= limit and LABEL.fullmatch(name):
        return name
    digest = hashlib.sha512(name.encode()).hexdigest()[:_HASH]
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower())[: limit - _HASH - 1].strip("-")
    return f"{slug or 'x'}-{digest}"
