"""The kernel's side: mounts, loop devices and the guard of a freeze."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_csi_snapshot.reference_impl.linux import freezing, guard, loops, mountinfo, syscalls

LINES = r"""22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
36 22 7:3 /sub\040dir /mnt/with\040space\134 ro,nosuid shared:5 master:1 - xfs /dev/loop3 rw,nouuid
"""


def test_mountinfo_is_read_with_its_escapes() -> None:
    root, other = mountinfo.parse(LINES)
    assert (root.point, root.fstype, root.device) == (Path("/"), "ext4", os.makedev(254, 0))
    assert other.point == Path("/mnt/with space\\")
    assert other.root == "/sub dir"
    assert other.options == {"ro", "nosuid"}
    assert other.super_options == {"rw", "nouuid"}
    assert mountinfo.mount_at(Path("/"), [root, other]) == root


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "image"
    with path.open("wb") as file:
        file.truncate(32 << 20)
    return path


@pytest.fixture
def mounted(private_mounts: None, image: Path, tmp_path: Path) -> Iterator[loops.Loop]:
    """An ext4 on a loop device, mounted at ``tmp_path / "mnt"``."""
    loop, fd = loops.attach(image)
    subprocess.run(["mkfs.ext4", "-q", str(loop.path)], check=True)
    point = tmp_path / "mnt"
    point.mkdir()
    syscalls.mount(str(loop.path), point, "ext4")
    yield loop
    if mountinfo.mount_at(point):
        syscalls.unmount(point)
    os.close(fd)
    assert loop not in loops.bound()


@pytest.mark.usefixtures("private_mounts")
def test_a_loop_device_is_known_by_its_file_and_goes_with_its_last_opener(image: Path) -> None:
    loop, fd = loops.attach(image)
    try:
        image.rename(image.with_name("moved"))
        assert loops.find(image.with_name("moved")) == loop
        assert loops.serving(fd) == loop.backing
        again, other = loops.attach(image.with_name("moved"), prefer=loop.number)
        assert again.number != loop.number  # taken
        os.close(other)
        with image.with_name("moved").open("r+b") as file:
            file.truncate(64 << 20)
        loops.grow(fd)
        assert syscalls.device_size(fd) == 64 << 20
    finally:
        os.close(fd)
    assert loop not in loops.bound()


def test_the_guard_lets_go_by_itself(
    mounted: loops.Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    reading, writing = os.pipe()  # nobody closes or writes it
    monkeypatch.setattr(guard, "HOLD", 0.1)
    with os.fdopen(reading) as silent, guard.opened(mounted, "ext4") as fd:
        monkeypatch.setattr(sys, "stdin", silent)
        assert guard.freeze(fd) == "expired"
    os.close(writing)
    (tmp_path / "mnt" / "file").write_text("not frozen")
    assert "frozen" in capfd.readouterr().out


def test_an_expired_freeze_makes_the_cut_worthless(mounted: loops.Loop) -> None:
    def kill_guard() -> None:
        os.kill(int(Path("/proc/thread-self/children").read_text().split()[-1]), signal.SIGKILL)

    with pytest.raises(freezing.FreezeError, match="ended early"), freezing.frozen((mounted, "ext4")):
        kill_guard()


def test_the_guard_freezes_nothing_but_the_file_it_was_told(mounted: loops.Loop, tmp_path: Path) -> None:
    for wrong in (
        loops.Loop(mounted.number, loops.Backing(mounted.backing.device, mounted.backing.inode + 1)),
        loops.Loop(mounted.number, loops.Backing(mounted.backing.device + 1, mounted.backing.inode)),
    ):
        with (
            pytest.raises(freezing.FreezeError, match="serves another file by now"),
            freezing.frozen((mounted, "ext4"), (wrong, "ext4")),  # the right one is not left frozen either
        ):
            pytest.fail("it froze")
    (tmp_path / "mnt" / "file").write_text("not frozen")


def test_freezing_after_the_mount_point_is_gone_leaves_the_root_filesystem_alone(
    mounted: loops.Loop, tmp_path: Path
) -> None:
    syscalls.unmount(tmp_path / "mnt")
    with freezing.frozen((mounted, "ext4")):
        (tmp_path / "mnt" / "file").write_text("the root filesystem takes this")
    assert freezing.live_filesystem(mounted.number) is None


def test_a_filesystem_mounted_read_only_can_be_quiesced_too(mounted: loops.Loop, tmp_path: Path) -> None:
    syscalls.unmount(tmp_path / "mnt")
    subprocess.run(["mount", "-o", "ro", str(mounted.path), str(tmp_path / "mnt")], check=True)
    with freezing.frozen((mounted, "ext4")):
        pass
