"""The csi-snapshotter with groups: what it asks of the driver, what it shows, what it deletes, what it leaves."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from pytest_csi_snapshot.reference_impl.controllers import markers
from pytest_csi_snapshot.reference_impl.controllers.csi.sidecar import Peer
from pytest_csi_snapshot.reference_impl.controllers.forms import GROUP, SINGLE
from pytest_csi_snapshot.reference_impl.controllers.kube import objects
from pytest_csi_snapshot.reference_impl.controllers.kube.kinds import (
    GROUP_CLASS,
    GROUP_CONTENT,
    SECRET,
    SNAPSHOT_CLASS,
    SNAPSHOT_CONTENT,
)
from pytest_csi_snapshot.reference_impl.controllers.snapshotter.contents import Contents
from pytest_csi_snapshot.reference_impl.controllers.snapshotter.groups.contents import GroupContents
from pytest_csi_snapshot.reference_impl.controllers.snapshotter.groups.inputs import GroupInputs
from pytest_csi_snapshot.reference_impl.controllers.snapshotter.inputs import Inputs, Naming
from pytest_csi_snapshot.reference_impl.controllers.snapshotter.relevance import relevant
from pytest_csi_snapshot.reference_impl.controllers.work.loop import SyncError
from pytest_csi_snapshot.reference_impl.wire import csi_pb2

from .fake_csi import CUT, FakeDriver
from .stage import DRIVER, NS, Stage

Json = dict[str, Any]
Code = grpc.StatusCode

KEY = "k"
HANDLE = "group://groupsnapshot-1-2-3"
MEMBERS = ["snap://groupsnapshot-1-2-3/v1", "snap://groupsnapshot-1-2-3/v2"]


class Theatre(Stage):
    """The stage with the csi-snapshotter on it, for groups and for their members."""

    def __init__(self, peer: Peer, *, extra_metadata: bool = False) -> None:
        super().__init__()
        events: Any = self.events
        naming = Naming("groupsnapshot", extra_metadata=extra_metadata)
        classes = self.direct(GROUP_CLASS)
        inputs = GroupInputs(classes, naming)
        self.groups = GroupContents(peer, self.direct(GROUP_CONTENT), classes, events, inputs)
        classes = self.direct(SNAPSHOT_CLASS)
        self.singles = Contents(peer, self.direct(SNAPSHOT_CONTENT), classes, events, Inputs(classes, Naming()))

    def group_class(self, **more: Any) -> Json:
        body = {"metadata": {"name": "longhorn"}, "driver": DRIVER, "deletionPolicy": "Delete", **more}
        return self.kube.create(GROUP_CLASS, body)

    def group_content(self, policy: str = "Delete", *, source: Json | None = None, **meta: Any) -> Json:
        spec = {
            "deletionPolicy": policy,
            "driver": DRIVER,
            "source": source or {"volumeHandles": ["v1", "v2"]},
            "volumeGroupSnapshotClassName": "longhorn",
            "volumeGroupSnapshotRef": {"namespace": NS, "name": "g", "uid": "1-2-3"},
        }
        body = {"metadata": {"name": KEY, "finalizers": [markers.GROUP_CONTENT_BOUND], **meta}, "spec": spec}
        return self.kube.create(GROUP_CONTENT, body)

    def imported(self, *members: str) -> Json:
        handles = {"volumeGroupSnapshotHandle": HANDLE, "volumeSnapshotHandles": list(members)}
        return self.group_content(source={"groupSnapshotHandles": handles})

    def member(self, status: Json | None, policy: str = "Delete") -> Json:
        """The content of a member as the snapshot-controller makes it."""
        spec = {
            "deletionPolicy": policy,
            "driver": DRIVER,
            "source": {"volumeHandle": "v1"},
            "volumeSnapshotRef": {"namespace": NS, "name": "m", "uid": "m-uid"},
        }
        meta = {"name": "m", "finalizers": [markers.CONTENT_BOUND], "annotations": {markers.GROUP_HANDLE: HANDLE}}
        return self.kube.put(SNAPSHOT_CONTENT, {"metadata": meta, "spec": spec}, status)

    def sync(self) -> str | None:
        try:
            self.groups.sync(KEY)
        except SyncError as error:
            return str(error)
        return None

    def status(self) -> Json:
        return dict(self.see(GROUP_CONTENT, KEY).get("status") or {})

    def being_created(self) -> bool:
        return objects.annotation(self.see(GROUP_CONTENT, KEY), markers.GROUP_BEING_CREATED) is not None

    def doomed(self, kind: Any = GROUP_CONTENT, key: str = KEY, mark: str = markers.GROUP_BEING_DELETED) -> None:
        """What the snapshot-controller does when the snapshot is deleted."""
        obj = self.see(kind, key)
        annotations = {**(obj["metadata"].get("annotations") or {}), mark: "yes"}
        self.change(kind, key, metadata={**obj["metadata"], "annotations": annotations})
        if obj["spec"]["deletionPolicy"] == "Delete":
            self.delete(kind, key)


@pytest.fixture
def stage(peer: Peer) -> Theatre:
    made = Theatre(peer)
    made.group_class()
    return made


# ---- creation


def test_a_group_is_cut_once_and_shown_with_its_members_in_one_write(stage: Theatre, driver: FakeDriver) -> None:
    driver.volumes["v1"] = 5 << 20
    stage.group_content()
    assert stage.sync() is None
    entry = {"creationTime": CUT, "readyToUse": True}
    assert stage.status() == {
        "volumeGroupSnapshotHandle": HANDLE,
        "creationTime": "2023-11-14T22:13:20Z",
        "readyToUse": True,
        "volumeSnapshotInfoList": [
            {"volumeHandle": "v1", "snapshotHandle": MEMBERS[0], "restoreSize": 5 << 20, **entry},
            {"volumeHandle": "v2", "snapshotHandle": MEMBERS[1], "restoreSize": 1 << 20, **entry},
        ],
    }
    assert not stage.being_created()
    stage.sync()
    (call,) = driver.made(csi_pb2.CreateVolumeGroupSnapshotRequest)
    assert (call.name, list(call.source_volume_ids)) == ("groupsnapshot-1-2-3", ["v1", "v2"])


def test_the_driver_gets_plain_parameters_metadata_and_the_noted_secret(peer: Peer, driver: FakeDriver) -> None:
    stage = Theatre(peer, extra_metadata=True)
    stage.group_class(parameters={"csi.storage.k8s.io/group-snapshotter-secret-name": "x", "type": "snap"})
    body = {"metadata": {"name": "key", "namespace": "vault"}, "data": {"token": "aHVudGVyMg=="}}
    stage.kube.create(SECRET, body)
    notes = {markers.GROUP_DELETION_SECRET_NAME: "key", markers.GROUP_DELETION_SECRET_NAMESPACE: "vault"}
    stage.group_content(annotations=notes)
    stage.sync()
    (call,) = driver.made(csi_pb2.CreateVolumeGroupSnapshotRequest)
    assert dict(call.secrets) == {"token": "hunter2"}
    assert dict(call.parameters) == {
        "type": "snap",
        "csi.storage.k8s.io/volumegroupsnapshot/name": "g",
        "csi.storage.k8s.io/volumegroupsnapshot/namespace": NS,
        "csi.storage.k8s.io/volumegroupsnapshotcontent/name": KEY,
    }


def test_an_unfinished_group_is_asked_for_again_and_keeps_what_it_showed(
    stage: Theatre, driver: FakeDriver
) -> None:
    def uploading(request: csi_pb2.CreateVolumeGroupSnapshotRequest) -> csi_pb2.CreateVolumeGroupSnapshotResponse:
        member = csi_pb2.Snapshot(snapshot_id=MEMBERS[0], source_volume_id="v1", size_bytes=1)
        group = csi_pb2.VolumeGroupSnapshot(group_snapshot_id=HANDLE, snapshots=[member])
        return csi_pb2.CreateVolumeGroupSnapshotResponse(group_snapshot=group)

    driver.script["CreateVolumeGroupSnapshot"].append(uploading)
    stage.group_content()
    assert stage.sync() == f"group snapshot {HANDLE} is not ready yet"
    assert stage.status()["creationTime"] == "1970-01-01T00:00:00Z", "an absent time is the epoch"
    assert stage.status()["volumeSnapshotInfoList"][0]["readyToUse"] is False
    assert stage.sync() is None
    assert stage.status()["readyToUse"] is True
    assert stage.status()["creationTime"] == "1970-01-01T00:00:00Z"
    first, second = stage.status()["volumeSnapshotInfoList"]
    assert (first["readyToUse"], first["restoreSize"], first["creationTime"]) == (True, 1, 0)
    assert second["snapshotHandle"] == MEMBERS[1]


@pytest.mark.parametrize(("code", "final"), [(Code.FAILED_PRECONDITION, True), (Code.DEADLINE_EXCEEDED, False)])
def test_only_a_final_code_ends_the_being_created_state(
    stage: Theatre, driver: FakeDriver, code: Code, final: bool
) -> None:
    driver.script["CreateVolumeGroupSnapshot"].append(code)
    stage.group_content()
    assert "failed to take group snapshot of the volumes v1, v2" in (stage.sync() or "")
    assert stage.being_created() is not final
    assert stage.status()["readyToUse"] is False


def test_a_lasting_failure_gives_two_events_and_recovery_clears_it(stage: Theatre, driver: FakeDriver) -> None:
    driver.script["CreateVolumeGroupSnapshot"].extend([Code.INTERNAL] * 4)
    stage.group_content()
    for _ in range(4):
        assert stage.sync()
    assert stage.events.reasons() == ["GroupSnapshotCreationFailed", "GroupSnapshotContentCheckandUpdateFailed"]
    assert stage.sync() is None
    assert "error" not in stage.status()


@pytest.mark.parametrize(
    ("parameters", "notes", "text"),
    [
        pytest.param({"csi.storage.k8s.io/foo": "x"}, {}, "found unknown parameter key", id="reserved key"),
        pytest.param(
            {},
            {markers.GROUP_DELETION_SECRET_NAME: "key", markers.GROUP_DELETION_SECRET_NAMESPACE: "vault"},
            "error getting secret key in namespace vault",
            id="missing secret",
        ),
    ],
)
def test_what_fails_before_the_call_does_not_hold_up_deletion(
    stage: Theatre, driver: FakeDriver, parameters: Json, notes: Json, text: str
) -> None:
    stage.change(GROUP_CLASS, "longhorn", parameters=parameters)
    stage.group_content(annotations=notes)
    assert text in (stage.sync() or "")
    assert stage.being_created()
    stage.doomed()
    stage.sync()
    stage.sync()
    assert stage.gone(GROUP_CONTENT, KEY)
    assert driver.made(csi_pb2.CreateVolumeGroupSnapshotRequest) == []


def test_a_content_of_another_driver_is_left_alone(stage: Theatre, driver: FakeDriver) -> None:
    content = stage.group_content()
    stage.change(GROUP_CONTENT, KEY, spec={**content["spec"], "driver": "other"})
    assert stage.sync() is None
    assert stage.status() == {}


# ---- look-up


def cut(driver: FakeDriver) -> None:
    """What an earlier content has left at the driver."""
    members = [
        csi_pb2.Snapshot(snapshot_id=handle, group_snapshot_id=HANDLE, ready_to_use=True) for handle in MEMBERS
    ]
    group = csi_pb2.VolumeGroupSnapshot(group_snapshot_id=HANDLE, snapshots=members, ready_to_use=True)
    group.creation_time.FromNanoseconds(CUT)
    driver.groups[HANDLE] = group
    driver.snapshots.update({member.snapshot_id: member for member in members})


def test_an_imported_group_is_shown_as_the_driver_knows_it(stage: Theatre, driver: FakeDriver) -> None:
    """GRP-010; members are not listed, for the user names them."""
    cut(driver)
    stage.imported(*MEMBERS)
    assert stage.sync() is None
    assert stage.status() == {
        "volumeGroupSnapshotHandle": HANDLE,
        "creationTime": "2023-11-14T22:13:20Z",
        "readyToUse": True,
    }
    (call,) = driver.made(csi_pb2.GetVolumeGroupSnapshotRequest)
    assert list(call.snapshot_ids) == MEMBERS


def test_the_look_up_carries_the_secret_of_the_class(stage: Theatre, driver: FakeDriver) -> None:
    cut(driver)
    prefix = "csi.storage.k8s.io/group-snapshotter-get-secret-"
    values = {f"{prefix}name": "${volumegroupsnapshotcontent.name}", f"{prefix}namespace": "vault"}
    stage.change(GROUP_CLASS, "longhorn", parameters=values)
    stage.kube.create(SECRET, {"metadata": {"name": KEY, "namespace": "vault"}, "data": {"a": "Yg=="}})
    stage.imported(*MEMBERS)
    stage.sync()
    (call,) = driver.made(csi_pb2.GetVolumeGroupSnapshotRequest)
    assert dict(call.secrets) == {"a": "b"}


def test_an_unknown_group_never_becomes_ready(stage: Theatre) -> None:
    stage.imported(*MEMBERS)
    assert "no such group" in (stage.sync() or "")
    assert stage.status()["readyToUse"] is False
    assert stage.events.reasons() == ["GroupSnapshotContentCheckandUpdateFailed"]


def test_an_imported_member_shows_its_group(stage: Theatre, driver: FakeDriver) -> None:
    cut(driver)
    stage.static_content("m", handle=MEMBERS[0])
    stage.singles.sync("m")
    status = stage.see(SNAPSHOT_CONTENT, "m")["status"]
    assert (status["readyToUse"], status["volumeGroupSnapshotHandle"]) == (True, HANDLE)


# ---- deletion


@pytest.mark.parametrize("policy", ["Delete", "Retain"])
def test_the_policy_decides_whether_the_group_is_deleted(stage: Theatre, driver: FakeDriver, policy: str) -> None:
    stage.group_content(policy)
    stage.sync()
    stage.doomed()
    if policy == "Retain":
        stage.sync()
        assert not objects.deleting(stage.see(GROUP_CONTENT, KEY))
        stage.delete(GROUP_CONTENT, KEY)
    assert stage.sync() is None
    assert stage.gone(GROUP_CONTENT, KEY)
    calls = driver.made(csi_pb2.DeleteVolumeGroupSnapshotRequest)
    asked = [(call.group_snapshot_id, list(call.snapshot_ids)) for call in calls]
    assert asked == ([(HANDLE, MEMBERS)] if policy == "Delete" else [])
    assert (HANDLE in driver.groups) is (policy == "Retain")


def test_an_imported_group_is_deleted_with_the_members_it_names(stage: Theatre, driver: FakeDriver) -> None:
    cut(driver)
    stage.imported(*MEMBERS)
    stage.sync()
    stage.doomed()
    assert stage.sync() is None
    assert stage.gone(GROUP_CONTENT, KEY)
    assert driver.groups == driver.snapshots == {}


def test_deletion_during_creation_waits_for_the_answer_and_leaves_nothing(
    stage: Theatre, driver: FakeDriver
) -> None:
    driver.script["CreateVolumeGroupSnapshot"].append(Code.DEADLINE_EXCEEDED)
    stage.group_content()
    stage.sync()
    stage.doomed()
    assert stage.sync() is None, "nothing but this try brings the content back to us"
    assert stage.gone(GROUP_CONTENT, KEY)
    assert driver.groups == {}
    assert len(driver.made(csi_pb2.CreateVolumeGroupSnapshotRequest)) == 2


def test_a_refused_deletion_leaves_the_status_and_is_tried_again(stage: Theatre, driver: FakeDriver) -> None:
    stage.group_content()
    stage.sync()
    before = stage.status()
    driver.script["DeleteVolumeGroupSnapshot"].append(Code.FAILED_PRECONDITION)
    stage.doomed()
    assert stage.sync()
    assert stage.status() == before
    assert stage.events.reasons() == ["GroupSnapshotDeleteError"]
    assert stage.sync() is None
    assert stage.gone(GROUP_CONTENT, KEY)


# ---- members


def test_a_new_member_is_left_alone_until_its_handle_is_written(stage: Theatre, driver: FakeDriver) -> None:
    before = stage.member(None)
    stage.singles.sync("m")
    assert "status" not in stage.see(SNAPSHOT_CONTENT, "m")
    assert driver.made(csi_pb2.CreateSnapshotRequest) == []
    after = stage.change(SNAPSHOT_CONTENT, "m", status={"snapshotHandle": MEMBERS[0], "readyToUse": False})
    assert relevant(SINGLE, before, after), "the first status of a member is not our own"


def test_a_member_that_is_not_ready_is_looked_up(stage: Theatre, driver: FakeDriver) -> None:
    cut(driver)
    stage.member({"snapshotHandle": MEMBERS[0], "readyToUse": False, "volumeGroupSnapshotHandle": HANDLE})
    stage.singles.sync("m")
    assert stage.see(SNAPSHOT_CONTENT, "m")["status"]["readyToUse"] is True
    assert driver.made(csi_pb2.CreateSnapshotRequest) == []


def test_a_member_is_never_deleted_by_itself(stage: Theatre, driver: FakeDriver) -> None:
    """GRP-008."""
    cut(driver)
    stage.member({"snapshotHandle": MEMBERS[0], "readyToUse": True, "volumeGroupSnapshotHandle": HANDLE})
    stage.doomed(SNAPSHOT_CONTENT, "m", markers.BEING_DELETED)
    stage.singles.sync("m")
    assert stage.gone(SNAPSHOT_CONTENT, "m")
    assert driver.made(csi_pb2.DeleteSnapshotRequest) == []
    assert MEMBERS[0] in driver.snapshots


@pytest.mark.parametrize(
    ("change", "looked_at"),
    [
        ({"status": {"readyToUse": True}}, False),
        ({"metadata": {"annotations": {markers.GROUP_BEING_CREATED: "yes"}}}, False),
        ({"metadata": {"annotations": {markers.GROUP_BEING_DELETED: "yes"}}}, True),
        ({"metadata": {"deletionTimestamp": "now"}}, True),
    ],
)
def test_own_writes_bring_no_new_attempt(change: Json, looked_at: bool) -> None:
    before: Json = {"metadata": {"resourceVersion": "1"}, "spec": {"deletionPolicy": "Delete"}}
    assert relevant(GROUP, before, {**before, **change}) is looked_at
