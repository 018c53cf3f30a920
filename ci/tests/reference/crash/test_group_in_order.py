"""Group snapshots of two mounted filesystems under writes ordered across both: the order is kept."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sampling import Sampling

from pytest_csi_snapshot.reference_impl.linux import syscalls

from .client import Client
from .ground import Ground
from .incarnations import TESTS, Zygote
from .logs import OrderError, last, record
from .trial import Trial

MIB = 1 << 20
GROUPS = 30

FILESYSTEMS = {"a": ("ext4", 64 * MIB, ""), "b": ("xfs", 320 * MIB, "nouuid")}
"""Volume -> type of its filesystem, size, and option that lets a copy be mounted."""


@contextlib.contextmanager
def mounted(device: str, volume: str, point: Path) -> Iterator[Path]:
    """The path of the log in the filesystem of a volume, or of a restore of it."""
    fstype, _, data = FILESYSTEMS[volume]
    point.mkdir()
    syscalls.mount(device, point, fstype, data=data)
    try:
        yield point / "log"
    finally:
        syscalls.unmount(point)
        point.rmdir()


@contextlib.contextmanager
def made(client: Client, volume: str, point: Path) -> Iterator[Path]:
    """A new volume with a filesystem; the path of its log."""
    fstype, size, _ = FILESYSTEMS[volume]
    client.create_volume(volume, size, mode="Filesystem")
    device = client.attach(volume)
    subprocess.run([f"mkfs.{fstype}", "-q", device], check=True)
    with mounted(device, volume, point) as log:
        yield log


@contextlib.contextmanager
def writing(logs: list[Path]) -> Iterator[None]:
    """A process that writes, see ``log_writer``."""
    command = [sys.executable, "-m", f"{__package__}.log_writer", *map(str, logs)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=TESTS) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"on\n"
        try:
            yield
        finally:
            process.kill()


def restored(client: Client, member: dict[str, str], point: Path) -> bytes:
    """The log in a restore of one snapshot of a group."""
    volume, restore = member["volume"], f"restore-{member['volume']}"
    size = FILESYSTEMS[volume][1]
    client.create_volume(restore, size, f"snap://{volume}/{member['name']}", "Filesystem")
    with mounted(client.attach(restore), volume, point) as log:
        content = log.read_bytes()
    client.detach(restore)
    client.delete_volume(restore)
    return content


def test_a_group_snapshot_keeps_the_order_of_writes_across_its_volumes(
    ground: Ground, zygote: Zygote, sampling: Sampling, tmp_path: Path
) -> None:
    count = sampling.amount(GROUPS)
    moments = []
    with Trial(ground, zygote) as trial, contextlib.ExitStack() as stack:
        assert trial.start()
        client = stack.enter_context(trial.client())
        client.add_node()
        logs = [stack.enter_context(made(client, volume, tmp_path / volume)) for volume in FILESYSTEMS]
        with writing(logs):
            for number in range(count):
                name = f"g-{number}"
                client.create_group(name, list(FILESYSTEMS))
                members = client.ask("GET", f"groupsnapshots/{name}")["snapshots"]
                moments.append(last(*(restored(client, member, tmp_path / "restore") for member in members)))
                client.delete_group(name)
    assert moments == sorted(set(moments)), "the writer stood still"
    sampling.tell(
        f"{count} group snapshots of two filesystems, cut after writes {moments[0]} to {moments[-1]}: in order"
    )


def test_the_order_is_told_from_the_files() -> None:
    odd, even = record(1) + record(3), record(2)

    assert last(odd, even) == 3
    with pytest.raises(OrderError):
        last(odd, b"")
    with pytest.raises(OrderError):
        last(odd, even[:30])
    with pytest.raises(OrderError):
        last(odd, even[:63] + b" ")
