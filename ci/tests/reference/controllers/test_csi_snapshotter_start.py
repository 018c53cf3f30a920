"""What the csi-snapshotter learns of its driver when it starts, and what it watches then."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from grpc import StatusCode

from pytest_csi_snapshot.reference_impl.controllers.csi.driver import GroupRpc
from pytest_csi_snapshot.reference_impl.controllers.csi.sidecar import Peer
from pytest_csi_snapshot.reference_impl.controllers.kube.collection import Collection
from pytest_csi_snapshot.reference_impl.controllers.snapshotter.main import Snapshotter
from pytest_csi_snapshot.reference_impl.controllers.work.loop import Loop
from pytest_csi_snapshot.reference_impl.controllers.work.process import StartError
from pytest_csi_snapshot.reference_impl.wire import csi_pb2

from .fake_csi import FakeDriver
from .fake_kube import FakeKube
from .stage import DRIVER, Events

SINGLES = {"VolumeSnapshotContent", "VolumeSnapshotClass"}
GROUPS = {"VolumeGroupSnapshotContent", "VolumeGroupSnapshotClass"}


class Process:
    """Takes the place of the role's process: keeps what the role registers, and starts nothing."""

    def __init__(self) -> None:
        self.client: Any = FakeKube()
        self.collections: list[Collection] = []
        self.loops: list[Loop] = []
        self.stop: list[Callable[[], None]] = []

    def collection(self, collection: Collection) -> Collection:
        self.collections.append(collection)
        return collection

    def loop(self, loop: Loop) -> Loop:
        self.loops.append(loop)
        return loop

    def recorder(self, _component: str) -> Any:
        return Events()

    def on_stop(self, action: Callable[[], None]) -> None:
        self.stop.append(action)


@pytest.fixture
def process() -> Iterator[Process]:
    made = Process()
    yield made
    for action in made.stop:
        action()
    for collection in made.collections:
        collection.stop()


@pytest.fixture
def plain_driver(socket_folder: Path) -> Iterator[FakeDriver]:
    """A driver without the group controller service: it does not know its calls."""
    fake = FakeDriver(socket_folder, DRIVER, groups=False)
    yield fake
    fake.stop()


def started(process: Any, driver: FakeDriver) -> str:
    args = Namespace(
        csi_address=driver.address,
        timeout=10.0,
        worker_threads=1,
        retry_interval_start=1.0,
        retry_interval_max=1.0,
        fault=[],
        snapshot_name_prefix="snapshot",
        snapshot_name_uuid_length=-1,
        groupsnapshot_name_prefix="groupsnapshot",
        groupsnapshot_name_uuid_length=-1,
        extra_create_metadata=False,
        node_deployment=False,
    )
    return Snapshotter(process, args).prepare()


def test_groups_are_watched_where_the_driver_can_cut_them(
    process: Process, driver: FakeDriver, peer: Peer
) -> None:
    assert peer.abilities.can_group(GroupRpc.CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT)
    assert started(process, driver) == "external-snapshotter-leader-driver-longhorn-io"
    assert {collection.kind.kind for collection in process.collections} == SINGLES | GROUPS
    for collection in process.collections:
        if collection.kind.kind in GROUPS:
            assert collection.synced.wait(10), "they come after the others, and have to be started with them"
    assert [loop.name for loop in process.loops] == ["volumesnapshotcontents", "volumegroupsnapshotcontents"]


def test_groups_are_left_alone_where_it_cannot(
    process: Process, plain_driver: FakeDriver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    started(process, plain_driver)
    assert {collection.kind.kind for collection in process.collections} == SINGLES
    assert "driver driver.longhorn.io cannot cut groups of volumes" in caplog.text


def test_a_driver_that_is_slow_to_come_up_is_waited_for(process: Process, driver: FakeDriver) -> None:
    driver.script["ControllerGetCapabilities"].extend([StatusCode.DEADLINE_EXCEEDED, StatusCode.UNAVAILABLE])
    assert started(process, driver) == "external-snapshotter-leader-driver-longhorn-io"
    assert len(driver.made(csi_pb2.ControllerGetCapabilitiesRequest)) == 3


def test_a_driver_that_cannot_say_what_it_can_is_not_waited_for(process: Process, driver: FakeDriver) -> None:
    driver.script["ControllerGetCapabilities"].append(StatusCode.INTERNAL)
    with pytest.raises(StartError, match="scripted INTERNAL"):
        started(process, driver)
