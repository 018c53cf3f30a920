"""The csi-snapshotter, step by step: what it asks the driver, what it shows, what it deletes."""

from __future__ import annotations

from typing import Any, cast

import grpc
import pytest

from pytest_csi_snapshot.reference_impl.controllers import markers
from pytest_csi_snapshot.reference_impl.controllers.csi.driver import Abilities
from pytest_csi_snapshot.reference_impl.controllers.csi.sidecar import Peer
from pytest_csi_snapshot.reference_impl.controllers.forms import SINGLE
from pytest_csi_snapshot.reference_impl.controllers.kube import objects
from pytest_csi_snapshot.reference_impl.controllers.kube.kinds import SECRET, SNAPSHOT_CLASS, SNAPSHOT_CONTENT
from pytest_csi_snapshot.reference_impl.controllers.snapshotter.calls import snapshot_name
from pytest_csi_snapshot.reference_impl.controllers.snapshotter.contents import Contents
from pytest_csi_snapshot.reference_impl.controllers.snapshotter.inputs import Inputs, Naming
from pytest_csi_snapshot.reference_impl.controllers.snapshotter.relevance import relevant
from pytest_csi_snapshot.reference_impl.controllers.work.loop import StoppingError, SyncError
from pytest_csi_snapshot.reference_impl.faults.policy import RetainDeletesSnapshot
from pytest_csi_snapshot.reference_impl.wire import csi_pb2

from .fake_csi import CUT, FakeDriver
from .stage import NS, Stage

Json = dict[str, Any]
Code = grpc.StatusCode

KEY = "k"
SECRET_KEYS = {
    "csi.storage.k8s.io/snapshotter-secret-name": "key",
    "csi.storage.k8s.io/snapshotter-secret-namespace": "vault",
}


class Theatre(Stage):
    """The stage with the csi-snapshotter on it, and one dynamic content."""

    def __init__(self, peer: Peer, naming: Naming = Naming()) -> None:  # noqa: B008 - immutable
        super().__init__()
        classes = self.direct(SNAPSHOT_CLASS)
        inputs = Inputs(classes, naming)
        events: Any = self.events
        self.contents = Contents(peer, self.direct(SNAPSHOT_CONTENT), classes, events, inputs)

    def dynamic(self, policy: str = "Delete", **meta: Any) -> Json:
        spec = {
            "deletionPolicy": policy,
            "driver": "driver.longhorn.io",
            "source": {"volumeHandle": "vol"},
            "volumeSnapshotClassName": "longhorn",
            "volumeSnapshotRef": {"namespace": NS, "name": "s", "uid": "1-2-3"},
        }
        body = {"metadata": {"name": KEY, "finalizers": [markers.CONTENT_BOUND], **meta}, "spec": spec}
        return self.kube.create(SNAPSHOT_CONTENT, body)

    def sync(self) -> str | None:
        try:
            self.contents.sync(KEY)
        except SyncError as error:
            return str(error)
        return None

    def content(self) -> Json:
        return self.see(SNAPSHOT_CONTENT, KEY)

    def status(self) -> Json:
        return dict(self.content().get("status") or {})

    def being_created(self) -> bool:
        return objects.annotation(self.content(), markers.BEING_CREATED) is not None

    def doomed(self) -> None:
        """What the snapshot-controller does when the VolumeSnapshot is deleted."""
        meta = self.content()["metadata"]
        annotations = {**(meta.get("annotations") or {}), markers.BEING_DELETED: "yes"}
        self.change(SNAPSHOT_CONTENT, KEY, metadata={**meta, "annotations": annotations})
        if self.content()["spec"]["deletionPolicy"] == "Delete":
            self.delete(SNAPSHOT_CONTENT, KEY)


@pytest.fixture
def stage(peer: Peer) -> Theatre:
    made = Theatre(peer)
    made.snapshot_class()
    return made


# ---- creation


def test_a_snapshot_is_made_once_and_shown_in_one_write(stage: Theatre, driver: FakeDriver) -> None:
    driver.volumes["vol"] = 5 << 20
    stage.dynamic()
    assert stage.sync() is None
    assert stage.status() == {
        "snapshotHandle": "snap://snapshot-1-2-3",
        "creationTime": CUT,
        "restoreSize": 5 << 20,
        "readyToUse": True,
    }
    assert not stage.being_created()
    stage.sync()
    assert len(driver.made(csi_pb2.CreateSnapshotRequest)) == 1


