"""Volumes of the backend."""

from __future__ import annotations

import re
from dataclasses import dataclass

import grpc

from ..names import ticket
from ..refusals import Refusal
from .transport import Json, Transport, part

_NO_SPACE = re.compile(r"(cannot|failed to) schedule .* more bytes")
"""How a backend that has one code for all says that an expansion does not fit."""

DEFAULT_TARGET = "default"
"""The backup target where there is only one."""
_CSI = "csi-attacher"
"""Type of this driver's attachments; the backend and people at its UI have others."""


@dataclass(frozen=True)
class Volume:
    """``size`` in bytes; ``device`` is "" while it is not attached; ``nodes`` are those CSI has attached it to."""

    name: str
    size: int
    mode: str
    state: str
    actions: frozenset[str]
    """What it offers in this state."""
    data_source: str
    from_backup: str
    backup_target: str
    """Where its backups go."""
    device: str
    nodes: tuple[str, ...]
    ready: bool
    """Whether its data is all there and it can be attached."""
    not_ready: str
    """Why it is not."""
    restoring: bool
    """Whether its data is still being copied from a backup."""
    restore_error: str
    """Why the restore failed; "" while it goes on or when it is done."""


class Volumes:
    """``driver`` is the name volumes are attached in. Every call may raise Refusal."""

    def __init__(self, transport: Transport, driver: str) -> None:
        self._transport = transport
        self._driver = driver

    def all(self) -> list[Volume]:
        return [_volume(item) for item in self._transport.items("volumes")]

    def devices(self, node: str) -> set[str]:
        """Of volumes that this driver has attached to ``node``; a backend may serve other drivers too."""
        items = self._transport.items("volumes")
        return {
            _volume(item).device for item in items if self._ticket(item["name"], node) in _attachments(item)
        } - {""}

    def get(self, name: str) -> Volume:
        """Refused with NOT_FOUND if there is none."""
        return _volume(self._transport.call("GET", _path(name)))

    def find(self, name: str) -> Volume | None:
        """None if there is none."""
        found = self._transport.find("volumes", name)
        return None if found is None else _volume(found)

    def create(self, name: str, size: int, mode: str, options: Json) -> Volume:
        """``options`` are further fields of the volume: its source, and what its class says."""
        body = {"name": name, "size": str(size), "volumeMode": mode, **options}
        return _volume(self._transport.call("POST", "volumes", body))

    def delete(self, name: str) -> None:
        """A volume that is not there is as good."""
        self._transport.delete("volumes", name)

    def attach(self, name: str, node: str, access_mode: str, read_only: bool) -> Volume:
        """ABORTED while somebody else has it in a way that leaves no device for this node."""
        its_ticket = self._ticket(name, node)
        body = {
            "hostId": node,
            "accessMode": access_mode,
            "readOnly": read_only,
            "attachmentID": its_ticket,
            "attacherType": _CSI,
        }
        answer = self._transport.act(_path(name), "attach", body)
        attachment = _attachments(answer).get(its_ticket, {})
        volume = _volume(answer)
        if not attachment.get("satisfied") or not volume.device:
            reasons = [item["message"] for item in attachment.get("conditions", []) if item.get("message")]
            why = "; ".join(reasons) or f"it is {volume.state} and has no device"
            raise Refusal(grpc.StatusCode.ABORTED, f"volume {name} failed to attach to node {node}: {why}")
        return volume

    def detach(self, name: str, node: str) -> None:
        """From every node if ``node`` is ""; then also from what others attached it to."""
        body = {"attachmentID": self._ticket(name, node)} if node else {"forceDetach": True}
        self._transport.act(_path(name), "detach", body)

    def expand(self, name: str, size: int) -> Volume:
        """OUT_OF_RANGE for what does not fit."""
        try:
            return _volume(self._transport.act(_path(name), "expand", {"size": str(size)}))
        except Refusal as refusal:
            if refusal.code is grpc.StatusCode.INTERNAL and _NO_SPACE.search(refusal.message):
                raise Refusal(grpc.StatusCode.OUT_OF_RANGE, refusal.message) from refusal
            raise

    def _ticket(self, name: str, node: str) -> str:
        return ticket(name, self._driver, node)


def _path(name: str) -> str:
    return f"volumes/{part(name)}"


def _volume(data: Json) -> Volume:
    restore = _condition(data, "restore")
    failed = restore.get("reason") == "RestoreFailure"
    return Volume(
        name=data["name"],
        size=int(data["size"]),
        mode=data["volumeMode"],
        state=data["state"],
        actions=frozenset(data["actions"]),
        data_source=data["dataSource"],
        from_backup=data["fromBackup"],
        backup_target=data.get("backupTargetName") or DEFAULT_TARGET,
        device=data["controllers"][0]["endpoint"],
        nodes=_nodes(data),
        ready=data["ready"],
        not_ready=data["notReadyMessage"],
        restoring=data["restoreRequired"] and not failed,
        restore_error=(restore.get("message") or "the restore failed") if failed else "",
    )


def _attachments(data: Json) -> Json:
    """By ticket."""
    found: Json = data["volumeAttachment"]["attachments"]
    return found


def _nodes(data: Json) -> tuple[str, ...]:
    attachments = _attachments(data).values()
    own = (item for item in attachments if item["attachmentType"] == _CSI and item["satisfied"])
    return tuple(sorted({item["nodeID"] for item in own}))


def _condition(data: Json, kind: str) -> Json:
    """One of its conditions, whose names some releases write in lower case."""
    found: Json = {name.lower(): item for name, item in data["conditions"].items()}.get(kind, {})
    return found
