"""Several replicas of a role: one works, the next takes over, nothing is done twice (clauses HA-001 to HA-003)."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from pytest_csi_snapshot.reference_impl.controllers.kube import kinds, objects
from pytest_csi_snapshot.reference_impl.wire import csi_pb2

from .stage import LIMIT_S, Cluster, control_plane, stage

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="an embedded cluster needs root")

SHORT = (
    "--leader-election-lease-duration=8s",
    "--leader-election-renew-deadline=4s",
    "--leader-election-retry-period=1s",
)
LONG = ("--leader-election-lease-duration=1h", "--leader-election-renew-deadline=50m")
"""Longer than any test waits: whoever takes such a lease over did not wait for its end."""


@pytest.fixture(scope="module")
def kubeconfig() -> Iterator[str]:
    with control_plane() as path:
        yield path


@pytest.fixture
def cluster(kubeconfig: str) -> Iterator[Cluster]:
    with stage(kubeconfig) as made:
        made.snapshot_classes()
        made.start("csi-provisioner")
        yield made


class Cut:
    """A CreateSnapshot that has cut and then does not answer before it is let go."""

    def __init__(self, cluster: Cluster) -> None:
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self._driver = cluster.driver
        self._driver.script["CreateSnapshot"].append(self._cut)

    def _cut(self, request: Any) -> Any:
        handle = f"snap://{request.name}"
        snapshot = csi_pb2.Snapshot(
            snapshot_id=handle, source_volume_id=request.source_volume_id, size_bytes=1 << 30, ready_to_use=True
        )
        self._driver.snapshots[handle] = snapshot
        self.begun.set()
        self.go_on.wait(LIMIT_S)
        return csi_pb2.CreateSnapshotResponse(snapshot=snapshot)


def snapshotter_lease(cluster: Cluster) -> str:
    return "external-snapshotter-leader-" + cluster.driver.name.replace(".", "-")


def ask_for_snapshot(cluster: Cluster, name: str) -> None:
    spec = {"source": {"persistentVolumeClaimName": "c"}, "volumeSnapshotClassName": cluster.title("Delete")}
    cluster.make(kinds.SNAPSHOT, name, {"spec": spec})


def test_leaders_killed_in_mid_creation_leave_one_snapshot(cluster: Cluster) -> None:
    for number in (1, 2, 3):
        cluster.start("csi-snapshotter", *SHORT, number=number)
    for number in (1, 2):
        cluster.start("snapshot-controller", *SHORT, number=number)
    first = cluster.leader(snapshotter_lease(cluster))
    binder = cluster.leader("snapshot-controller-leader")
    cluster.claim("c")
    cut = Cut(cluster)
    ask_for_snapshot(cluster, "s")
    assert cut.begun.wait(LIMIT_S)
    for name in (first, binder):
        cluster.send(name, signal.SIGKILL)
        cluster.wait(name)
    snapshot = cluster.until_ready("s")
    cut.go_on.set()
    assert list(cluster.driver.snapshots) == [f"snap://snapshot-{objects.uid(snapshot)}"]
    assert {call.name for call in cluster.driver.made(csi_pb2.CreateSnapshotRequest)} == {
        f"snapshot-{objects.uid(snapshot)}"
    }
    assert cluster.leader(snapshotter_lease(cluster)) != first
    assert cluster.leader("snapshot-controller-leader") != binder
    lease = cluster.find(kinds.LEASE, snapshotter_lease(cluster))
    assert lease is not None
    assert lease["spec"]["leaseTransitions"] == 1


def test_a_clean_end_hands_over_at_once(cluster: Cluster) -> None:
    cluster.start("snapshot-controller")
    for number in (1, 2):
        cluster.start("csi-snapshotter", *LONG, number=number)
    first = cluster.leader(snapshotter_lease(cluster))
    assert cluster.stop(first) == 0
    assert cluster.leader(snapshotter_lease(cluster), other_than=first) != first
    cluster.claim("c")
    ask_for_snapshot(cluster, "s")
    cluster.until_ready("s")
    assert len(cluster.driver.made(csi_pb2.CreateSnapshotRequest)) == 1


def test_a_leader_that_was_asleep_for_too_long_ends_and_does_nothing_more(cluster: Cluster) -> None:
    cluster.start("snapshot-controller")
    for number in (1, 2):
        cluster.start("csi-snapshotter", *SHORT, number=number)
    asleep = cluster.leader(snapshotter_lease(cluster))
    # It may hold the lease without knowing yet, by a request whose answer it did not get in time.
    cluster.read_log(asleep, lambda lines: "csi-snapshotter works" in lines[-1])
    cluster.send(asleep, signal.SIGSTOP)
    cluster.leader(snapshotter_lease(cluster), other_than=asleep)
    cluster.claim("c")
    cut = Cut(cluster)
    ask_for_snapshot(cluster, "s")
    assert cut.begun.wait(LIMIT_S)
    # The new leader is in the middle of the call: whoever wakes up now sees a content that nobody has made yet.
    cluster.send(asleep, signal.SIGCONT)
    assert cluster.wait(asleep) == 1
    cut.go_on.set()
    cluster.until_ready("s")
    assert len(cluster.driver.made(csi_pb2.CreateSnapshotRequest)) == 1