def test_the_driver_gets_plain_parameters_metadata_and_secrets(peer: Peer, driver: FakeDriver) -> None:
    stage = Theatre(peer, Naming(extra_metadata=True))
    stage.snapshot_class(parameters={**SECRET_KEYS, "type": "snap"})
    stage.kube.create(
        SECRET, {"metadata": {"name": "key", "namespace": "vault"}, "data": {"token": "aHVudGVyMg=="}}
    )
    stage.dynamic()
    stage.sync()
    (call,) = driver.made(csi_pb2.CreateSnapshotRequest)
    assert dict(call.secrets) == {"token": "hunter2"}
    assert dict(call.parameters) == {
        "type": "snap",
        "csi.storage.k8s.io/volumesnapshot/name": "s",
        "csi.storage.k8s.io/volumesnapshot/namespace": NS,
        "csi.storage.k8s.io/volumesnapshotcontent/name": KEY,
    }


def test_an_unfinished_snapshot_is_asked_for_again(stage: Theatre, driver: FakeDriver) -> None:
    def uploading(request: csi_pb2.CreateSnapshotRequest) -> csi_pb2.CreateSnapshotResponse:
        made = csi_pb2.Snapshot(snapshot_id=f"snap://{request.name}", source_volume_id="vol", size_bytes=1)
        made.creation_time.FromNanoseconds(CUT)
        return csi_pb2.CreateSnapshotResponse(snapshot=made)

    driver.script["CreateSnapshot"].append(uploading)
    stage.dynamic()
    assert stage.sync() == "snapshot snap://snapshot-1-2-3 is not ready yet"
    assert (stage.status()["readyToUse"], stage.status()["creationTime"]) == (False, CUT)
    assert stage.sync() is None
    assert stage.status()["readyToUse"] is True
    assert stage.status()["restoreSize"] == 1, "what is set once stays"


@pytest.mark.parametrize(("size", "field"), [pytest.param(0, None, id="unknown"), pytest.param(7, 7, id="known")])
def test_an_unknown_size_is_not_shown_and_an_absent_time_is_the_epoch(
    stage: Theatre, driver: FakeDriver, size: int, field: int | None
) -> None:
    snapshot = csi_pb2.Snapshot(snapshot_id="h", source_volume_id="vol", size_bytes=size, ready_to_use=True)
    driver.script["CreateSnapshot"].append(lambda _: csi_pb2.CreateSnapshotResponse(snapshot=snapshot))
    stage.dynamic()
    stage.sync()
    assert stage.status().get("restoreSize") == field
    assert stage.status()["creationTime"] == 0


@pytest.mark.parametrize(
    ("code", "final"),
    [
        (Code.INVALID_ARGUMENT, True),
        (Code.INTERNAL, True),
        (Code.UNKNOWN, True),
        (Code.NOT_FOUND, True),
        (Code.CANCELLED, False),
        (Code.DEADLINE_EXCEEDED, False),
        (Code.UNAVAILABLE, False),
        (Code.RESOURCE_EXHAUSTED, False),
        (Code.ABORTED, False),
    ],
)
def test_only_a_final_code_ends_the_being_created_state(
    stage: Theatre, driver: FakeDriver, code: Code, final: bool
) -> None:
    driver.script["CreateSnapshot"].append(code)
    stage.dynamic()
    assert stage.sync()
    assert stage.being_created() is not final
    assert stage.status()["readyToUse"] is False
    assert f"scripted {code.name}" in stage.status()["error"]["message"]


def test_a_lasting_failure_gives_two_events_and_recovery_clears_it(stage: Theatre, driver: FakeDriver) -> None:
    driver.script["CreateSnapshot"].extend([Code.INTERNAL] * 4)
    stage.dynamic()
    for _ in range(4):
        assert stage.sync()
    assert stage.events.reasons() == ["SnapshotCreationFailed", "SnapshotContentCheckandUpdateFailed"]
    assert stage.sync() is None
    assert "error" not in stage.status()


def test_a_missing_secret_is_said_without_a_call_and_recovers(stage: Theatre, driver: FakeDriver) -> None:
    stage.change(SNAPSHOT_CLASS, "longhorn", parameters=SECRET_KEYS)
    stage.dynamic()
    assert "error getting secret key in namespace vault" in (stage.sync() or "")
    assert driver.made(csi_pb2.CreateSnapshotRequest) == []
    stage.kube.create(SECRET, {"metadata": {"name": "key", "namespace": "vault"}, "data": {}})
    assert stage.sync() is None


