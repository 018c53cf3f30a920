"""The backend's REST API as verbs. Each may be repeated, as a client does that got no answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from .ground import Ground

NODE = "node-1"

LABEL = "called"
"""Key of the label that backups are known by here."""
UNFINISHED = ("Pending", "InProgress")
PATIENCE = 60.0
"""Seconds the backend may take for what takes it some hundredths: the machine may be busy."""

Json = dict[str, Any]
Found = TypeVar("Found")


class GoneError(Exception):
    """The backend died before it answered: whether it did what was asked is not known."""


class Client:
    """One client of one incarnation."""

    def __init__(self, url: str, ground: Ground) -> None:
        self._http = httpx.Client(base_url=url, timeout=60, trust_env=False, verify=False)
        self.ground = ground

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def ask(self, method: str, path: str, body: Json | None = None) -> Json:
        """Raises GoneError; AssertionError with the backend's words if it refuses."""
        try:
            answer = self._http.request(method, path, json=body)
        except httpx.TransportError as error:
            raise GoneError(f"{method} {path}: {error!r}") from error
        assert answer.is_success, f"{method} {path} {body or ''}: {answer.status_code} {answer.text}"
        found: Json = answer.json() if answer.content else {}
        return found

    def all(self, kind: str) -> list[Json]:
        """The whole collection, e.g. "volumes"."""
        found: list[Json] = self.ask("GET", kind)["data"]
        return found

    def act(self, volume: str, action: str, **body: Any) -> Json:
        return self.ask("POST", f"volumes/{volume}?action={action}", body)

    def add_node(self) -> None:
        self.ask("PUT", f"nodes/{NODE}", {"address": "127.0.0.1"})

    def create_volume(
        self, name: str, size: int, source: str = "", mode: str = "Block", replicas: int = 1
    ) -> None:
        body = {
            "name": name,
            "size": str(size),
            "dataSource": source,
            "volumeMode": mode,
            "numberOfReplicas": replicas,
        }
        self.ask("POST", "volumes", body)

    def delete_volume(self, name: str) -> None:
        self.ask("DELETE", f"volumes/{name}")

    def attach(self, name: str, *, maintenance: bool = False) -> str:
        """Returns the path of its device, "" if it is for maintenance."""
        return endpoint(self.act(name, "attach", hostId=NODE, disableFrontend=maintenance))

    def detach(self, name: str) -> None:
        self.act(name, "detach", hostId=NODE)

    def create_snapshot(self, volume: str, name: str) -> None:
        self.act(volume, "snapshotCRCreate", name=name)

    def delete_snapshot(self, name: str) -> None:
        self.ask("DELETE", f"snapshotcrs/{name}")

    def expand(self, name: str, size: int) -> None:
        self.act(name, "expand", size=str(size))

    def create_group(self, name: str, volumes: list[str]) -> None:
        self.ask("POST", "groupsnapshots", {"name": name, "volumes": volumes})

    def delete_group(self, name: str) -> None:
        self.ask("DELETE", f"groupsnapshots/{name}")

    def backups(self, label: str = "") -> list[Json]:
        """Those made by ``create_backup``, with that label or any; when none is under way any more."""

        def ended() -> list[Json] | None:
            found = [item for item in self.all("backups") if label in ("", item["labels"].get(LABEL))]
            return None if any(item["state"] in UNFINISHED for item in found) else found

        return self._until(ended, f"backups of {label or 'all'} do not end")

    def create_backup(self, volume: str, snapshot: str, label: str) -> None:
        """And wait for it."""
        self.act(volume, "snapshotBackup", name=snapshot, labels={LABEL: label})
        made = self.backups(label)
        assert any(item["state"] == "Completed" for item in made), f"backup {label} failed: {made}"

    def delete_backup(self, backup: Json) -> None:
        self.ask("POST", f"backupvolumes/{backup['volumeName']}?action=backupDelete", {"name": backup["name"]})

    def restore(self, name: str, size: int, url: str) -> None:
        """A new volume from the backup at ``url``, and wait for its data."""
        body = {"name": name, "size": str(size), "fromBackup": url, "volumeMode": "Block", "numberOfReplicas": 1}
        self.ask("POST", "volumes", body)
        self.restored(name)

    def restored(self, name: str) -> Json:
        """The volume, once no restore into it is under way."""

        def ended() -> Json | None:
            volume = self.ask("GET", f"volumes/{name}")
            assert volume["robustness"] != "faulted", f"volume {name} is faulted: {volume['conditions']}"
            return None if volume["restoreRequired"] else volume

        return self._until(ended, f"the restore into {name} does not end")

    def until_healthy(self, name: str) -> None:
        """An attached volume that lost a replica has built another."""

        def healthy() -> Json | None:
            volume = self.ask("GET", f"volumes/{name}")
            return volume if volume["robustness"] == "healthy" else None

        self._until(healthy, f"volume {name} does not become healthy")

    def _until(self, answer: Callable[[], Found | None], why: str) -> Found:
        """The first that is not None. What a job of the backend does is only seen by asking again."""
        end = time.monotonic() + PATIENCE
        while (found := answer()) is None:
            assert time.monotonic() < end, why
            time.sleep(0.005)
        return found

    def open_device(self, volume: str) -> int:
        """An open fd of an attached volume's device. Raises GoneError if that went with its backend."""
        path = endpoint(self.ask("GET", f"volumes/{volume}"))
        try:
            return self.ground.open_device(path)
        except OSError as error:
            raise GoneError(f"device of {volume}: {error}") from error


def endpoint(volume: Json) -> str:
    """The path of its device, "" while it is not attached."""
    path: str = volume["controllers"][0]["endpoint"]
    return path
