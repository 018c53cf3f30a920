"""Fixtures: a driver in memory on a socket, and a sidecar's connection to it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_csi_snapshot.reference_impl.controllers.csi.driver import Driver
from pytest_csi_snapshot.reference_impl.controllers.csi.sidecar import Peer

from .fake_csi import FakeDriver
from .stage import DRIVER


@pytest.fixture
def socket_folder() -> Iterator[Path]:
    """A folder with a short path: a unix socket's has at most 107 characters."""
    folder = Path(tempfile.mkdtemp(prefix="csi-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def driver(socket_folder: Path) -> Iterator[FakeDriver]:
    """A driver that can do everything."""
    fake = FakeDriver(socket_folder, DRIVER)
    yield fake
    fake.stop()


@pytest.fixture
def peer(driver: FakeDriver) -> Iterator[Peer]:
    """A sidecar's view of that driver."""
    client = Driver(driver.address, timeout=10)
    yield Peer(client, client.name(), client.abilities())
    client.close()
