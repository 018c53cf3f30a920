"""What a driver mounts on this machine: only with leave, and only what it has published is looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_csi_snapshot.csi.inputs import Inputs
from pytest_csi_snapshot.csi.rpc import Rpc
from pytest_csi_snapshot.csi.sight import Sight
from pytest_csi_snapshot.recorder import Recorder

from . import fake_driver
from .conftest import made


def test_nothing_is_mounted_without_leave(folder: Path) -> None:
    with fake_driver.serving(folder) as (endpoint, _):
        rpc = made(endpoint, Recorder("test"), Inputs(), folder)
        with pytest.raises(pytest.skip.Exception, match="needs --csi-allow=mount"):
            Rpc.sight(rpc, "RPC-NEX-001")
        rpc.close()


def test_a_mount_is_a_published_volume_and_a_folder_is_none(folder: Path) -> None:
    sight = Sight("", str(folder))
    assert sight.published("/proc", block=False)
    assert not sight.published(str(folder), block=False)
    assert not sight.published(f"{folder}/nothing", block=False)


def test_a_link_to_a_device_of_others_is_no_published_volume(folder: Path) -> None:
    device = next((path for path in Path("/dev").iterdir() if path.is_block_device()), None)
    if device is None:
        pytest.skip("this machine has no block device")
    sight = Sight("", str(folder))
    assert sight.published(str(device), block=True)
    (folder / "target").symlink_to(device)
    assert not sight.published(f"{folder}/target", block=True)


def test_a_file_is_no_raw_device(folder: Path) -> None:
    (folder / "target").write_text("not a device")
    assert not Sight("", str(folder)).published(f"{folder}/target", block=True)
    assert not Sight("", str(folder)).published("/proc", block=True)
