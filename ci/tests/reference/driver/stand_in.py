"""A backend of a few dictionaries, whose backups and restores go on only when a test says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import grpc
import httpx

from pytest_csi_snapshot.reference_impl.driver.backend import Backend
from pytest_csi_snapshot.reference_impl.driver.controller import Controller
from pytest_csi_snapshot.reference_impl.driver.patience import Patience
from pytest_csi_snapshot.reference_impl.driver.refusals import Refusal
from pytest_csi_snapshot.reference_impl.profiles import PROFILES
from pytest_csi_snapshot.reference_impl.wire import csi_pb2

from .machine import MIB, mount_capability

Json = dict[str, Any]

CUT = "2026-01-02T03:04:05Z"
COPIED = "2026-01-02T03:04:09Z"


class Context:
    """Of a call whose caller has all the time of the world, or ``left`` seconds."""

    def __init__(self, left: float | None = None) -> None:
        self._left = left

    def time_remaining(self) -> float | None:
        return self._left

    def is_active(self) -> bool:
        return True


class StandIn:
    """The part of the API that backups need. ``seen`` are the calls so far, as "METHOD path?action"."""

    def __init__(self, profile: str = "current", patience: float = 5) -> None:
        self.volumes: dict[str, Json] = {}
        self.snapshots: dict[str, Json] = {}
        self.backups: dict[str, Json] = {}
        self.target = {"name": "default", "backupTargetURL": "vfs:///backups", "available": True, "message": ""}
        self.maintained = False
        self.seen: list[str] = []
        self.on_call: Callable[[], None] = lambda: None
        wire = httpx.MockTransport(self._answer)
        backend = Backend("http://backend/v1", "driver.longhorn.io", wire)
        self.controller = Controller(backend, PROFILES[profile], Patience(patience))

    def add_volume(self, name: str, size: int = 16 * MIB, **fields: Any) -> Json:
        self.volumes[name] = {
            "name": name,
            "size": str(size),
            "volumeMode": "Filesystem",
            "state": "attached",
            "actions": {"snapshotList": "", "snapshotCreate": "", "snapshotBackup": ""},
            "dataSource": "",
            "fromBackup": "",
            "ready": True,
            "notReadyMessage": "",
            "restoreRequired": False,
            "conditions": {},
            "controllers": [{"endpoint": ""}],
            "volumeAttachment": {"attachments": {}},
            **fields,
        }
        return self.volumes[name]

    def add_backup(self, volume: str, snapshot: str, name: str = "", **fields: Any) -> Json:
        name = name or f"backup-{len(self.backups):016x}"
        self.backups[name] = {
            "name": name,
            "volumeName": volume,
            "snapshotName": snapshot,
            "url": f"vfs:///backups?backup={name}&volume={volume}",
            "volumeSize": str(16 * MIB),
            "snapshotCreated": "",
            "state": "Pending",
            "error": "",
            "labels": {},
            **fields,
        }
        return self.backups[name]

    def create(
        self, volume: str, name: str, context: Context | None = None, **parameters: str
    ) -> csi_pb2.Snapshot:
        request = csi_pb2.CreateSnapshotRequest(source_volume_id=volume, name=name, parameters=parameters)
        return self.controller.CreateSnapshot(request, context or Context()).snapshot  # type: ignore[arg-type]

    def delete(self, snapshot_id: str, context: Context | None = None) -> None:
        request = csi_pb2.DeleteSnapshotRequest(snapshot_id=snapshot_id)
        self.controller.DeleteSnapshot(request, context or Context())  # type: ignore[arg-type]

    def volume(
        self,
        name: str,
        parameters: dict[str, str],
        source: csi_pb2.VolumeContentSource | None = None,
        mib: int = 16,
    ) -> csi_pb2.Volume:
        request = csi_pb2.CreateVolumeRequest(
            name=name,
            capacity_range=csi_pb2.CapacityRange(required_bytes=mib * MIB),
            volume_capabilities=[mount_capability("")],
            volume_content_source=source,
            parameters=parameters,
        )
        return self.controller.CreateVolume(request, Context()).volume  # type: ignore[arg-type]

    def restore(self, name: str, snapshot_id: str, mib: int = 16) -> csi_pb2.Volume:
        snapshot = csi_pb2.VolumeContentSource.SnapshotSource(snapshot_id=snapshot_id)
        return self.volume(name, {}, csi_pb2.VolumeContentSource(snapshot=snapshot), mib)

    def attach(self, volume: str) -> str:
        request = csi_pb2.ControllerPublishVolumeRequest(
            volume_id=volume, node_id="node-1", volume_capability=mount_capability("")
        )
        answer = self.controller.ControllerPublishVolume(request, Context())  # type: ignore[arg-type]
        return answer.publish_context["devicePath"]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/v1/")
        action = request.url.params.get("action", "")
        self.seen.append(f"{request.method} {path}" + (f"?{action}" if action else ""))
        self.on_call()
        found = self._dispatch(request.method, path.split("/"), action, json.loads(request.content or b"{}"))
        if found is None:
            return httpx.Response(404, json={"code": "NotFound", "message": f"{path} not found"})
        return httpx.Response(200, json=found)

    def _dispatch(self, method: str, path: list[str], action: str, body: Json) -> Json | None:
        match method, path:
            case "GET", ["backupvolumes"]:
                names = sorted({item["volumeName"] for item in self.backups.values()})
                return {"data": [{"name": f"{name}-01234567", "volumeName": name} for name in names]}
            case "GET", ["backups"]:
                return {"data": list(self.backups.values())}
            case "GET", ["backuptargets"]:
                return {"data": [self.target]}
            case "POST", ["backupvolumes", own_name]:
                return self._backup(own_name.rpartition("-")[0], action, body)
            case "GET", ["snapshotcrs"]:
                return {"data": list(self.snapshots.values())}
            case _, ["snapshotcrs", name]:
                return self.snapshots.get(name) if method == "GET" else self.snapshots.pop(name, None)
            case "GET", ["volumes"]:
                return {"data": list(self.volumes.values())}
            case "POST", ["volumes"]:
                filling = bool(body.get("fromBackup"))
                fields = {**body, "size": int(body["size"]), "restoreRequired": filling, "ready": not filling}
                return self.add_volume(**fields)
            case "POST", ["volumes", name]:
                return self._volume(name, action, body)
            case _, ["volumes", name]:
                return self.volumes.get(name) if method == "GET" else self.volumes.pop(name, None)
        raise AssertionError((method, path, action))

    def _volume(self, volume: str, action: str, body: Json) -> Json | None:
        if action == "attach":
            return self._attach(volume, body)
        if action == "snapshotList":
            return {"data": [item for item in self.snapshots.values() if item["volume"] == volume]}
        if action == "snapshotBackup":
            self.add_backup(volume, body["name"], labels=body["labels"])
            return self.volumes[volume]
        return self._cut(volume, body)

    def _attach(self, volume: str, body: Json) -> Json:
        """Beside somebody who has it without a device, while ``maintained`` says so."""
        why = "the volume is attached with its frontend disabled" if self.maintained else ""
        attachment = {
            "attachmentType": body["attacherType"],
            "nodeID": body["hostId"],
            "satisfied": not why,
            "conditions": [{"message": why}],
        }
        found = self.volumes[volume]
        found["volumeAttachment"]["attachments"][body["attachmentID"]] = attachment
        found["controllers"][0]["endpoint"] = "" if why else "/dev/loop1"
        return found

    def _cut(self, volume: str, body: Json) -> Json:
        made = {
            "name": body["name"],
            "volume": volume,
            "restoreSize": int(self.volumes[volume]["size"]),
            "creationTime": CUT,
            "created": CUT,
            "readyToUse": True,
            "group": "",
            "labels": body["labels"],
        }
        return self.snapshots.setdefault(body["name"], made)

    def _backup(self, volume: str, action: str, body: Json) -> Json | None:
        of_volume = [item for item in self.backups.values() if item["volumeName"] == volume]
        if action == "backupList":
            return {"data": of_volume}
        if action == "backupGet":
            return next((item for item in of_volume if item["name"] == body["name"]), None)
        self.backups.pop(body["name"])
        return {}


def refusal(call: Callable[..., Any], *arguments: Any, **named: Any) -> tuple[grpc.StatusCode, str]:
    """Code and text of what ``call`` is refused with."""
    try:
        call(*arguments, **named)
    except Refusal as refused:
        return refused.code, refused.message
    raise AssertionError("not refused")