def test_a_content_of_another_driver_is_left_alone(stage: Theatre, driver: FakeDriver) -> None:
    content = stage.dynamic()
    stage.change(SNAPSHOT_CONTENT, KEY, spec={**content["spec"], "driver": "other.driver"})
    assert stage.sync() is None
    assert stage.status() == {}
    assert driver.made(csi_pb2.CreateSnapshotRequest) == []


def test_a_call_broken_off_by_our_own_end_is_not_shown_as_a_failure(
    stage: Theatre, driver: FakeDriver, peer: Peer
) -> None:
    def stop(_request: Any) -> Any:
        peer.driver.close()
        return csi_pb2.CreateSnapshotResponse()

    driver.script["CreateSnapshot"].append(stop)
    stage.dynamic()
    with pytest.raises(StoppingError):
        stage.contents.sync(KEY)
    assert stage.status() == {}
    assert stage.being_created(), "the next process has to ask again"


# ---- a reserved key


def test_a_reserved_key_fails_before_the_call_and_does_not_hold_up_deletion(
    stage: Theatre, driver: FakeDriver
) -> None:
    stage.change(SNAPSHOT_CLASS, "longhorn", parameters={"csi.storage.k8s.io/foo": "x"})
    stage.dynamic()
    text = 'found unknown parameter key "csi.storage.k8s.io/foo" with reserved namespace csi.storage.k8s.io/'
    assert text in (stage.sync() or "")
    assert stage.being_created(), "ERR-005: an error before the call keeps the annotation"
    stage.doomed()
    stage.sync()
    stage.sync()
    assert stage.gone(SNAPSHOT_CONTENT, KEY)
    assert driver.made(csi_pb2.CreateSnapshotRequest) == []


def test_after_a_call_of_unknown_outcome_an_error_before_the_next_one_holds_up_deletion(
    stage: Theatre, driver: FakeDriver
) -> None:
    driver.script["CreateSnapshot"].append(Code.DEADLINE_EXCEEDED)
    stage.dynamic()
    stage.sync()
    stage.change(SNAPSHOT_CLASS, "longhorn", parameters={"csi.storage.k8s.io/foo": "x"})
    stage.doomed()
    stage.sync()
    assert stage.being_created(), "the driver may have made a snapshot: forgetting it would leak it"
    stage.change(SNAPSHOT_CLASS, "longhorn", parameters={})
    stage.sync()
    stage.sync()
    assert stage.gone(SNAPSHOT_CONTENT, KEY)
    assert len(driver.made(csi_pb2.DeleteSnapshotRequest)) == 1


# ---- look-up


def static(stage: Theatre, **spec: Any) -> None:
    stage.static_content(KEY, handle="old", **spec)


def test_a_known_handle_is_shown_before_any_snapshot_exists(stage: Theatre, driver: FakeDriver) -> None:
    driver.snapshots["old"] = csi_pb2.Snapshot(snapshot_id="old", size_bytes=9, ready_to_use=True)
    static(stage)
    assert stage.sync() is None
    assert (stage.status()["snapshotHandle"], stage.status()["readyToUse"]) == ("old", True)


def test_an_unknown_handle_never_becomes_ready(stage: Theatre) -> None:
    static(stage)
    assert "can not find snapshot for snapshotID old" in (stage.sync() or "")
    assert stage.status()["readyToUse"] is False
    assert stage.events.reasons() == ["SnapshotContentCheckandUpdateFailed"]


def test_without_list_snapshots_any_handle_is_believed(peer: Peer, driver: FakeDriver) -> None:
    stage = Theatre(Peer(peer.driver, peer.name, Abilities(frozenset(), frozenset())))
    static(stage)
    assert stage.sync() is None
    assert stage.status()["readyToUse"] is True
    assert "restoreSize" not in stage.status()
    assert driver.made(csi_pb2.ListSnapshotsRequest) == []


# ---- deletion


@pytest.mark.parametrize(("policy", "calls"), [("Delete", 1), ("Retain", 0)])
def test_the_policy_decides_whether_the_driver_is_asked(
    stage: Theatre, driver: FakeDriver, policy: str, calls: int
) -> None:
    stage.dynamic(policy)
    stage.sync()
    stage.doomed()
    stage.sync()
    if policy == "Retain":
        assert "deletionTimestamp" not in stage.content()["metadata"]
        stage.delete(SNAPSHOT_CONTENT, KEY)
        stage.sync()
    assert stage.gone(SNAPSHOT_CONTENT, KEY)
    assert len(driver.made(csi_pb2.DeleteSnapshotRequest)) == calls


