"""Group snapshots over gRPC: one cut across volumes, and the codes the specification asks for."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from pytest_csi_snapshot.reference_impl.wire import csi_pb2

from .machine import Machine, block_capability, mount_capability
from .test_driver_codes import refused
from .test_driver_crash import HANGS_IN_FREEZE, answers, blocked, until, writer

CAPABILITY = mount_capability()
Code = grpc.StatusCode

CUTS = 8

COUNTS = """
import os, sys

files = [os.open(path, os.O_RDWR | os.O_CREAT, 0o600) for path in sys.argv[1:]]
count = 0
while True:
    count += 1
    for file in files:
        os.pwrite(file, b"%08d" % count, 0)
        os.fsync(file)
"""
"""Puts each number first into the first file, then, when the disk has it, into the second."""


def count(file: Path) -> int:
    return int(file.read_bytes() or b"0")


def wait_for_more(file: Path) -> None:
    """Until the counter goes on; of another process only its traces can be polled."""
    end, before = time.monotonic() + 10, count(file)
    while count(file) == before:
        assert time.monotonic() < end, "the writer stands still"
        time.sleep(0.002)


@pytest.fixture
def counting(machine: Machine) -> Iterator[Machine]:
    """A machine where a process counts in pvc-a/count, then in pvc-b/count."""
    paths = []
    for volume in ("pvc-a", "pvc-b"):
        machine.create(volume, CAPABILITY)
        paths.append(machine.use(volume, CAPABILITY) / "count")
        paths[-1].write_bytes(b"0")
    process = subprocess.Popen([sys.executable, "-c", COUNTS, *map(str, paths)])
    try:
        wait_for_more(paths[1])
        yield machine
        assert process.poll() is None, "the writer ended"
    finally:
        process.kill()
        process.wait()
    for volume in ("pvc-a", "pvc-b"):
        machine.unuse(volume)


def restored(machine: Machine, snapshot: csi_pb2.Snapshot, name: str) -> int:
    """The number in the counter of a volume made from ``snapshot``."""
    machine.create(name, CAPABILITY, source=snapshot.snapshot_id)
    found = count(machine.use(name, CAPABILITY) / "count")
    machine.unuse(name)
    machine.controller.DeleteVolume(csi_pb2.DeleteVolumeRequest(volume_id=name))
    return found


def test_the_order_of_writes_across_volumes_is_kept(counting: Machine) -> None:
    """GRP-006: whatever the moment of the cut, B is never ahead of A, and at most one behind."""
    groups = []
    for number in range(CUTS):
        wait_for_more(counting.target("pvc-b") / "count")
        # Either way round: only the freeze of both keeps the order, not the order of the clones.
        volumes = ("pvc-a", "pvc-b") if number % 2 else ("pvc-b", "pvc-a")
        groups.append(counting.group(f"group-{number}", *volumes))

    for number, group in enumerate(groups):
        of = {snapshot.source_volume_id: snapshot for snapshot in group.snapshots}
        first, second = (restored(counting, of[volume], f"r-{volume}-{number}") for volume in ("pvc-a", "pvc-b"))
        assert first - second in (0, 1), f"cut {number}: A has {first}, B has {second}"


def test_separate_snapshots_do_not_keep_the_order(counting: Machine) -> None:
    """That the writer and the reading above would show a cut that is not one."""
    first = counting.snapshot("pvc-a", "snapshot-a")
    wait_for_more(counting.target("pvc-b") / "count")
    wait_for_more(counting.target("pvc-b") / "count")
    second = counting.snapshot("pvc-b", "snapshot-b")

    assert restored(counting, second, "r-b") > restored(counting, first, "r-a")


def test_a_group_is_made_once(machine: Machine) -> None:
    """RPC-GRP-001."""
    for volume in ("pvc-a", "pvc-b", "pvc-c"):
        machine.create(volume, CAPABILITY)

    group = machine.group("Group One", "pvc-b", "pvc-a")

    assert group.ready_to_use
    assert [snapshot.source_volume_id for snapshot in group.snapshots] == ["pvc-a", "pvc-b"]
    for snapshot in group.snapshots:
        assert snapshot.group_snapshot_id == group.group_snapshot_id
        assert snapshot.creation_time == group.creation_time
        assert snapshot.ready_to_use
        alone = csi_pb2.GetSnapshotRequest(snapshot_id=snapshot.snapshot_id)
        assert machine.controller.GetSnapshot(alone).snapshot == snapshot
    assert machine.group("Group One", "pvc-a", "pvc-b") == group
    assert refused(machine.group, "Group One", "pvc-a") is Code.ALREADY_EXISTS
    assert refused(machine.group, "Group One", "pvc-a", "pvc-c") is Code.ALREADY_EXISTS
    assert refused(machine.group, "Group One", "pvc-a", "pvc-b", type="snap") is Code.ALREADY_EXISTS
    assert len(machine.controller.ListSnapshots(csi_pb2.ListSnapshotsRequest()).entries) == 2


def test_the_refusals_of_a_new_group(machine: Machine) -> None:
    """RPC-GRP-001; a refused group leaves no member behind."""
    machine.create("pvc-a", CAPABILITY)
    machine.create("pvc-b", block_capability())

    assert refused(machine.group, "", "pvc-a") is Code.INVALID_ARGUMENT
    assert refused(machine.group, "group-1") is Code.INVALID_ARGUMENT
    assert refused(machine.group, "group-1", "pvc-a", "") is Code.INVALID_ARGUMENT
    assert refused(machine.group, "group-1", "pvc-a", type="mistyped") is Code.INVALID_ARGUMENT
    assert refused(machine.group, "group-1", "pvc-a", "nobody") is Code.NOT_FOUND
    machine.attach("pvc-b", block_capability())
    assert refused(machine.group, "group-1", "pvc-a", "pvc-b") is Code.FAILED_PRECONDITION
    assert not machine.controller.ListSnapshots(csi_pb2.ListSnapshotsRequest()).entries
    assert not list((machine.data / "pool").glob("replicas/*/volume-snap-*"))

    machine.controller.ControllerUnpublishVolume(csi_pb2.ControllerUnpublishVolumeRequest(volume_id="pvc-b"))
    assert machine.group("group-1", "pvc-a", "pvc-b").ready_to_use


def test_a_group_goes_as_a_whole(machine: Machine) -> None:
    """RPC-GRP-002, RPC-DES-002; what was restored from a member stays."""
    for volume in ("pvc-a", "pvc-b"):
        machine.create(volume, CAPABILITY)
    group = machine.group("group-1", "pvc-a", "pvc-b")
    members = [snapshot.snapshot_id for snapshot in group.snapshots]
    machine.create("pvc-r", CAPABILITY, source=members[0])
    get, delete = machine.groups.GetVolumeGroupSnapshot, machine.groups.DeleteVolumeGroupSnapshot

    def asked(*snapshots: str, group_id: str = group.group_snapshot_id) -> csi_pb2.GetVolumeGroupSnapshotRequest:
        return csi_pb2.GetVolumeGroupSnapshotRequest(group_snapshot_id=group_id, snapshot_ids=snapshots)

    def doomed(
        *snapshots: str, group_id: str = group.group_snapshot_id
    ) -> csi_pb2.DeleteVolumeGroupSnapshotRequest:
        return csi_pb2.DeleteVolumeGroupSnapshotRequest(group_snapshot_id=group_id, snapshot_ids=snapshots)

    assert get(asked(*reversed(members))).group_snapshot == group
    for member in members:
        request = csi_pb2.DeleteSnapshotRequest(snapshot_id=member)
        assert refused(machine.controller.DeleteSnapshot, request) is Code.INVALID_ARGUMENT
    for wrong in ([], members[:1], [*members, "snap://pvc-a/another"]):
        assert refused(delete, doomed(*wrong)) is Code.INVALID_ARGUMENT
        assert refused(get, asked(*wrong)) is Code.INVALID_ARGUMENT
    assert refused(delete, doomed(group_id="")) is Code.INVALID_ARGUMENT
    assert refused(get, asked(group_id="")) is Code.INVALID_ARGUMENT
    assert get(asked(*members)).group_snapshot == group

    for _ in range(2):
        delete(doomed(*members))
        assert refused(get, asked(*members)) is Code.NOT_FOUND
        assert not machine.controller.ListSnapshots(csi_pb2.ListSnapshotsRequest()).entries
    delete(doomed(group_id="group://nobody"))
    delete(doomed(group_id="no id of ours"))
    machine.use("pvc-r", CAPABILITY)
    machine.unuse("pvc-r")


def test_a_group_is_there_again_after_the_backend_was_killed(machine: Machine) -> None:
    for volume in ("pvc-a", "pvc-b"):
        machine.create(volume, CAPABILITY)
    group = machine.group("group-1", "pvc-a", "pvc-b")

    machine.backend.stop(signal.SIGKILL)
    machine.backend.start()

    until(lambda: answers(machine), "the backend does not come back")
    assert machine.group("group-1", "pvc-a", "pvc-b") == group


def test_a_backend_killed_inside_the_freeze_of_a_group_leaves_nothing(stopped: Machine) -> None:
    stopped.backend.program = ["-c", HANGS_IN_FREEZE]
    stopped.start()
    paths = []
    for volume in ("pvc-a", "pvc-b"):
        stopped.create(volume, CAPABILITY)
        paths.append(stopped.use(volume, CAPABILITY) / "file")
    request = csi_pb2.CreateVolumeGroupSnapshotRequest(name="group-1", source_volume_ids=["pvc-a", "pvc-b"])
    call = stopped.groups.CreateVolumeGroupSnapshot.future(request)  # dropped, it would be cancelled
    until(lambda: "inside the freeze" in stopped.backend.said(), "the backend did not freeze")
    writers = [writer(path) for path in paths]
    until(lambda: all(map(blocked, writers)), "not both filesystems are frozen")

    stopped.backend.stop(signal.SIGKILL)

    assert [process.wait(10) for process in writers] == [0, 0]
    call.cancel()  # type: ignore[no-untyped-call]
    stopped.backend.program = ["-m", "pytest_csi_snapshot.reference_impl"]
    stopped.backend.start()
    until(lambda: answers(stopped), "the backend does not come back")
    assert not stopped.controller.ListSnapshots(csi_pb2.ListSnapshotsRequest()).entries
    assert len(stopped.group("group-1", "pvc-a", "pvc-b").snapshots) == 2
    for volume in ("pvc-a", "pvc-b"):
        stopped.unuse(volume)
