"""Steps of stories about backups over the REST API, and content to tell volumes apart by."""

from __future__ import annotations

import contextlib
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_csi_snapshot.reference_impl.backend.backup_parts import default_folder
from pytest_csi_snapshot.reference_impl.backend.backupstore.paths import VolumeFolder
from pytest_csi_snapshot.reference_impl.backend.engine import Engine

from .http import Http

MIB = 1 << 20
Json = dict[str, Any]

PLAIN = {"volumeMode": "Block", "numberOfReplicas": 1}
"""One replica: how many there are makes no difference here."""


@dataclass
class Story:
    """One backend with its client."""

    engine: Engine
    http: Http

    @property
    def folder(self) -> VolumeFolder:
        """Of the backups of pvc-a in the default target."""
        return VolumeFolder(default_folder(self.engine.pool.root.parent), "pvc-a")

    def volume(self, name: str = "pvc-a", size: str = "16Mi", **more: Any) -> Json:
        return self.ok("POST", "/v1/volumes", {"name": name, "size": size, **PLAIN, **more})

    def write(self, offset: int, length: int, seed: int, name: str = "pvc-a") -> None:
        with self.device(name) as path, path.open("r+b") as file:
            file.seek(offset)
            file.write(random.Random(seed).randbytes(length))
            file.flush()
            os.fsync(file.fileno())

    def content(self, name: str = "pvc-a") -> bytes:
        with self.device(name) as path:
            return path.read_bytes()

    @contextlib.contextmanager
    def device(self, name: str) -> Iterator[Path]:
        """Of a detached volume, which is attached meanwhile."""
        attached = self.act(name, "attach", hostId="node-1")
        yield Path(attached["controllers"][0]["endpoint"])
        self.act(name, "detach")

    def snapshot(self, snapshot: str, name: str = "pvc-a") -> Json:
        return self.act(name, "snapshotCRCreate", name=snapshot)

    def back_up(self, snapshot: str, name: str = "pvc-a", **more: Any) -> Json:
        """Returns the backup when it has ended, as it is listed."""
        before = {item["name"] for item in self.backups(name)}
        self.act(name, "snapshotBackup", name=snapshot, **more)
        self.settle()
        (made,) = (item for item in self.backups(name) if item["name"] not in before)
        return made

    def backups(self, name: str = "pvc-a") -> list[Json]:
        found = self.ok("POST", f"/v1/backupvolumes/{name}?action=backupList")["data"]
        assert isinstance(found, list)
        return found

    def restore(self, backup: Json, name: str, **more: Any) -> Json:
        """Returns the volume when the restore has ended."""
        self.ok("POST", "/v1/volumes", {"name": name, "fromBackup": backup["url"], **PLAIN, **more})
        self.settle()
        return self.get(f"/v1/volumes/{name}")

    def settle(self) -> None:
        """All jobs are done."""
        assert self.engine.backups.backing_up.idle(30)
        assert self.engine.backups.restoring.idle(30)

    def act(self, volume: str, action: str, /, **body: Any) -> Json:
        return self.ok("POST", f"/v1/volumes/{volume}?action={action}", body)

    def get(self, path: str) -> Json:
        return self.ok("GET", path, None)

    def ok(self, method: str, path: str, body: Json | None = None) -> Json:
        answer = self.http.request(method, path, json=body)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json() if answer.content else {}
        return found

    def refused(self, method: str, path: str, **body: Any) -> tuple[str, str]:
        """Code and message."""
        answer = self.http.request(method, path, json=body)
        assert answer.status_code >= 400, answer.text
        return answer.json()["code"], answer.json()["message"]
