"""Each fault does what its name says, and nothing else changes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_csi_snapshot.reference_impl.faults import registry
from pytest_csi_snapshot.reference_impl.wire import csi_pb2

from .machine import Machine, mount_capability


def start(machine: Machine, backend: list[str], driver: list[str]) -> None:
    machine.backend.start(*backend)
    machine.driver.start(*driver)
    machine.ready()


def test_delete_leaves_snapshot(stopped: Machine) -> None:
    start(stopped, [], ["--fault", "delete-leaves-snapshot"])
    stopped.create("pvc-a", mount_capability())
    snapshot = stopped.snapshot("pvc-a", "snapshot-1")
    stopped.controller.DeleteSnapshot(csi_pb2.DeleteSnapshotRequest(snapshot_id=snapshot.snapshot_id))

    assert len(stopped.controller.ListSnapshots(csi_pb2.ListSnapshotsRequest()).entries) == 1


def test_snapshot_loses_data(stopped: Machine) -> None:
    start(stopped, ["--fault", "snapshot-loses-data"], [])
    capability = mount_capability()
    stopped.create("pvc-a", capability)
    path = stopped.use("pvc-a", capability)
    (path / "file").write_text("written before the cut")
    stopped.snapshot("pvc-a", "snapshot-1")
    stopped.create("pvc-b", capability, source="snap://pvc-a/snapshot-1")
    stopped.create("pvc-c", capability, source="pvc-a")

    assert not (stopped.use("pvc-b", capability) / "file").exists()
    assert (stopped.use("pvc-c", capability) / "file").exists()
    assert (path / "file").exists()
    for volume in ("pvc-a", "pvc-b", "pvc-c"):
        stopped.unuse(volume)


def is_read_only(root: Path) -> bool:
    return bool(os.statvfs(root).f_flag & os.ST_RDONLY)


SPOILT: dict[str, Callable[[Path], bool]] = {
    "restored-volume-formatted": lambda root: not (root / "file").exists(),
    "restore-loses-owners": lambda root: (root / "file").stat().st_uid == 0,
    "restore-loses-modes": lambda root: (root / "file").stat().st_mode & 0o777 == 0o666,
    "restore-breaks-hard-links": lambda root: (root / "file").stat().st_nlink == 1,
    "restore-follows-symbolic-links": lambda root: not (root / "link").is_symlink(),
    "copy-is-read-only": is_read_only,
}


@pytest.mark.parametrize("name", SPOILT)
def test_restored_files_are_not_what_they_were(stopped: Machine, name: str) -> None:
    start(stopped, [], ["--fault", name])
    capability = mount_capability()
    stopped.create("pvc-a", capability)
    root = stopped.use("pvc-a", capability)
    (root / "file").write_text("what was there")
    (root / "file").chmod(0o640)
    os.chown(root / "file", 1000, 1000)
    (root / "hard").hardlink_to(root / "file")
    (root / "link").symlink_to("file")
    stopped.snapshot("pvc-a", "snapshot-1")
    stopped.create("pvc-b", capability, source="snap://pvc-a/snapshot-1")
    restored = stopped.use("pvc-b", capability)
    spoilt = SPOILT[name]
    assert (spoilt(restored), spoilt(root)) == (True, False)
    for volume in ("pvc-a", "pvc-b"):
        stopped.unuse(volume)


@pytest.mark.parametrize("role", ["backend", "driver"])
def test_an_unknown_fault_ends_the_role_with_2_and_the_known_ones(role: str) -> None:
    needed = {
        "backend": ["--data", "/nowhere"],
        "driver": ["--endpoint", "unix:///nowhere", "--node-id", "n", "--backend-url", "http://nowhere"],
    }
    ended = subprocess.run(
        [sys.executable, "-m", "pytest_csi_snapshot.reference_impl", role, *needed[role], "--fault", "mistyped"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert all(name in ended.stderr for name in registry.names(role))
