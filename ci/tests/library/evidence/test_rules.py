"""The table of who works: one change of each row, and who wrote a version."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_csi_snapshot.evidence.authors import author
from pytest_csi_snapshot.evidence.rules import RULES, worker_behind, worker_on

Json = dict[str, Any]


def body(meta: Json | None = None, spec: Json | None = None, **status: Any) -> Json:
    return {"metadata": {"name": "x", **(meta or {})}, "spec": spec or {}, "status": status}


DELETE, RETAIN = {"deletionPolicy": "Delete"}, {"deletionPolicy": "Retain"}
GOING = {"deletionTimestamp": "2026-01-01T00:00:00Z"}
PENDING = [{"type": "FileSystemResizePending", "status": "True"}]
SIZE = {"requests": {"storage": "2Gi"}}
GI, GI2 = {"storage": "1Gi"}, {"storage": "2Gi"}

CHANGES = [
    ("VolumeSnapshotContent", {}, body(spec=DELETE), False, "controller"),
    ("VolumeSnapshotContent", body(spec=DELETE), body(spec=DELETE, snapshotHandle="s"), False, "driver"),
    ("VolumeSnapshotContent", body(spec=DELETE), body(spec=DELETE, error={"message": "no"}), False, "driver"),
    ("VolumeSnapshotContent", body(GOING, DELETE), body(GOING, DELETE), True, "driver"),
    ("VolumeSnapshotContent", body(GOING, RETAIN), body(GOING, RETAIN), True, "controller"),
    ("VolumeSnapshotContent", body(spec=DELETE), body({"annotations": {"a": "yes"}}, DELETE), False, "controller"),
    ("VolumeSnapshot", body(), body(readyToUse=True), False, "controller"),
    ("VolumeGroupSnapshot", body(), body(GOING), True, "controller"),
    ("PersistentVolume", {}, body(spec={"capacity": GI}), False, "driver"),
    ("PersistentVolume", body(spec={"capacity": GI}), body(spec={"capacity": GI2}), False, "driver"),
    ("PersistentVolume", body(spec={"capacity": GI}), body(spec={"capacity": GI}, phase="X"), False, "cluster"),
    ("PersistentVolume", body(spec={"capacity": GI}), body(GOING, {"capacity": GI}), False, "driver"),
    ("PersistentVolume", body(GOING, {"capacity": GI}), body(GOING, {"capacity": GI}), True, "driver"),
    ("PersistentVolumeClaim", {}, body(phase="Pending"), False, "cluster"),
    ("PersistentVolumeClaim", body(phase="Pending"), body(phase="Bound", capacity=GI), False, "cluster"),
    ("PersistentVolumeClaim", body(capacity=GI), body(capacity=GI2), False, "driver"),
    ("PersistentVolumeClaim", body(capacity=GI), body(capacity=GI, conditions=PENDING), False, "driver"),
    ("PersistentVolumeClaim", body(capacity=GI, conditions=PENDING), body(capacity=GI2), False, "kubelet"),
    ("PersistentVolumeClaim", body(capacity=GI),
     body(capacity=GI, allocatedResourceStatuses={"storage": "ControllerResizeInProgress"}), False, "controller"),
    ("Pod", {}, body(), False, "cluster"),
    ("Pod", body(), body(spec={"nodeName": "n"}), False, "cluster"),
    ("Pod", body(spec={"nodeName": "n"}), body(spec={"nodeName": "n"}, phase="Running"), False, "kubelet"),
    ("Pod", body(GOING), body(GOING), True, "kubelet"),
    ("VolumeAttachment", {}, body(attached=False), False, "cluster"),
    ("VolumeAttachment", body(attached=False), body(attached=True), False, "driver"),
    ("VolumeAttachment", body(GOING, attached=True), body(GOING, attached=True), True, "driver"),
    ("Lease", body(), body(), False, "cluster"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "before", "after", "end", "worker"), CHANGES)
def test_a_change_is_somebodys_work(kind: str, before: Json, after: Json, end: bool, worker: str) -> None:
    assert worker_on(kind, before, after, "", end=end) == worker


def test_every_row_is_tried() -> None:
    def first(kind: str, before: Any, after: Any, end: Any) -> int:
        return next(n for n, rule in enumerate(RULES) if kind in rule.kinds and rule.seen(before, after, end))

    tried = {first(kind, before, after, end) for kind, before, after, end, _ in CHANGES if kind != "Lease"}
    assert tried == set(range(len(RULES)))


@pytest.mark.parametrize(
    ("by", "worker"),
    [("test", "cluster"), ("kube-controller-manager", "cluster"), ("kubelet", "kubelet"),
     ("snapshot-controller", "controller"), ("csi-snapshotter", "driver"), ("ebs-sidecar", "driver")],
)  # fmt: skip
def test_who_wrote_it_counts_before_what_changed_where_that_is_decision_enough(by: str, worker: str) -> None:
    assert (
        worker_on("VolumeSnapshotContent", body(spec=DELETE), body(spec=DELETE, snapshotHandle="s"), by) == worker
    )


@pytest.mark.parametrize(
    ("event", "worker"),
    [({"reason": "SuccessfulAttachVolume", "source": {"component": "attachdetach-controller"}}, "driver"),
     ({"reason": "Pulled", "source": {"component": "kubelet"}}, "kubelet"),
     ({"reason": "Odd", "reportingComponent": "default-scheduler"}, "cluster"),
     ({"reason": "CreatingSnapshot", "source": {"component": "snapshot-controller"}}, "controller")],
)  # fmt: skip
def test_an_event_tells_of_somebodys_work(event: Json, worker: str) -> None:
    assert worker_behind(event) == worker


def managed(*entries: tuple[str, str, str], version: str = "2") -> Json:
    listed = [{"manager": m, "operation": "Update", "subresource": s, "time": t} for m, s, t in entries]
    return {"metadata": {"resourceVersion": version, "managedFields": listed}}


def test_the_author_is_the_manager_whose_entry_changed() -> None:
    before = managed(("kubectl", "", "10:00"), ("csi-snapshotter", "status", "10:00"))
    after = managed(("kubectl", "", "10:00"), ("csi-snapshotter", "status", "10:01"))
    assert author(before, after, frozenset()) == "csi-snapshotter"
    assert author(None, managed(("kubectl", "", "10:00")), frozenset()) == "kubectl"


def test_a_write_of_the_test_is_known_by_its_version() -> None:
    assert author(None, managed(("pytest-csi-snapshot", "", "10:00"), version="7"), frozenset({"7"})) == "test"


def test_where_several_or_none_changed_nobody_is_named() -> None:
    before = managed(("a", "", "10:00"), ("b", "", "10:00"))
    assert author(before, before, frozenset()) == ""
    assert author(before, managed(("a", "", "10:01"), ("b", "", "10:01")), frozenset()) == ""
