"""Snapshots of the backend as objects of their own: they can be cut from a detached volume, and outlive it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from .transport import Json, Transport, part


@dataclass(frozen=True)
class Snapshot:
    """``size`` in bytes is the least a restore needs; ``created`` is the moment of the cut."""

    name: str
    volume: str
    size: int
    created: datetime
    ready: bool
    group: str
    labels: dict[str, str]


class Snapshots:
    """Names are unique across volumes. Every call may raise Refusal."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, volume: str, name: str, labels: dict[str, str]) -> Snapshot:
        """The one of that name if there is one."""
        body = {"name": name, "labels": labels}
        return snapshot(self._transport.act(f"volumes/{part(volume)}", "snapshotCRCreate", body))

    def all(self, volume: str = "") -> list[Snapshot]:
        """Of one volume, or all; sorted by name."""
        query = f"?volume={quote(volume, safe='')}" if volume else ""
        return [snapshot(item) for item in self._transport.items(f"snapshotcrs{query}")]

    def find(self, volume: str, name: str) -> Snapshot | None:
        """None if that volume has none of this name."""
        found = self._transport.find("snapshotcrs", name)
        return snapshot(found) if found is not None and found["volume"] == volume else None

    def delete(self, name: str) -> None:
        """One that is not there is as good."""
        self._transport.delete("snapshotcrs", name)


def snapshot(data: Json) -> Snapshot:
    """From its resource."""
    return Snapshot(
        name=data["name"],
        volume=data["volume"],
        size=data["restoreSize"],
        created=datetime.fromisoformat(data["creationTime"]),
        ready=data["readyToUse"],
        group=data["group"],
        labels=data["labels"] or {},
    )
