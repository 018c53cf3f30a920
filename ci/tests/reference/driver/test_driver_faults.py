"""Each fault does what its name says, and nothing else changes."""

from __future__ import annotations

import subprocess
import sys

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
