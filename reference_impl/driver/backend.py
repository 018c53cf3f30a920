"""The driver's view of the backend: a dozen calls, each safe to repeat."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import grpc
import httpx

from .names import LABEL, ticket
from .refusals import Refusal

TIMEOUT = 30.0
"""Seconds for one call: a snapshot waits for a freeze, which waits for dirty data to reach the disk."""

CODES = {
    "InvalidArgument": grpc.StatusCode.INVALID_ARGUMENT,
    "NotFound": grpc.StatusCode.NOT_FOUND,
    "AlreadyExists": grpc.StatusCode.ALREADY_EXISTS,
    "Aborted": grpc.StatusCode.ABORTED,
    "FailedPrecondition": grpc.StatusCode.FAILED_PRECONDITION,
    "OutOfRange": grpc.StatusCode.OUT_OF_RANGE,
    "ResourceExhausted": grpc.StatusCode.RESOURCE_EXHAUSTED,
}
"""``code`` of the backend's error -> gRPC; any other is INTERNAL."""

_STALE = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)
"""What a kept-alive connection answers with after the backend was restarted."""


@dataclass(frozen=True)
class Volume:
    """``size`` in bytes; ``device`` is "" while it is not attached; ``nodes`` are those it is attached to."""

    name: str
    size: int
    mode: str
    data_source: str
    device: str
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class Snapshot:
    """``size`` in bytes is the least a restore needs; ``created`` is the moment of the cut."""

    name: str
    volume: str
    size: int
    created: datetime
    ready: bool
    group: str


@dataclass(frozen=True)
class Group:
    """Snapshots of several volumes at one cut."""

    name: str
    created: datetime
    ready: bool
    snapshots: tuple[Snapshot, ...]


class Backend:
    """A client of the REST API at ``url``, e.g. http://longhorn-backend:9500/v1; any thread may use it.

    ``driver`` is the name volumes are attached in.

    Every call may raise Refusal with the backend's reason, or UNAVAILABLE when it does not answer.
    """

    def __init__(self, url: str, driver: str) -> None:
        self._driver = driver
        # No proxy from the environment: the backend is a Service of the cluster.
        self._http = httpx.Client(base_url=url.rstrip("/") + "/", timeout=TIMEOUT, trust_env=False)

    def register_node(self, node: str) -> None:
        """Tell that volumes can be attached to ``node``."""
        self._call("PUT", f"nodes/{quote(node, safe='')}", {})

    def volumes(self) -> list[Volume]:
        return [_volume(item) for item in self._call("GET", "volumes")["data"]]

    def volume(self, name: str) -> Volume:
        """Refused with NOT_FOUND if there is none."""
        return _volume(self._call("GET", f"volumes/{_part(name)}"))

    def find_volume(self, name: str) -> Volume | None:
        """None if there is none."""
        try:
            return self.volume(name)
        except Refusal as refusal:
            if refusal.code is grpc.StatusCode.NOT_FOUND:
                return None
            raise

    def create_volume(self, name: str, size: int, mode: str, data_source: str) -> Volume:
        body = {"name": name, "size": str(size), "volumeMode": mode, "dataSource": data_source}
        return _volume(self._call("POST", "volumes", body))

    def delete_volume(self, name: str) -> None:
        """A volume that is not there is as good."""
        try:
            self._call("DELETE", f"volumes/{_part(name)}")
        except Refusal as refusal:
            if refusal.code is not grpc.StatusCode.NOT_FOUND:
                raise

    def attach(self, name: str, node: str, access_mode: str, read_only: bool) -> Volume:
        body = {
            "hostId": node,
            "accessMode": access_mode,
            "readOnly": read_only,
            "attachmentID": ticket(name, self._driver, node),
            "attacherType": "csi-attacher",
        }
        return _volume(self._act(name, "attach", body))

    def detach(self, name: str, node: str) -> None:
        """From every node if ``node`` is ""; then also from what others attached it to."""
        body = {"attachmentID": ticket(name, self._driver, node)} if node else {"forceDetach": True}
        self._act(name, "detach", body)

    def expand(self, name: str, size: int) -> Volume:
        return _volume(self._act(name, "expand", {"size": str(size)}))

    def create_snapshot(self, volume: str, name: str, labels: dict[str, str]) -> Snapshot:
        return _snapshot(self._act(volume, "snapshotCRCreate", {"name": name, "labels": labels}))

    def delete_snapshot(self, name: str) -> None:
        self._call("DELETE", f"snapshotcrs/{_part(name)}")

    def snapshots(self, volume: str = "") -> list[Snapshot]:
        """Of one volume, or all; sorted by name."""
        query = f"?volume={quote(volume, safe='')}" if volume else ""
        return [_snapshot(item) for item in self._call("GET", f"snapshotcrs{query}")["data"]]

    def find_snapshot(self, name: str) -> Snapshot | None:
        """None if there is none."""
        try:
            return _snapshot(self._call("GET", f"snapshotcrs/{_part(name)}"))
        except Refusal as refusal:
            if refusal.code is grpc.StatusCode.NOT_FOUND:
                return None
            raise

    def create_group(self, name: str, volumes: list[str], labels: dict[str, str]) -> Group:
        return _group(self._call("POST", "groupsnapshots", {"name": name, "volumes": volumes, "labels": labels}))

    def find_group(self, name: str) -> Group | None:
        """None if there is none."""
        try:
            return _group(self._call("GET", f"groupsnapshots/{_part(name)}"))
        except Refusal as refusal:
            if refusal.code is grpc.StatusCode.NOT_FOUND:
                return None
            raise

    def delete_group(self, name: str) -> None:
        self._call("DELETE", f"groupsnapshots/{_part(name)}")

    def _act(self, volume: str, action: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._call("POST", f"volumes/{_part(volume)}?action={action}", body)

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            try:
                response = self._http.request(method, path, json=body)
            except _STALE:
                response = self._http.request(method, path, json=body)
        except httpx.TransportError as error:
            raise Refusal(grpc.StatusCode.UNAVAILABLE, f"the backend does not answer: {error}") from error
        answer: dict[str, Any] = response.json() if response.content else {}
        if response.is_error:
            code = CODES.get(answer.get("code", ""), grpc.StatusCode.INTERNAL)
            raise Refusal(code, str(answer.get("message", response.reason_phrase)))
        return answer


def _part(name: str) -> str:
    """``name`` as part of a path. Raises Refusal NOT_FOUND for what no object can be called."""
    if not LABEL.fullmatch(name):
        raise Refusal(grpc.StatusCode.NOT_FOUND, f"{name!r} not found")
    return name


def _volume(data: dict[str, Any]) -> Volume:
    return Volume(
        name=data["name"],
        size=int(data["size"]),
        mode=data["volumeMode"],
        data_source=data["dataSource"],
        device=data["controllers"][0]["endpoint"],
        nodes=tuple(sorted({item["nodeID"] for item in data["volumeAttachment"]["attachments"].values()})),
    )


def _snapshot(data: dict[str, Any]) -> Snapshot:
    return Snapshot(
        name=data["name"],
        volume=data["volume"],
        size=data["restoreSize"],
        created=datetime.fromisoformat(data["creationTime"]),
        ready=data["readyToUse"],
        group=data["group"],
    )


def _group(data: dict[str, Any]) -> Group:
    return Group(
        name=data["name"],
        created=datetime.fromisoformat(data["creationTime"]),
        ready=data["readyToUse"],
        snapshots=tuple(_snapshot(item) for item in data["snapshots"]),
    )
