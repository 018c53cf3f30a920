"""What must be remembered of backups beside the backupstore: jobs and targets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class BackupJob:
    """A backup that is under way or failed; ``state`` is one of ``backup_states``, ``cut`` that of the snapshot.

    Times are in seconds since the epoch, sizes in bytes.
    """

    name: str
    volume: str
    snapshot: str
    cut: float
    target: str
    created: float
    mode: str
    block_size: int
    compression: str
    volume_size: int
    volume_created: float
    labels: dict[str, str] = field(default_factory=dict)
    state: str = "Pending"
    error: str = ""
    ended: float = 0

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> BackupJob:
        return cls(**data)


@dataclass(frozen=True)
class Target:
    """Where backups go; ``poll_interval`` in seconds."""

    name: str
    url: str
    credential_secret: str = ""
    poll_interval: int = 300

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> Target:
        return cls(**data)
