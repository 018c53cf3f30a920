"""A restart of the backend in the middle of each operation: nothing acknowledged is lost, nothing half is left.

The process dies before or after one of its steps on disk, for every step of the operation.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_csi_snapshot.reference_impl.backend import durable
from pytest_csi_snapshot.reference_impl.backend.care import Care
from pytest_csi_snapshot.reference_impl.backend.content import Content
from pytest_csi_snapshot.reference_impl.backend.engine import Engine
from pytest_csi_snapshot.reference_impl.backend.errors import BackendError
from pytest_csi_snapshot.reference_impl.backend.maintenance import Maintenance
from pytest_csi_snapshot.reference_impl.backend.records import Attachment
from pytest_csi_snapshot.reference_impl.backend.replica.directory import Replica
from pytest_csi_snapshot.reference_impl.backend.snapshots import Snapshots
from pytest_csi_snapshot.reference_impl.backend.volumes import Volumes

from .conftest import Open

MIB = 1 << 20
HERE = Attachment("node-1", "SINGLE_NODE_WRITER")
TWO: dict[str, str | int] = {"numberOfReplicas": 2}
QUIET = Attachment("node-1", "SINGLE_NODE_WRITER", disable_frontend="true")


class Death(BaseException):
    """Of the process."""


class Dying(durable.Disk):
    """Dies at step ``at``; counts them. The dead do nothing more."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.steps = 0

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        return self._counted(found) if callable(found) and not name.startswith("_") else found

    def _counted(self, step: Callable[..., None]) -> Callable[..., None]:
        def counted(*arguments: Any) -> None:
            self.steps += 1
            if self.steps >= self.at:
                raise Death
            step(*arguments)

        return counted


def write(engine: Engine, data: bytes) -> None:
    fd = os.open(Volumes(engine).device(Volumes(engine).attach("pvc-a", HERE)), os.O_WRONLY)
    os.write(fd, data)
    os.fsync(fd)
    os.close(fd)


def attach(engine: Engine) -> None:
    Volumes(engine).attach("pvc-a", HERE)


def detach(engine: Engine) -> None:
    Volumes(engine).detach("pvc-a")


def live(engine: Engine) -> None:
    """Two snapshots and something newer, in use."""
    Volumes(engine).create("pvc-a", 16 * MIB, "Block", "", TWO)
    for number in (b"1", b"2", b"3"):
        write(engine, number)
        if number != b"3":
            Snapshots(engine).create("pvc-a", f"s{number.decode()}", {})


def idle(engine: Engine) -> None:
    live(engine)
    detach(engine)


def reverted(engine: Engine) -> None:
    Volumes(engine).attach("pvc-a", QUIET)
    Maintenance(engine).revert("pvc-a", "s1")


def unused_name(engine: Engine) -> None:
    Snapshots(engine).delete("s2")
    Snapshots(engine).create("pvc-a", "s2", {})


def one_replica_less(engine: Engine) -> None:
    engine.pool.remove_replica(engine.pool.replicas / f"pvc-a-{Volumes(engine).get('pvc-a').replicas[0].id}")
    attach(engine)
    Care(engine).look_after("pvc-a")


OPERATIONS: dict[str, tuple[Callable[[Engine], None], Callable[[Engine], object], bytes]] = {
    "attach": (idle, attach, b"3"),
    "detach": (live, detach, b"3"),
    "snapshot": (live, lambda engine: Snapshots(engine).create("pvc-a", "s3", {}), b"3"),
    "snapshot of an idle one": (idle, lambda engine: Snapshots(engine).create("pvc-a", "s3", {}), b"3"),
    "delete a snapshot": (live, lambda engine: Snapshots(engine).delete("s1"), b"3"),
    "name used again": (live, unused_name, b"3"),
    "expand": (live, lambda engine: Volumes(engine).expand("pvc-a", 32 * MIB), b"3"),
    "expand an idle one": (idle, lambda engine: Volumes(engine).expand("pvc-a", 32 * MIB), b"3"),
    "revert": (idle, reverted, b"31"),
    "rebuild": (live, one_replica_less, b"3"),
    "clone": (live, lambda engine: Volumes(engine).create("pvc-c", 16 * MIB, "Block", "vol://pvc-a", TWO), b"3"),
    "delete": (idle, lambda engine: Volumes(engine).delete("pvc-a"), b""),
}
"""What is there before, what is done, and what the volume may begin with afterwards."""


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_death_at_any_step(open_engine: Open, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    before, operation, allowed = OPERATIONS[name]
    at, died = 0, True
    while died:
        at += 1
        engine = open_engine()
        clear(engine)
        before(engine)
        with monkeypatch.context() as patched:
            patched.setattr(durable, "disk", Dying(at))
            try:
                operation(engine)
            except Death:
                died = True
            else:
                died = False
        check(open_engine(), set(allowed), may_be_gone=name == "delete", changed={"s2", "s3"})
    assert at > 3


def clear(engine: Engine) -> None:
    for volume in Volumes(engine).all():
        Volumes(engine).detach(volume.name)
        Volumes(engine).delete(volume.name)
    for snapshot in Snapshots(engine).all():
        Snapshots(engine).delete(snapshot.name)
    assert list(engine.pool.replicas.iterdir()) == []


def check(engine: Engine, allowed: set[int], *, may_be_gone: bool, changed: set[str]) -> None:
    folders = set()
    for store in engine.stores.values():
        trees = [Replica.load(replica.folder).tree for replica in store.replicas.each()]
        folders |= {replica.folder for replica in store.replicas.each()}
        assert len(trees) == 2
        assert trees[0].same_as(trees[1])
    assert set(engine.pool.replicas.iterdir()) == folders
    assert list(engine.pool.root.glob("cuts/*")) == []
    for snapshot in Snapshots(engine).all():
        with Content(engine).of_snapshot("pvc-a", snapshot.name) as flat, flat.open("rb") as file:
            found = file.read(1)
            expected = snapshot.name[1:].encode()
            assert found == expected or (snapshot.name in changed and found == b"3"), snapshot.name
    try:
        volume = Volumes(engine).get("pvc-a")
    except BackendError:
        assert may_be_gone
        return
    if may_be_gone:
        return
    if volume.disable_frontend:
        Volumes(engine).detach("pvc-a")
    device = Volumes(engine).device(Volumes(engine).attach("pvc-a", HERE))
    with Path(device).open("rb") as file:
        assert file.read(1)[0] in allowed
