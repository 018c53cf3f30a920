"""Short stories of snapshots, told to both controllers: what a fault spoils shows in one of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc

from pytest_csi_snapshot.reference_impl.controllers import markers
from pytest_csi_snapshot.reference_impl.controllers.kube import objects
from pytest_csi_snapshot.reference_impl.controllers.kube.kinds import (
    PVC,
    SECRET,
    SNAPSHOT,
    SNAPSHOT_CLASS,
    SNAPSHOT_CONTENT,
)
from pytest_csi_snapshot.reference_impl.wire import csi_pb2

from .stage import NS
from .whole_stage import Whole

Story = Callable[[Whole], None]

S = f"{NS}/s"
DEFAULT = {markers.DEFAULT_CLASS: "true"}
Code = grpc.StatusCode
PREFIX = "csi.storage.k8s.io/"
SECRET_KEYS = {f"{PREFIX}snapshotter-secret-name": "key", f"{PREFIX}snapshotter-secret-namespace": NS}


def slow(_request: Any) -> Any:
    snapshot = csi_pb2.Snapshot(snapshot_id="snap://slow", source_volume_id="handle-c", ready_to_use=False)
    return csi_pb2.CreateSnapshotResponse(snapshot=snapshot)


def settled(w: Whole, *steps: Callable[[], Any]) -> None:
    for step in steps:
        step()
        w.settle()


def content_key(w: Whole) -> str:
    return f"snapcontent-{objects.uid(w.seen())}"


def set_policy(w: Whole, key: str, policy: str) -> None:
    w.change(SNAPSHOT_CONTENT, key, spec={**w.see(SNAPSHOT_CONTENT, key)["spec"], "deletionPolicy": policy})


def taken(w: Whole, policy: str = "Delete", **more: Any) -> None:
    w.bound_claim()
    w.snapshot_class(policy=policy, **more)
    settled(w, w.snapshot)


# ---- from the cut to the end


def deleted(w: Whole) -> None:
    taken(w)
    settled(w, lambda: w.delete(SNAPSHOT, S))
    w.metrics()


def deleted_by_turns(w: Whole) -> None:
    """The snapshot-controller looks twice before the sidecar does once."""
    taken(w)
    w.delete(SNAPSHOT, S)
    for _ in range(2):
        w.sync()
    w.settle()


def retained(w: Whole) -> None:
    taken(w, "Retain")
    name = content_key(w)
    settled(w, lambda: w.delete(SNAPSHOT, S), lambda: w.delete(SNAPSHOT_CONTENT, name))


def created_again(w: Whole) -> None:
    taken(w, "Retain")
    settled(w, lambda: w.delete(SNAPSHOT, S), w.snapshot)


def two_of_one_claim(w: Whole) -> None:
    taken(w)
    w.driver.script["CreateSnapshot"].extend([slow] * 50)
    settled(w, lambda: w.snapshot("t"))


def of_a_block_volume(w: Whole) -> None:
    w.volume(w.claim(), mode="Block")
    w.snapshot_class()
    settled(w, w.snapshot)


def policy_of_class_changes(w: Whole) -> None:
    taken(w)
    w.change(SNAPSHOT_CLASS, "longhorn", deletionPolicy="Retain")
    settled(w, lambda: w.delete(SNAPSHOT, S))


def policy_of_content_changes(w: Whole) -> None:
    taken(w, "Retain")
    name = content_key(w)
    settled(w, lambda: set_policy(w, name, "Delete"), lambda: w.delete(SNAPSHOT, S))


def class_is_gone(w: Whole) -> None:
    taken(w)
    settled(w, lambda: w.delete(SNAPSHOT_CLASS, "longhorn"), lambda: w.delete(SNAPSHOT, S))


def claim_is_gone(w: Whole) -> None:
    taken(w)
    settled(w, lambda: w.delete(PVC, f"{NS}/c"), lambda: w.delete(SNAPSHOT, S))


def restored_meanwhile(w: Whole) -> None:
    taken(w)
    source = {"kind": "VolumeSnapshot", "apiGroup": "snapshot.storage.k8s.io", "name": "s"}
    restore = w.claim("r", bound=False, dataSource=source)
    settled(w, lambda: w.delete(SNAPSHOT, S), lambda: w.delete(PVC, objects.key(restore)))


def others_hold_the_snapshot(w: Whole) -> None:
    taken(w)
    meta = w.seen()["metadata"]
    w.change(SNAPSHOT, S, metadata={**meta, "finalizers": [*meta["finalizers"], markers.RESTORE_SOURCE]})
    w.settle()


def content_deleted_first(w: Whole) -> None:
    taken(w)
    settled(w, lambda: w.delete(SNAPSHOT_CONTENT, content_key(w)))


def content_is_lost(w: Whole) -> None:
    taken(w)
    key = content_key(w)
    w.change(SNAPSHOT_CONTENT, key, metadata={**w.see(SNAPSHOT_CONTENT, key)["metadata"], "finalizers": []})
    w.delete(SNAPSHOT_CONTENT, key)
    w.settle()


def content_refers_elsewhere(w: Whole) -> None:
    taken(w)
    key = content_key(w)
    spec = w.see(SNAPSHOT_CONTENT, key)["spec"]
    w.change(SNAPSHOT_CONTENT, key, spec={**spec, "volumeSnapshotRef": {"namespace": NS, "name": "o", "uid": "u"}})
    w.settle()


# ---- what the driver answers


def refused_for_good(w: Whole) -> None:
    w.driver.script["CreateSnapshot"].extend([Code.INVALID_ARGUMENT] * 50)
    taken(w, parameters={"plain": "x"})
    settled(w, lambda: w.delete(SNAPSHOT, S))


def refused_with_secret(w: Whole) -> None:
    w.kube.create(SECRET, {"metadata": {"name": "key", "namespace": NS}, "data": {"a": "Yg=="}})
    w.driver.script["CreateSnapshot"].append(Code.INVALID_ARGUMENT)
    taken(w, parameters=SECRET_KEYS)
    settled(w, lambda: w.delete(SNAPSHOT, S))


def answered_late(w: Whole) -> None:
    w.driver.script["CreateSnapshot"].extend([Code.DEADLINE_EXCEEDED] * 9)
    taken(w)
    settled(w, lambda: w.delete(SNAPSHOT, S))


def ready_late(w: Whole) -> None:
    w.driver.script["CreateSnapshot"].extend([slow] * 3)
    taken(w)


def deletion_refused(w: Whole) -> None:
    taken(w)
    w.driver.script["DeleteSnapshot"].extend([Code.FAILED_PRECONDITION] * 2)
    settled(w, lambda: w.delete(SNAPSHOT, S))


def lost_in_the_backend(w: Whole) -> None:
    taken(w)
    w.driver.snapshots.clear()
    w.settle()


LIVES: tuple[Story, ...] = (
    deleted,
    retained,
    refused_for_good,
    ready_late,
    created_again,
    two_of_one_claim,
    of_a_block_volume,
    policy_of_class_changes,
    policy_of_content_changes,
    class_is_gone,
    claim_is_gone,
    restored_meanwhile,
    others_hold_the_snapshot,
    content_deleted_first,
    content_is_lost,
    content_refers_elsewhere,
    refused_with_secret,
    answered_late,
    deletion_refused,
    lost_in_the_backend,
)
