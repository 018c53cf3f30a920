"""Giving back what a killed backend left, and only that."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from pytest_csi_snapshot.reference_impl.backend.engine import Engine
from pytest_csi_snapshot.reference_impl.backend.pool import Pool
from pytest_csi_snapshot.reference_impl.backend.records import Attachment, Node
from pytest_csi_snapshot.reference_impl.backend.release import release
from pytest_csi_snapshot.reference_impl.backend.volumes import Volumes
from pytest_csi_snapshot.reference_impl.linux import loops, mountinfo, syscalls

from .conftest import Open

MIB = 1 << 20


def attached(data: Path) -> tuple[Engine, loops.Loop]:
    engine = Engine.open(data, Pool(data, 1 << 30))
    engine.nodes.put(Node("node-1"))
    Volumes(engine).create("pvc-a", 16 * MIB, "Filesystem", "")
    Volumes(engine).attach("pvc-a", Attachment("node-1", "SINGLE_NODE_WRITER"))
    loop = engine.devices.of("pvc-a")
    assert loop is not None
    return engine, loop


def die(engine: Engine) -> None:
    for _, fd in engine.devices._held.values():  # noqa: SLF001  what the kernel does to a killed process
        os.close(fd)


def test_nothing_there_is_as_good(tmp_path: Path) -> None:
    assert release(tmp_path / "never made") == []


def test_two_directories_that_look_the_same_are_told_apart(data: Path, tmp_path: Path) -> None:
    """Clusters bind their data to one path each in its own namespace: loop devices then show that one path."""
    other = tmp_path / "other"
    other.mkdir()
    place = tmp_path / "var-lib-driver"
    place.mkdir()
    found = []
    for folder in (data, other):
        subprocess.run(["mount", "--rbind", "--make-private", str(folder), str(place)], check=True)
        found.append(attached(place))
        for mount in reversed([m for m in mountinfo.mounts() if m.point.is_relative_to(place)]):
            subprocess.run(["umount", "-l", str(mount.point)], check=True)
    shown = {Path(f"/sys/block/loop{loop.number}/loop/backing_file").read_text() for _, loop in found}
    assert len(shown) == 1, shown
    die(found[0][0])

    assert release(data) == []

    assert found[1][1] in loops.bound()
    die(found[1][0])
    assert release(other) == []


def test_what_is_mounted_is_unmounted_and_a_second_call_finds_nothing(data: Path, tmp_path: Path) -> None:
    engine, loop = attached(data)
    subprocess.run(["mkfs.ext4", "-q", str(loop.path)], check=True)
    point = tmp_path / "staging"
    point.mkdir()
    syscalls.mount(str(loop.path), point, "ext4")
    (point / "file").write_text("kept")
    die(engine)

    assert release(data) == []
    assert release(data) == []

    assert mountinfo.mount_at(point) is None
    assert loop not in loops.bound()
    assert not any(mount.point.is_relative_to(data) for mount in mountinfo.mounts())
    assert list(point.iterdir()) == []  # nothing was removed through it, and nothing is in it


def test_what_cannot_be_released_is_named(data: Path) -> None:
    engine, loop = attached(data)
    with loop.path.open("rb"):
        die(engine)
        left = release(data)
        assert any(str(loop.path) in line and "has it open" in line for line in left)


def test_a_pool_mounted_in_a_namespace_that_ended_is_used_again(data: Path, open_engine: Open) -> None:
    engine, loop = attached(data)
    subprocess.run(["umount", "-l", str(engine.pool.root)], check=True)  # the volume's device keeps it alive

    again = open_engine()

    assert again.devices.of("pvc-a") == loop
    assert mountinfo.mount_at(again.pool.root) is not None
    die(engine)
