"""Snapshots as layers of an attached volume: all that backends had before snapshots were objects of their own."""

from __future__ import annotations

from datetime import datetime

import grpc

from ..refusals import Refusal
from .snapshots import Snapshot
from .transport import Json, Transport, part
from .volumes import Volume


class Layers:
    """Every call may raise Refusal."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, volume: Volume, name: str, labels: dict[str, str]) -> Snapshot:
        """The one of that name if there is one. INTERNAL for a detached volume: it offers no such action."""
        if "snapshotList" not in volume.actions:
            raise Refusal(
                grpc.StatusCode.INTERNAL,
                f"action [snapshotList] not available on volume {volume.name}: it is {volume.state}",
            )
        path = f"volumes/{part(volume.name)}"
        listed = self._transport.act(path, "snapshotList", {})["data"]
        found = next((item for item in listed if item["name"] == name), None)
        if found is None:
            found = self._transport.act(path, "snapshotCreate", {"name": name, "labels": labels})
        return _layer(volume, found)


def _layer(volume: Volume, data: Json) -> Snapshot:
    return Snapshot(
        name=data["name"],
        volume=volume.name,
        size=volume.size,
        created=datetime.fromisoformat(data["created"]),
        ready=True,
        group="",
        labels=data["labels"] or {},
    )
