"""Backups and restores of a backend process that ends in the middle of them."""

from __future__ import annotations

import random
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pytest_csi_snapshot.reference_impl.backend.backupstore.paths import VolumeFolder

from ..driver.machine import Role

MIB = 1 << 20

HANGS = """
import sys, threading
from pytest_csi_snapshot.reference_impl.backend.backupstore.blocks import Blocks
clean, calls = Blocks.METHOD, []
def hang(*arguments):
    calls.append(1)
    if len(calls) > 2:
        threading.Event().wait()
    return clean(*arguments)
Blocks.METHOD = hang
from pytest_csi_snapshot.reference_impl.__main__ import main
sys.exit(main(sys.argv[1:]))
"""
"""A backend whose third block never comes."""


class Process:
    """One backend, and a client of it."""

    def __init__(self, folder: Path, data: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            address = f"127.0.0.1:{free.getsockname()[1]}"
        self._plain = ["-m", "pytest_csi_snapshot.reference_impl"]
        self.role = Role(folder, "backend", "--listen", address, "--data", str(data))
        self.client = httpx.Client(base_url=f"http://{address}", trust_env=False, timeout=30)

    def start(self, hanging: str = "") -> None:
        """``hanging`` is the method of ``Blocks`` that hangs."""
        self.role.program = ["-c", HANGS.replace("METHOD", hanging)] if hanging else self._plain
        self.role.start()
        self.until(self._answers, bool)

    def _answers(self) -> bool:
        try:
            return self.client.get("/v1").is_success
        except httpx.TransportError:
            return False

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self.client.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def act(self, volume: str, action: str, /, **body: Any) -> Any:
        return self.ask("POST", f"/v1/volumes/{volume}?action={action}", body)

    def backups(self) -> dict[str, Any]:
        """State of each -> the backup."""
        found = self.ask("POST", "/v1/backupvolumes/pvc-a?action=backupList")["data"]
        return {item["state"]: item for item in found}

    def until(self, look: Callable[[], Any], good: Callable[[Any], bool]) -> Any:
        """The API has no other way to wait."""
        end = time.monotonic() + 60
        while True:
            found = look()
            if good(found):
                return found
            assert time.monotonic() < end, (found, self.role.said())
            time.sleep(0.02)


@pytest.fixture
def backend(data: Path, tmp_path: Path) -> Iterator[Process]:
    process = Process(tmp_path, data)
    process.start()
    process.ask("PUT", "/v1/nodes/node-1", {})
    process.ask("POST", "/v1/volumes", {"name": "pvc-a", "size": "16Mi", "volumeMode": "Block"})
    attached = process.act("pvc-a", "attach", hostId="node-1")
    Path(attached["controllers"][0]["endpoint"]).write_bytes(CONTENT)
    process.act("pvc-a", "snapshotCreate", name="snap-1")
    process.act("pvc-a", "detach")
    yield process
    if process.role.process is not None and process.role.process.poll() is None:
        process.role.stop(signal.SIGKILL)
    process.client.close()


CONTENT = random.Random(1).randbytes(16 * MIB)


def test_a_killed_backup_has_failed_and_is_in_nobodys_way(backend: Process, data: Path) -> None:
    backend.role.stop()
    backend.start(hanging="write")
    backend.act("pvc-a", "snapshotBackup", name="snap-1")
    folder = VolumeFolder(data / "backup-target", "pvc-a")
    backend.until(lambda: list(folder.blocks.rglob("*.blk")), lambda found: len(found) == 2)
    assert set(backend.backups()) == {"InProgress"}
    backend.role.stop(signal.SIGKILL)
    assert len(folder.backup_names()) == 1
    assert list(folder.locks.iterdir())

    backend.start()

    failed = backend.backups()["Error"]
    assert "ended while the backup was running" in failed["error"]
    assert folder.backup_names() == []
    assert list(folder.locks.iterdir()) == []
    assert list(folder.blocks.rglob("*")) == []
    backend.act("pvc-a", "snapshotBackup", name="snap-1")
    found = backend.until(backend.backups, lambda found: "Completed" in found)
    assert int(found["Completed"]["size"]) == len(CONTENT)
    backend.ask("POST", "/v1/backupvolumes/pvc-a?action=backupDelete", {"name": failed["name"]})
    assert set(backend.backups()) == {"Completed"}


def test_a_killed_restore_begins_anew(backend: Process) -> None:
    backend.act("pvc-a", "snapshotBackup", name="snap-1")
    backup = backend.until(backend.backups, lambda found: "Completed" in found)["Completed"]
    backend.role.stop()
    backend.start(hanging="read")
    backend.ask("POST", "/v1/volumes", {"name": "pvc-r", "fromBackup": backup["url"], "volumeMode": "Block"})

    def status() -> Any:
        return backend.ask("GET", "/v1/volumes/pvc-r")["restoreStatus"][0]

    backend.until(status, lambda found: found["progress"] == 25)
    backend.role.stop(signal.SIGKILL)

    backend.start()

    backend.until(status, lambda found: not found["isRestoring"])
    attached = backend.act("pvc-r", "attach", hostId="node-1")
    assert Path(attached["controllers"][0]["endpoint"]).read_bytes() == CONTENT
    backend.act("pvc-r", "detach")


def test_a_backend_that_is_told_to_end_does_not_wait_for_its_jobs(backend: Process) -> None:
    backend.role.stop()
    backend.start(hanging="write")
    backend.act("pvc-a", "snapshotBackup", name="snap-1")
    backend.until(backend.backups, lambda found: found.get("InProgress", {"progress": 0})["progress"] > 0)
    assert backend.role.stop(signal.SIGTERM) == 0