def test_a_content_deleted_by_hand_waits_for_its_snapshot(stage: Theatre, driver: FakeDriver) -> None:
    stage.dynamic()
    stage.sync()
    stage.delete(SNAPSHOT_CONTENT, KEY)
    assert stage.sync() is None
    assert stage.status()["readyToUse"] is True
    assert driver.made(csi_pb2.DeleteSnapshotRequest) == []


def test_deletion_during_creation_waits_for_the_answer_and_leaves_nothing(
    stage: Theatre, driver: FakeDriver
) -> None:
    driver.script["CreateSnapshot"].append(Code.DEADLINE_EXCEEDED)
    stage.dynamic()
    stage.sync()
    stage.doomed()
    assert stage.sync() is None, "nothing but this try brings the content back to us"
    assert stage.gone(SNAPSHOT_CONTENT, KEY)
    assert driver.snapshots == {}
    assert len(driver.made(csi_pb2.CreateSnapshotRequest)) == 2


def test_a_snapshot_that_never_was_is_not_deleted(stage: Theatre, driver: FakeDriver) -> None:
    driver.script["CreateSnapshot"].append(Code.INTERNAL)
    stage.dynamic()
    stage.sync()
    stage.doomed()
    stage.sync()
    assert stage.gone(SNAPSHOT_CONTENT, KEY)
    assert driver.made(csi_pb2.DeleteSnapshotRequest) == []


def test_a_refused_deletion_leaves_the_status_and_is_tried_again(stage: Theatre, driver: FakeDriver) -> None:
    stage.dynamic()
    stage.sync()
    before = stage.status()
    driver.script["DeleteSnapshot"].append(Code.FAILED_PRECONDITION)
    stage.doomed()
    assert stage.sync()
    assert stage.status() == before
    assert stage.events.reasons() == ["SnapshotDeleteError"]
    assert stage.sync() is None
    assert stage.gone(SNAPSHOT_CONTENT, KEY)


def test_a_missing_deletion_secret_blocks_the_deletion(stage: Theatre, driver: FakeDriver) -> None:
    stage.dynamic(annotations={markers.DELETION_SECRET_NAME: "key", markers.DELETION_SECRET_NAMESPACE: "vault"})
    stage.sync()
    stage.doomed()
    assert stage.sync()
    assert stage.events.texts[-1] == "Failed to get snapshot credentials"
    stage.kube.create(SECRET, {"metadata": {"name": "key", "namespace": "vault"}, "data": {"a": "Yg=="}})
    stage.sync()
    (call,) = driver.made(csi_pb2.DeleteSnapshotRequest)
    assert dict(call.secrets) == {"a": "b"}


def test_the_fault_deletes_what_was_to_be_kept(stage: Theatre, driver: FakeDriver) -> None:
    RetainDeletesSnapshot().apply(cast("Any", stage))  # it leads to the contents as the role itself does
    stage.dynamic("Retain")
    stage.sync()
    assert len(driver.snapshots) == 1
    stage.doomed()
    stage.sync()
    assert driver.snapshots == {}
    assert stage.status()["readyToUse"] is True


# ---- details


@pytest.mark.parametrize(("length", "name"), [(-1, "snapshot-12-34"), (3, "snapshot-123"), (9, "snapshot-1234")])
def test_snapshot_names(length: int, name: str) -> None:
    assert snapshot_name("snapshot", "12-34", length) == name


@pytest.mark.parametrize(
    ("change", "looked_at"),
    [
        ({"status": {"readyToUse": True}}, False),
        ({"metadata": {"resourceVersion": "2"}}, False),
        ({"metadata": {"annotations": {markers.BEING_CREATED: "yes"}}}, False),
        ({"metadata": {"annotations": {"nudge": "1"}}}, True),
        ({"metadata": {"deletionTimestamp": "now"}}, True),
        ({"spec": {"deletionPolicy": "Retain"}}, True),
    ],
)
def test_own_writes_bring_no_new_attempt(change: Json, looked_at: bool) -> None:
    before: Json = {"metadata": {"resourceVersion": "1"}, "spec": {"deletionPolicy": "Delete"}}
    assert relevant(SINGLE, before, {**before, **change}) is looked_at
