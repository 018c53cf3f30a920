"""Group snapshots in the record: their invariants, and their way out of the cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_csi_snapshot.invariants import violations
from pytest_csi_snapshot.kube.kinds import GROUP_CONTENT, GROUP_SNAPSHOT, SNAPSHOT
from pytest_csi_snapshot.labels import Mark
from pytest_csi_snapshot.ledger import Handle, Ledger
from pytest_csi_snapshot.owning import OwnedClient
from pytest_csi_snapshot.workloads import order

from .api import MemoryApi
from .objects import Json, Recorded, meta
from .test_workloads import shell

MARK = Mark("abcd", "gw0")
HOME = MARK.fresh()


def group_content(name: str = "c", *, uid: str = "uid-g", **status: Any) -> Json:
    reference = {"namespace": HOME, "name": "g", "uid": uid}
    spec = {"driver": "d", "deletionPolicy": "Retain", "source": {"volumeHandles": ["v", "w"]}}
    return {"metadata": meta(name), "spec": {**spec, "volumeGroupSnapshotRef": reference}, "status": status}


def group(**status: Any) -> Json:
    return {"metadata": meta("g", namespace=HOME), "spec": {}, "status": status}


def broken(history: Recorded) -> list[str]:
    return [finding.clause for finding in violations(history, since=0, namespaces={HOME})]


def test_kinds_are_equal_in_all_versions_and_go_to_their_own_paths() -> None:
    older = GROUP_SNAPSHOT.at("v1beta2")
    assert older == GROUP_SNAPSHOT
    assert (older.version, older.root) == ("v1beta2", "/apis/groupsnapshot.storage.k8s.io/v1beta2")


def test_a_group_without_fault_is_not_reported() -> None:
    history = Recorded().told(GROUP_CONTENT, group_content(uid=""), group_content(volumeGroupSnapshotHandle="h"))
    history.told(GROUP_SNAPSHOT, group(), group(readyToUse=True, boundVolumeGroupSnapshotContentName="c"))
    assert broken(history) == []


@pytest.mark.parametrize(
    ("clause", "before", "after"),
    [
        ("GRP-001", group(readyToUse=True), group(readyToUse=False)),
        ("GRP-001", group(creationTime="1"), group(creationTime="2")),
        ("API-GRP-003", group(boundVolumeGroupSnapshotContentName="c"), group()),
    ],
)
def test_a_step_back_of_a_group_is_found(clause: str, before: Json, after: Json) -> None:
    assert broken(Recorded().told(GROUP_SNAPSHOT, before, after)) == [clause]


def test_a_changed_handle_and_a_second_content_are_found() -> None:
    history = Recorded().told(
        GROUP_CONTENT,
        group_content(volumeGroupSnapshotHandle="h"),
        group_content(volumeGroupSnapshotHandle="other"),
        group_content("second"),
    )
    assert broken(history) == ["API-GRP-006", "GRP-001"]


def test_a_group_takes_its_content_and_its_members_along() -> None:
    history = Recorded()
    api = MemoryApi(history)
    owned = OwnedClient(api, history, MARK)
    ledger = Ledger(owned, history, patience=0, release=0)
    made = owned.create(GROUP_SNAPSHOT, {"metadata": {"name": "g", "namespace": HOME}})
    uid = ledger.add(Handle.of(GROUP_SNAPSHOT, made)).uid
    body = group_content("groupsnapcontent", uid=uid)
    api.objects[GROUP_CONTENT, "", "groupsnapcontent"] = body
    history.record(GROUP_CONTENT, "ADDED", body)
    member = {"metadata": meta("m", namespace=HOME, ownerReferences=[{"kind": "VolumeGroupSnapshot", "uid": uid}])}
    history.record(SNAPSHOT, "ADDED", member)

    leaks = ledger.clean_up()
    assert [leak.text.partition(":")[0] for leak in leaks] == [f"VolumeSnapshot {HOME}/m"]
    asked = [ask for ask in api.asked if "VolumeGroupSnapshotContent" in ask]
    assert asked[0].endswith("{'spec': {'deletionPolicy': 'Delete'}}")
    assert "delete VolumeGroupSnapshotContent groupsnapcontent" in asked
    assert "volumegroupsnapshot-being-deleted" in asked[-1]


@pytest.fixture
def roots(tmp_path: Path) -> list[str]:
    folders = [tmp_path / name for name in ("first", "second")]
    for folder in folders:
        folder.mkdir()
    return [str(folder) for folder in folders]


@pytest.mark.parametrize(
    ("first", "second", "together"), [(7, 7, True), (8, 7, True), (7, 8, False), (9, 7, False)]
)
def test_two_volumes_are_of_one_moment_or_not(roots: list[str], first: int, second: int, together: bool) -> None:
    for root, number in zip(roots, (first, second), strict=True):
        Path(root, "count").write_text(f"count {10000000 + number} \n")
    counts = order.read_counts(shell(order.read_script(roots, "both")), "both")
    assert counts is not None
    assert counts.at_one_moment is together


def test_a_torn_count_is_none(roots: list[str]) -> None:
    for root in roots:
        Path(root, "count").write_text("cou")
    assert order.read_counts(shell(order.read_script(roots, "both")), "both") is None
