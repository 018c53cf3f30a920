"""Group snapshots of the backend."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .snapshots import Snapshot, snapshot
from .transport import Json, Transport


@dataclass(frozen=True)
class Group:
    """Snapshots of several volumes at one cut."""

    name: str
    created: datetime
    ready: bool
    snapshots: tuple[Snapshot, ...]


class Groups:
    """Every call may raise Refusal."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, name: str, volumes: list[str], labels: dict[str, str]) -> Group:
        body = {"name": name, "volumes": volumes, "labels": labels}
        return _group(self._transport.call("POST", "groupsnapshots", body))

    def find(self, name: str) -> Group | None:
        """None if there is none."""
        found = self._transport.find("groupsnapshots", name)
        return None if found is None else _group(found)

    def delete(self, name: str) -> None:
        """With its members. One that is not there is as good."""
        self._transport.delete("groupsnapshots", name)


def _group(data: Json) -> Group:
    return Group(
        name=data["name"],
        created=datetime.fromisoformat(data["creationTime"]),
        ready=data["readyToUse"],
        snapshots=tuple(snapshot(item) for item in data["snapshots"]),
    )
