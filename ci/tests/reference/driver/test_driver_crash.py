"""Killing the backend, the driver or a guard at the worst moment: data, devices and the machine survive it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest

from pytest_csi_snapshot.reference_impl.backend.release import release
from pytest_csi_snapshot.reference_impl.linux import freezing, loops, mountinfo
from pytest_csi_snapshot.reference_impl.wire import csi_pb2

from .machine import MIB, Machine, block_capability, mount_capability

HANGS_IN_FREEZE = """
import os, sys, threading
from pytest_csi_snapshot.reference_impl.linux import syscalls
from pytest_csi_snapshot.reference_impl.__main__ import main

clean = syscalls.clone_file

def hang(source, target):
    if "/pool/cuts/" in os.readlink(f"/proc/self/fd/{target}"):
        print("inside the freeze", flush=True)
        threading.Event().wait()
    clean(source, target)

syscalls.clone_file = hang
sys.exit(main(sys.argv[1:]))
"""


def until(what: Callable[[], bool], why: str) -> None:
    """Of another process only its traces can be polled."""
    end = time.monotonic() + 10
    while not what():
        assert time.monotonic() < end, why
        time.sleep(0.01)


@pytest.fixture
def frozen(stopped: Machine) -> Iterator[Machine]:
    """A machine whose backend hangs inside the freeze of pvc-a, which is mounted."""
    stopped.backend.program = ["-c", HANGS_IN_FREEZE]
    stopped.start()
    stopped.create("pvc-a", mount_capability())
    stopped.use("pvc-a", mount_capability())
    request = csi_pb2.CreateSnapshotRequest(
        source_volume_id="pvc-a", name="snapshot-1", parameters={"type": "snap"}
    )
    call = stopped.controller.CreateSnapshot.future(request)  # dropped, it would be cancelled
    until(lambda: "inside the freeze" in stopped.backend.said(), "the backend did not freeze")
    stopped.backend.program = ["-m", "pytest_csi_snapshot.reference_impl"]
    yield stopped
    call.cancel()  # type: ignore[no-untyped-call]


def guard_of(machine: Machine) -> int:
    assert machine.backend.process is not None
    for stat in Path("/proc").glob("[0-9]*/stat"):
        fields = stat.read_text().rpartition(")")[2].split()
        command = (stat.parent / "cmdline").read_bytes()
        if int(fields[1]) == machine.backend.process.pid and b"linux.guard" in command:
            return int(stat.parent.name)
    raise AssertionError("no guard")


def writer(path: Path) -> subprocess.Popen[bytes]:
    """A process that writes one file, and cannot end before it has."""
    return subprocess.Popen([sys.executable, "-c", f"open({str(path)!r}, 'w').write('written')"])


def blocked(process: subprocess.Popen[bytes]) -> bool:
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "D"


def test_a_backend_killed_inside_a_freeze_leaves_nothing_frozen(frozen: Machine) -> None:
    guard = guard_of(frozen)
    waiting = writer(frozen.target("pvc-a") / "file")
    until(lambda: blocked(waiting), "the filesystem is not frozen")

    frozen.backend.stop(signal.SIGKILL)

    assert waiting.wait(10) == 0
    until(lambda: not Path(f"/proc/{guard}").exists(), "the guard stays")
    frozen.backend.start()
    until(lambda: answers(frozen), "the backend does not come back")
    assert frozen.snapshot("pvc-a", "snapshot-1").ready_to_use
    assert {path.name for path in (frozen.data / "pool").glob("replicas/*/volume-snap-*.img")} == {
        "volume-snap-snapshot-1.img"
    }
    assert not list((frozen.data / "pool" / "cuts").iterdir())
    frozen.unuse("pvc-a")


def kill_with_guard(machine: Machine) -> None:
    """Nobody is left who would thaw."""
    assert machine.backend.process is not None
    guard = guard_of(machine)
    machine.backend.process.send_signal(signal.SIGSTOP)  # it would notice the guard's death
    os.kill(guard, signal.SIGKILL)
    machine.backend.stop(signal.SIGKILL)


def test_the_next_backend_thaws_what_a_killed_guard_left_frozen(frozen: Machine) -> None:
    kill_with_guard(frozen)
    waiting = writer(frozen.target("pvc-a") / "file")
    until(lambda: blocked(waiting), "the filesystem is not frozen")

    frozen.backend.start()

    assert waiting.wait(10) == 0
    until(lambda: answers(frozen), "the backend does not come back")
    frozen.unuse("pvc-a")


def test_release_frees_a_frozen_filesystem_that_is_mounted_nowhere_any_more(frozen: Machine) -> None:
    number = json.loads((frozen.data / "volumes" / "pvc-a.json").read_bytes())["loop"]
    loop = next(loop for loop in loops.bound() if loop.number == number)
    frozen.driver.stop()
    kill_with_guard(frozen)
    for mount in mountinfo.of_device(loop.rdev):
        subprocess.run(["umount", str(mount.point)], check=True)
    assert freezing.live_filesystem(loop.number) == "ext4"  # its freeze keeps it

    assert release(frozen.data) == []

    assert loop not in loops.bound()
    assert freezing.live_filesystem(loop.number) is None
    assert release(frozen.data) == []  # nothing to do is as good


def test_a_volume_that_was_unmounted_is_cut_without_freezing_anything(machine: Machine) -> None:
    capability = mount_capability()
    machine.create("pvc-a", capability)
    (machine.use("pvc-a", capability) / "file").write_text("flushed by unmounting")
    for path in (machine.target("pvc-a"), machine.staging("pvc-a")):
        subprocess.run(["umount", str(path)], check=True)  # behind the driver's back; the volume stays attached

    machine.snapshot("pvc-a", "snapshot-1")

    (machine.folder / "the root filesystem is not frozen").write_text("so this returns")
    machine.create("pvc-b", capability, source="snap://pvc-a/snapshot-1")
    assert (machine.use("pvc-b", capability) / "file").read_text() == "flushed by unmounting"
    machine.unuse("pvc-b")
    machine.unuse("pvc-a")


def test_a_killed_backend_interrupts_no_writer_and_forgets_nothing(machine: Machine) -> None:
    capability = mount_capability()
    machine.create("pvc-a", capability)
    path = machine.use("pvc-a", capability)
    machine.snapshot("pvc-a", "snapshot-1")
    with (path / "open").open("wb", buffering=0) as file:
        file.write(b"before")
        machine.backend.stop(signal.SIGKILL)
        file.write(b" and after")
        os.fsync(file.fileno())
        with pytest.raises(grpc.RpcError) as refused:
            machine.snapshot("pvc-a", "snapshot-2")
        machine.backend.start()

    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    until(lambda: answers(machine), "the backend does not come back")
    machine.snapshot("pvc-a", "snapshot-2")
    machine.create("pvc-b", capability, source="snap://pvc-a/snapshot-2")
    assert (machine.use("pvc-b", capability) / "open").read_bytes() == b"before and after"
    listed = machine.controller.ListSnapshots(csi_pb2.ListSnapshotsRequest()).entries
    assert [entry.snapshot.snapshot_id for entry in listed] == [
        "snap://pvc-a/snapshot-1",
        "snap://pvc-a/snapshot-2",
    ]
    machine.unuse("pvc-b")
    machine.unuse("pvc-a")


def answers(machine: Machine) -> bool:
    try:
        machine.controller.ListVolumes(csi_pb2.ListVolumesRequest(), timeout=5)
    except grpc.RpcError:
        return False
    return True


def delete(machine: Machine, volume: str) -> None:
    machine.controller.DeleteVolume(csi_pb2.DeleteVolumeRequest(volume_id=volume), timeout=30)


def test_a_published_block_device_stays_while_backend_and_then_driver_are_killed(machine: Machine) -> None:
    capability = block_capability()
    machine.create("pvc-a", capability)
    device = machine.use("pvc-a", capability)
    with device.open("r+b") as file:
        file.write(b"x" * MIB)
    for role in (machine.backend, machine.driver, machine.backend):
        role.stop(signal.SIGKILL)
        assert device.read_bytes()[:MIB] == b"x" * MIB  # nobody else had it open
        role.start()
        machine.ready()
        until(lambda: answers(machine), "it does not come back")
    machine.unuse("pvc-a")
    delete(machine, "pvc-a")


def test_another_driver_of_the_backend_holds_no_device_of_ours(machine: Machine) -> None:
    capability = block_capability()
    machine.create("pvc-a", capability)
    machine.use("pvc-a", capability)
    with machine.another_driver("another.example.com"):  # it has looked at what is published on the node
        machine.unuse("pvc-a")
        delete(machine, "pvc-a")  # refused while anybody has the device open


def test_a_device_gets_its_number_back(machine: Machine) -> None:
    capability = mount_capability()
    machine.create("pvc-a", capability)
    machine.create("pvc-b", capability)
    first, second = machine.attach("pvc-a", capability), machine.attach("pvc-b", capability)
    machine.backend.stop(signal.SIGKILL)  # both devices go with their only opener
    until(lambda: not {first, second} & {str(loop.path) for loop in loops.bound()}, "a device stays")
    machine.backend.start()
    until(lambda: answers(machine), "the backend does not come back")

    assert machine.attach("pvc-b", capability) == second
    assert machine.attach("pvc-a", capability) == first


def test_two_backends_never_serve_one_directory_at_once(machine: Machine) -> None:
    before = machine.backend.process
    machine.backend.start()
    until(lambda: "waiting for its end" in machine.backend.said(), "the second one does not wait")
    after, machine.backend.process = machine.backend.process, before
    machine.backend.stop()
    machine.backend.process = after
    until(lambda: answers(machine), "the second one does not take over")
