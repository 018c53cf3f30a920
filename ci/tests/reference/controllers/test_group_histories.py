"""Groups through any order of looks, failures and deletions: in the end nothing is lost and nothing is left."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_csi_snapshot.reference_impl.controllers.csi.driver import Driver
from pytest_csi_snapshot.reference_impl.controllers.csi.sidecar import Peer
from pytest_csi_snapshot.reference_impl.controllers.kube import objects
from pytest_csi_snapshot.reference_impl.controllers.kube.kinds import (
    GROUP_CLASS,
    GROUP_CONTENT,
    GROUP_SNAPSHOT,
    SNAPSHOT,
    SNAPSHOT_CLASS,
    SNAPSHOT_CONTENT,
    Kind,
)
from pytest_csi_snapshot.reference_impl.controllers.snapshotter.contents import Contents
from pytest_csi_snapshot.reference_impl.controllers.snapshotter.groups.contents import GroupContents
from pytest_csi_snapshot.reference_impl.controllers.snapshotter.groups.inputs import GroupInputs
from pytest_csi_snapshot.reference_impl.controllers.snapshotter.inputs import Inputs, Naming
from pytest_csi_snapshot.reference_impl.controllers.work.loop import SyncError
from pytest_csi_snapshot.reference_impl.wire import csi_pb2

from .fake_csi import FakeDriver
from .group_stage import GroupTheatre
from .stage import DRIVER, NS

Json = dict[str, Any]

ROUNDS = 6
"""More looks at everything than any state needs to come to rest."""


class Play(GroupTheatre):
    """Both controllers on one stage, with a driver behind them."""

    def __init__(self, peer: Peer, driver: FakeDriver, policy: str) -> None:
        super().__init__()
        events: Any = self.events
        classes = self.direct(GROUP_CLASS)
        inputs = GroupInputs(classes, Naming("groupsnapshot"))
        self._driver = driver
        self._groups = GroupContents(peer, self.direct(GROUP_CONTENT), classes, events, inputs)
        classes = self.direct(SNAPSHOT_CLASS)
        self._singles = Contents(peer, self.direct(SNAPSHOT_CONTENT), classes, events, Inputs(classes, Naming()))
        self.scene(policy=policy)
        self.moves: dict[str, Callable[[], None]] = {
            "look at the group": lambda: self._each(
                GROUP_SNAPSHOT, lambda key: self.sync_group(key.split("/")[1])
            ),
            "look at the members": lambda: self._each(SNAPSHOT, lambda key: self.sync(key.split("/")[1])),
            "sidecar: group": lambda: self._each(GROUP_CONTENT, self._groups.sync),
            "sidecar: members": lambda: self._each(SNAPSHOT_CONTENT, self._singles.sync),
            "rest": self.rest,
            "driver: no answer": lambda: self._fail(grpc.StatusCode.DEADLINE_EXCEEDED),
            "driver: refuses": lambda: self._fail(grpc.StatusCode.INTERNAL),
            "delete the group": lambda: self._remove(GROUP_SNAPSHOT),
            "delete a member": lambda: self._remove(SNAPSHOT),
        }

    def play(self, history: list[str]) -> None:
        for move in history:
            self.moves[move]()
        self._driver.script.clear()
        self.rest()

    def rest(self) -> None:
        for _ in range(ROUNDS):
            for move in MOVES[:4]:
                self.moves[move]()

    def end_of(self, kind: Kind) -> tuple[int, int]:
        """Where in the server's log the first and the last object of a kind went; far behind it if none did."""
        ends = [at for at, (of, event) in enumerate(self.kube.log) if of == kind and event["type"] == "DELETED"]
        return (ends[0], ends[-1]) if ends else (len(self.kube.log), len(self.kube.log))

    def every(self, kind: Kind) -> list[Json]:
        return list(self.kube.list(kind)["items"])

    def _each(self, kind: Kind, look: Callable[[str], object]) -> None:
        for item in self.every(kind):
            # The work queue would bring it back; here the next move of its kind does.
            with contextlib.suppress(SyncError):
                look(objects.key(item))

    def _fail(self, code: grpc.StatusCode) -> None:
        for method in ("CreateVolumeGroupSnapshot", "DeleteVolumeGroupSnapshot"):
            self._driver.script[method].append(code)

    def _remove(self, kind: Kind) -> None:
        for item in self.every(kind)[:1]:
            self.kube.delete(kind, NS, objects.name(item), uid=objects.uid(item))


@pytest.fixture(scope="module")
def driver() -> Iterator[FakeDriver]:
    with tempfile.TemporaryDirectory(prefix="csi-") as folder:
        fake = FakeDriver(Path(folder), DRIVER)
        yield fake
        fake.stop()


@pytest.fixture(scope="module")
def peer(driver: FakeDriver) -> Iterator[Peer]:
    client = Driver(driver.address, timeout=10)
    yield Peer(client, client.name(), client.abilities())
    client.close()


MOVES = (
    "look at the group",
    "look at the members",
    "sidecar: group",
    "sidecar: members",
    "rest",
    "driver: no answer",
    "driver: refuses",
    "delete the group",
    "delete a member",
)


@settings(max_examples=120, deadline=None)
@given(policy=st.sampled_from(["Delete", "Retain"]), history=st.lists(st.sampled_from(MOVES), max_size=16))
def test_any_history_ends_well(driver: FakeDriver, peer: Peer, policy: str, history: list[str]) -> None:
    driver.groups.clear()
    driver.snapshots.clear()
    driver.calls.clear()
    play = Play(peer, driver, policy)
    play.play(history)

    assert len({call.name for call in driver.made(csi_pb2.CreateVolumeGroupSnapshotRequest)}) <= 1
    assert driver.made(csi_pb2.CreateSnapshotRequest) == driver.made(csi_pb2.DeleteSnapshotRequest) == []
    if "delete the group" not in history:
        assert play.group_status()["readyToUse"] is True
        members = play.members()
        assert len(members) == 2, "the group holds them"
        # One that was deleted before it was bound is not brought on any more.
        assert all(objects.deleting(member) or member["status"]["readyToUse"] for member in members)
        assert len(driver.groups) == 1
        return
    assert play.every(GROUP_SNAPSHOT) == play.every(SNAPSHOT) == []
    (group_end, _), (first_member_end, _) = play.end_of(GROUP_SNAPSHOT), play.end_of(SNAPSHOT)
    assert group_end <= first_member_end, "the members are held until the group is gone"
    contents = play.every(GROUP_CONTENT) + play.every(SNAPSHOT_CONTENT)
    if policy == "Delete":
        _, content_end = play.end_of(GROUP_CONTENT)
        assert contents == []
        assert content_end < group_end or content_end == len(play.kube.log), "the group outlives its content"
        assert driver.groups == driver.snapshots == {}
    else:
        assert not any(objects.deleting(content) for content in contents)
        assert len(driver.groups) == len(play.every(GROUP_CONTENT))
