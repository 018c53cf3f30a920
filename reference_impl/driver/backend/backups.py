"""Backups of the backend, and where they are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import grpc

from ..refusals import Refusal
from .snapshots import Snapshot
from .transport import Json, Transport, part

CUT_AT = "driver.longhorn.io/cut-at"
"""Label with the moment of the cut. The backend's own field has that of the first byte copied, and has it late."""


@dataclass(frozen=True)
class Backup:
    """``size`` in bytes is what a restore needs; ``snapshot`` is what it is a copy of, cut at ``created``."""

    name: str
    volume: str
    snapshot: str
    url: str
    size: int
    created: datetime
    state: str
    error: str
    labels: dict[str, str]

    @property
    def completed(self) -> bool:
        return self.state == "Completed"

    @property
    def failed(self) -> bool:
        return self.state == "Error" or bool(self.error)


class Backups:
    """A volume's backups are there whether or not the volume still is. Every call may raise Refusal."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def all(self, volume: str = "") -> list[Backup]:
        """Of one volume, or all. What cannot be read, or somebody else has only begun, is not among them."""
        if volume:
            paths = self._backup_volumes(volume)
            listed = [item for path in paths for item in self._transport.act(path, "backupList", {})["data"]]
        else:
            listed = self._transport.items("backups")
        return [_backup(item) for item in listed if _cut_at(item)]

    def find(self, volume: str, name: str) -> Backup | None:
        """None if that volume has none of this name."""
        for path in self._backup_volumes(volume):
            found = self._get(path, name)
            if found is not None:
                return found
        return None

    def start(self, snapshot: Snapshot, labels: dict[str, str], mode: str) -> None:
        """Begin to copy a snapshot; the backend chooses the name. ``mode`` is "full", "incremental" or "".

        Each call begins another one.
        """
        body = {
            "name": snapshot.name,
            "labels": {**labels, CUT_AT: snapshot.created.isoformat()},
            **({"backupMode": mode} if mode else {}),
        }
        self._transport.act(f"volumes/{part(snapshot.volume)}", "snapshotBackup", body, once=True)

    def delete(self, volume: str, name: str) -> None:
        """One that is not there is as good."""
        for path in self._backup_volumes(volume):
            if self._get(path, name) is not None:
                self._transport.act(path, "backupDelete", {"name": name})

    def why_no_target(self, name: str) -> str:
        """Why nothing can be backed up to the target ``name``; "" if it can."""
        target = next((item for item in self._transport.items("backuptargets") if item["name"] == name), None)
        if target is None:
            return "there is no such target"
        if not target["backupTargetURL"]:
            return "it has no URL"
        return "" if target["available"] else target["message"] or "it does not answer"

    def _backup_volumes(self, volume: str) -> list[str]:
        """Their paths. They may have names of their own, so they are looked up by that of their volume."""
        return [
            f"backupvolumes/{part(item['name'])}"
            for item in self._transport.items("backupvolumes")
            if volume == (item.get("volumeName") or item["name"])
        ]

    def _get(self, path: str, name: str) -> Backup | None:
        try:
            found = self._transport.act(path, "backupGet", {"name": name})
            return _backup(found) if _cut_at(found) else None
        except Refusal as refusal:
            if refusal.code is grpc.StatusCode.NOT_FOUND:
                return None
            raise


def _cut_at(data: Json) -> str:
    """ "" where it is not known."""
    return str((data["labels"] or {}).get(CUT_AT) or data["snapshotCreated"])


def _backup(data: Json) -> Backup:
    return Backup(
        name=data["name"],
        volume=data["volumeName"],
        snapshot=data["snapshotName"],
        url=data["url"],
        size=int(data["volumeSize"]),
        created=datetime.fromisoformat(_cut_at(data)),
        state=data["state"],
        error=data["error"],
        labels=data["labels"] or {},
    )
