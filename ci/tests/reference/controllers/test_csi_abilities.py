"""What a sidecar learns of its driver when it starts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_csi_snapshot.reference_impl.controllers.csi.driver import Driver, GroupRpc, Rpc
from pytest_csi_snapshot.reference_impl.controllers.csi.sidecar import Peer

from .fake_csi import FakeDriver
from .stage import DRIVER


@pytest.fixture
def plain_driver(socket_folder: Path) -> Iterator[FakeDriver]:
    """A driver without the group controller service: it does not know its calls."""
    fake = FakeDriver(socket_folder, DRIVER, groups=False)
    yield fake
    fake.stop()


def test_a_driver_is_asked_whether_it_cuts_groups(peer: Peer) -> None:
    assert peer.abilities.can_group(GroupRpc.CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT)


def test_a_driver_without_the_service_is_not_asked(plain_driver: FakeDriver) -> None:
    client = Driver(plain_driver.address, timeout=10)
    abilities = client.abilities()
    assert abilities.can(Rpc.CREATE_DELETE_SNAPSHOT)
    assert not abilities.can_group(GroupRpc.CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT)
    client.close()
