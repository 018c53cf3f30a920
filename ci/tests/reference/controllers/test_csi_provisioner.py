"""The csi-provisioner, step by step: requests, refusals, sources, protection, deletion."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from pytest_csi_snapshot.reference_impl.controllers import markers
from pytest_csi_snapshot.reference_impl.controllers.csi.driver import Abilities
from pytest_csi_snapshot.reference_impl.controllers.csi.sidecar import Peer
from pytest_csi_snapshot.reference_impl.controllers.kube import objects
from pytest_csi_snapshot.reference_impl.controllers.kube.kinds import (
    PV,
    PVC,
    SECRET,
    SNAPSHOT,
    SNAPSHOT_CONTENT,
    STORAGE_CLASS,
    VOLUME_ATTACHMENT,
)
from pytest_csi_snapshot.reference_impl.controllers.provisioner.claims import Claims, Settings
from pytest_csi_snapshot.reference_impl.controllers.provisioner.cluster import Cluster, Service
from pytest_csi_snapshot.reference_impl.controllers.provisioner.protection import Protection
from pytest_csi_snapshot.reference_impl.controllers.provisioner.sources import (
    SourceRefusedError,
    check_clone,
    check_mode,
    check_restore_size,
)
from pytest_csi_snapshot.reference_impl.controllers.provisioner.unanswered import Unanswered
from pytest_csi_snapshot.reference_impl.controllers.provisioner.volumes import Volumes
from pytest_csi_snapshot.reference_impl.controllers.work.loop import SyncError
from pytest_csi_snapshot.reference_impl.wire import csi_pb2

from .fake_csi import FakeDriver
from .stage import DRIVER, NS, Stage

Json = dict[str, Any]
Code = grpc.StatusCode
Mode = csi_pb2.VolumeCapability.AccessMode

FROM_SNAPSHOT = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": "s"}
FROM_CLAIM = {"kind": "PersistentVolumeClaim", "name": "src"}


class Theatre(Stage):
    """The stage with the csi-provisioner on it."""

    def __init__(self, peer: Peer) -> None:
        super().__init__()
        self.storage_class(parameters={"csi.storage.k8s.io/fstype": "ext4", "numberOfReplicas": "3"})
        client: Any = self.kube
        self.cluster = Cluster(
            client,
            self.direct(PVC),
            self.direct(PV),
            self.direct(STORAGE_CLASS),
            self.direct(SNAPSHOT),
            self.direct(VOLUME_ATTACHMENT),
        )
        self.unanswered = Unanswered()
        self.protection = Protection(self.cluster, DRIVER, self.unanswered)
        events: Any = self.events
        service = Service(DRIVER, "identity-1", events)
        settings = Settings(slow=300.0)
        self.claims = Claims(peer, self.cluster, service, self.protection, self.unanswered, settings)
        self.volumes = Volumes(peer, self.cluster, service)

    def wish(self, name: str = "new", **spec: Any) -> Json:
        """A pending claim that kube-controller-manager gave to our driver."""
        claim = self.claim(name, bound=False, **spec)
        meta = {**claim["metadata"], "annotations": {markers.PROVISIONER: DRIVER}}
        return self.change(PVC, f"{NS}/{name}", metadata=meta)

    def sync(self, claim: Json) -> SyncError | None:
        try:
            self.claims.sync(f"{objects.key(claim)}/{objects.uid(claim)}")
        except SyncError as error:
            return error
        return None

    def made(self, claim: Json) -> Json:
        return self.see(PV, f"pvc-{objects.uid(claim)}")

    def ready_snapshot(self, **content: Any) -> Json:
        """A snapshot named s that is ready, of 1Gi."""
        snapshot = self.snapshot()
        spec = {
            "deletionPolicy": "Delete",
            "driver": DRIVER,
            "source": {"volumeHandle": "v"},
            "sourceVolumeMode": "Filesystem",
            "volumeSnapshotRef": {"namespace": NS, "name": "s", "uid": objects.uid(snapshot)},
            **content,
        }
        self.kube.put(SNAPSHOT_CONTENT, {"metadata": {"name": "k"}, "spec": spec}, {"snapshotHandle": "h"})
        status = {"boundVolumeSnapshotContentName": "k", "readyToUse": True, "restoreSize": "1Gi"}
        return self.change(SNAPSHOT, f"{NS}/s", status=status)

    def protected(self) -> bool:
        return objects.has_finalizer(self.see(SNAPSHOT, f"{NS}/s"), markers.RESTORE_SOURCE)


@pytest.fixture
def stage(peer: Peer) -> Theatre:
    return Theatre(peer)


# ---- an empty volume


def test_a_volume_is_made_and_described(stage: Theatre, driver: FakeDriver) -> None:
    claim = stage.wish()
    assert stage.sync(claim) is None
    name = f"pvc-{objects.uid(claim)}"
    (call,) = driver.made(csi_pb2.CreateVolumeRequest)
    assert (call.name, call.capacity_range.required_bytes, dict(call.parameters)) == (
        name,
        1 << 30,
        {"numberOfReplicas": "3"},
    )
    (capability,) = call.volume_capabilities
    assert (capability.mount.fs_type, capability.access_mode.mode) == ("ext4", Mode.SINGLE_NODE_WRITER)
    volume = stage.made(claim)
    assert volume["metadata"]["annotations"] == {
        markers.PROVISIONED_BY: DRIVER,
        markers.VOLUME_SECRET_NAME: "",
        markers.VOLUME_SECRET_NAMESPACE: "",
    }
    assert objects.has_finalizer(volume, markers.VOLUME_PROVISIONED)
    spec = volume["spec"]
    assert spec["claimRef"]["uid"] == objects.uid(claim)
    assert (spec["capacity"], spec["volumeMode"]) == ({"storage": "1Gi"}, "Filesystem")
    assert (spec["storageClassName"], spec["persistentVolumeReclaimPolicy"]) == ("longhorn", "Delete")
    assert spec["csi"] == {
        "driver": DRIVER,
        "volumeHandle": name,
        "fsType": "ext4",
        "volumeAttributes": {"storage.kubernetes.io/csiProvisionerIdentity": "identity-1"},
    }
    assert stage.events.reasons() == ["Provisioning", "ProvisioningSucceeded"]
    stage.sync(claim)
    assert len(driver.made(csi_pb2.CreateVolumeRequest)) == 1, "the PV is there already"


@pytest.mark.parametrize(
    ("modes", "finer", "expected"),
    [
        (["ReadWriteOnce"], False, [Mode.SINGLE_NODE_WRITER]),
        (["ReadWriteOnce"], True, [Mode.SINGLE_NODE_MULTI_WRITER]),
        (["ReadWriteOncePod"], True, [Mode.SINGLE_NODE_SINGLE_WRITER]),
        (["ReadOnlyMany", "ReadWriteMany"], False, [Mode.MULTI_NODE_READER_ONLY, Mode.MULTI_NODE_MULTI_WRITER]),
    ],
)
def test_access_modes_of_raw_block(
    peer: Peer, driver: FakeDriver, modes: list[str], finer: bool, expected: list[int]
) -> None:
    rpc = csi_pb2.ControllerServiceCapability.RPC
    more = frozenset({rpc.SINGLE_NODE_MULTI_WRITER}) if finer else frozenset()
    stage = Theatre(Peer(peer.driver, peer.name, Abilities(peer.abilities.controller | more, frozenset())))
    claim = stage.wish(accessModes=modes, volumeMode="Block")
    assert stage.sync(claim) is None
    (call,) = driver.made(csi_pb2.CreateVolumeRequest)
    assert [one.access_mode.mode for one in call.volume_capabilities] == expected
    assert {one.WhichOneof("access_type") for one in call.volume_capabilities} == {"block"}
    assert "fsType" not in stage.made(claim)["spec"]["csi"]


def test_secrets_of_the_class_are_used_and_noted(stage: Theatre, driver: FakeDriver) -> None:
    keys = {
        f"csi.storage.k8s.io/{use}-secret-{part}": value
        for use in ("provisioner", "node-stage")
        for part, value in (("name", "${pvc.name}-key"), ("namespace", "${pvc.namespace}"))
    }
    stage.change(STORAGE_CLASS, "longhorn", parameters=keys)
    stage.kube.create(SECRET, {"metadata": {"name": "new-key", "namespace": NS}, "data": {"a": "Yg=="}})
    claim = stage.wish()
    assert stage.sync(claim) is None
    assert dict(driver.made(csi_pb2.CreateVolumeRequest)[0].secrets) == {"a": "b"}
    volume = stage.made(claim)
    assert objects.annotation(volume, markers.VOLUME_SECRET_NAME) == "new-key"
    assert volume["spec"]["csi"]["nodeStageSecretRef"] == {"name": "new-key", "namespace": NS}


@pytest.mark.parametrize(
    ("annotations", "starts"),
    [({}, False), ({markers.SELECTED_NODE: "node-1"}, True)],
)
def test_a_late_binding_claim_waits_for_its_node(
    stage: Theatre, driver: FakeDriver, annotations: dict[str, str], starts: bool
) -> None:
    stage.change(STORAGE_CLASS, "longhorn", volumeBindingMode="WaitForFirstConsumer")
    claim = stage.wish()
    meta = {**claim["metadata"], "annotations": {**claim["metadata"]["annotations"], **annotations}}
    claim = stage.change(PVC, f"{NS}/new", metadata=meta)
    assert stage.sync(claim) is None
    assert bool(driver.made(csi_pb2.CreateVolumeRequest)) is starts


def test_a_full_node_is_given_back_to_the_scheduler(stage: Theatre, driver: FakeDriver) -> None:
    driver.script["CreateVolume"].append(Code.RESOURCE_EXHAUSTED)
    claim = stage.wish()
    annotations = {**claim["metadata"]["annotations"], markers.SELECTED_NODE: "node-1"}
    claim = stage.change(PVC, f"{NS}/new", metadata={**claim["metadata"], "annotations": annotations})
    assert stage.sync(claim)
    assert objects.annotation(stage.see(PVC, f"{NS}/new"), markers.SELECTED_NODE) is None


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"selector": {"matchLabels": {"a": "b"}}}, "claim Selector is not supported"),
        ({"storageClassName": "nothing"}, 'storageclass.storage.k8s.io "nothing" not found'),
        ({"dataSource": FROM_SNAPSHOT}, "error getting snapshot s from api server"),
        ({"dataSource": FROM_CLAIM}, "error getting PVC src"),
    ],
)
def test_refusals_leave_the_claim_pending_with_a_warning(
    stage: Theatre, driver: FakeDriver, spec: Json, text: str
) -> None:
    claim = stage.wish(**spec)
    assert text in str(stage.sync(claim))
    assert stage.events.reasons()[-1] == "ProvisioningFailed"
    assert driver.made(csi_pb2.CreateVolumeRequest) == []


def test_an_unknown_source_is_left_to_a_populator(stage: Theatre, driver: FakeDriver) -> None:
    claim = stage.wish(dataSourceRef={"apiGroup": "example.org", "kind": "Thing", "name": "t"})
    assert stage.sync(claim) is None
    assert stage.events.texts == ["Assuming an external populator will provision the volume"]
    assert driver.made(csi_pb2.CreateVolumeRequest) == []


@pytest.mark.parametrize(
    ("code", "slow", "may_run"),
    [
        (Code.INVALID_ARGUMENT, True, False),
        (Code.OUT_OF_RANGE, False, False),
        (Code.RESOURCE_EXHAUSTED, False, False),
        (Code.DEADLINE_EXCEEDED, False, True),
        (Code.ABORTED, False, True),
    ],
)
def test_codes_of_create_volume(stage: Theatre, driver: FakeDriver, code: Code, slow: bool, may_run: bool) -> None:
    driver.script["CreateVolume"].append(code)
    claim = stage.wish()
    error = stage.sync(claim)
    assert error is not None
    assert error.after == (300.0 if slow else None)
    assert ("Retries will be delayed" in str(error)) is slow
    assert bool(stage.unanswered.all()) is may_run


def test_a_call_of_unknown_outcome_is_finished_although_its_claim_is_gone(
    stage: Theatre, driver: FakeDriver
) -> None:
    driver.script["CreateVolume"].append(Code.DEADLINE_EXCEEDED)
    claim = stage.wish()
    stage.sync(claim)
    stage.delete(PVC, f"{NS}/new")
    assert stage.sync(claim) is None
    assert stage.made(claim)["spec"]["claimRef"]["uid"] == objects.uid(claim)
    assert stage.unanswered.all() == []


def test_after_a_final_failure_a_claim_that_is_gone_is_forgotten(stage: Theatre, driver: FakeDriver) -> None:
    driver.script["CreateVolume"].append(Code.INTERNAL)
    claim = stage.wish()
    stage.sync(claim)
    stage.delete(PVC, f"{NS}/new")
    assert stage.sync(claim) is None
    assert len(driver.made(csi_pb2.CreateVolumeRequest)) == 1


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        pytest.param({"capacity_bytes": 5}, "less than requested capacity", id="too small"),
        pytest.param({"capacity_bytes": 1 << 30}, "content source missing", id="maybe empty"),
    ],
)
def test_a_wrong_volume_is_deleted_and_never_bound(
    stage: Theatre, driver: FakeDriver, answer: Json, text: str
) -> None:
    stage.ready_snapshot()
    volume = csi_pb2.Volume(volume_id="wrong", **answer)
    driver.script["CreateVolume"].append(lambda _: csi_pb2.CreateVolumeResponse(volume=volume))
    claim = stage.wish(dataSource=FROM_SNAPSHOT)
    assert text in str(stage.sync(claim))
    assert [call.volume_id for call in driver.made(csi_pb2.DeleteVolumeRequest)] == ["wrong"]
    assert stage.gone(PV, f"pvc-{objects.uid(claim)}")


# ---- restore


def test_a_restore_names_the_snapshot_and_protects_it_meanwhile(stage: Theatre, driver: FakeDriver) -> None:
    stage.ready_snapshot()
    during: list[bool] = []

    def restore(request: csi_pb2.CreateVolumeRequest) -> csi_pb2.CreateVolumeResponse:
        during.append(stage.protected())
        source = request.volume_content_source
        volume = csi_pb2.Volume(volume_id=request.name, capacity_bytes=2 << 30, content_source=source)
        return csi_pb2.CreateVolumeResponse(volume=volume)

    driver.script["CreateVolume"].append(restore)
    claim = stage.wish(dataSource=FROM_SNAPSHOT)
    assert stage.sync(claim) is None
    (call,) = driver.made(csi_pb2.CreateVolumeRequest)
    assert call.volume_content_source.snapshot.snapshot_id == "h"
    assert during == [True]
    assert not stage.protected()
    assert stage.made(claim)["spec"]["capacity"] == {"storage": "2Gi"}, "what the driver made, not what was asked"


def test_the_protection_of_a_failed_restore_ends_with_its_claim(stage: Theatre, driver: FakeDriver) -> None:
    stage.ready_snapshot()
    driver.script["CreateVolume"].append(Code.INTERNAL)
    claim = stage.wish(dataSource=FROM_SNAPSHOT)
    stage.sync(claim)
    stage.protection.sweep_snapshot(f"{NS}/s")
    assert stage.protected(), "the claim will be tried again"
    stage.delete(PVC, f"{NS}/new")
    stage.protection.sweep_snapshot(f"{NS}/s")
    assert not stage.protected()


def test_protection_outlives_a_claim_whose_call_may_still_run(stage: Theatre, driver: FakeDriver) -> None:
    stage.ready_snapshot()
    driver.script["CreateVolume"].append(Code.DEADLINE_EXCEEDED)
    claim = stage.wish(dataSource=FROM_SNAPSHOT)
    stage.sync(claim)
    stage.delete(PVC, f"{NS}/new")
    stage.protection.sweep_snapshot(f"{NS}/s")
    assert stage.protected()
    stage.sync(claim)
    assert not stage.protected()


def test_a_new_process_takes_over_what_the_old_one_protected(stage: Theatre, driver: FakeDriver) -> None:
    stage.ready_snapshot()
    driver.script["CreateVolume"].append(Code.INTERNAL)
    claim = stage.wish(dataSource=FROM_SNAPSHOT)
    stage.sync(claim)
    successor = Protection(stage.cluster, DRIVER, Unanswered())
    successor.sweep_snapshot(f"{NS}/s")
    assert stage.protected()
    stage.delete(PVC, f"{NS}/new")
    successor.sweep_snapshot(f"{NS}/s")
    assert not stage.protected()


@pytest.mark.parametrize(
    ("snapshot", "content", "text"),
    [
        pytest.param({"readyToUse": True}, {}, "snapshot s not bound", id="not bound"),
        pytest.param(
            {"boundVolumeSnapshotContentName": "k", "readyToUse": False},
            {},
            "snapshot s is not Ready",
            id="not ready",
        ),
        pytest.param(
            None,
            {"volumeSnapshotRef": {"namespace": NS, "name": "s", "uid": "else"}},
            "is bound to a different snapshot",
            id="foreign content",
        ),
        pytest.param(
            {"boundVolumeSnapshotContentName": "k", "readyToUse": False},
            {"driver": "other.driver"},
            "is not handled by CSI driver of StorageClass longhorn",
            id="foreign driver comes before readiness",
        ),
        pytest.param(None, {"sourceVolumeMode": "Block"}, "annotation is not present", id="other volume mode"),
        pytest.param(
            {"boundVolumeSnapshotContentName": "k", "readyToUse": True, "restoreSize": "2Gi"},
            {},
            "requested volume size 1073741824 is less than the size 2147483648 for the source snapshot s",
            id="too small",
        ),
    ],
)
def test_a_snapshot_that_must_not_be_restored(
    stage: Theatre, snapshot: Json | None, content: Json, text: str
) -> None:
    stage.ready_snapshot(**content)
    if snapshot is not None:
        stage.change(SNAPSHOT, f"{NS}/s", status=snapshot)
    claim = stage.wish(dataSource=FROM_SNAPSHOT)
    assert text in str(stage.sync(claim))
    assert not stage.protected()


def test_a_snapshot_under_deletion_is_restored_only_while_it_is_protected(stage: Theatre) -> None:
    snapshot = stage.ready_snapshot()
    held = {**snapshot["metadata"], "finalizers": [markers.SNAPSHOT_BOUND]}
    stage.change(SNAPSHOT, f"{NS}/s", metadata=held)
    stage.delete(SNAPSHOT, f"{NS}/s")
    claim = stage.wish(dataSource=FROM_SNAPSHOT)
    assert "snapshot s is being deleted" in str(stage.sync(claim))
    meta = stage.see(SNAPSHOT, f"{NS}/s")["metadata"]
    stage.change(
        SNAPSHOT, f"{NS}/s", metadata={**meta, "finalizers": [*meta["finalizers"], markers.RESTORE_SOURCE]}
    )
    assert stage.sync(claim) is None


def test_a_driver_without_snapshots_refuses(peer: Peer) -> None:
    stage = Theatre(Peer(peer.driver, peer.name, Abilities(frozenset(), frozenset())))
    stage.ready_snapshot()
    assert "CREATE_DELETE_SNAPSHOT" in str(stage.sync(stage.wish(dataSource=FROM_SNAPSHOT)))
    stage.bound_claim("src")
    assert "CLONE_VOLUME" in str(stage.sync(stage.wish("other", dataSource=FROM_CLAIM)))


@pytest.mark.parametrize(
    ("source", "wanted", "allowed", "refused"),
    [
        ("Filesystem", "Filesystem", None, None),
        ("Filesystem", "Block", None, "not present"),
        ("Block", "Filesystem", None, "not present"),
        ("Filesystem", "Block", "true", None),
        ("Filesystem", "Block", "t", None),
        ("Filesystem", "Block", "false", "set to false"),
        ("Filesystem", "Block", "yes", "failed to convert"),
        (None, "Block", None, None),
    ],
)
def test_volume_modes_must_agree_unless_the_content_allows_it(
    source: str | None, wanted: str, allowed: str | None, refused: str | None
) -> None:
    annotations = {} if allowed is None else {markers.ALLOW_MODE_CHANGE: allowed}
    content = {"metadata": {"name": "k", "annotations": annotations}, "spec": {"sourceVolumeMode": source}}
    claim = {"metadata": {"name": "c", "namespace": NS}, "spec": {"volumeMode": wanted}}
    if refused is None:
        check_mode(claim, content)
        return
    with pytest.raises(SourceRefusedError, match=refused):
        check_mode(claim, content)


@pytest.mark.parametrize(
    ("request_", "size", "fits"),
    [("1Gi", "1Gi", True), ("1Gi", "1025Mi", False), ("2Gi", "1Gi", True), ("1", None, True)],
)
def test_a_request_must_reach_the_restore_size(request_: str, size: str | None, fits: bool) -> None:
    claim = {"metadata": {"name": "c"}, "spec": {"resources": {"requests": {"storage": request_}}}}
    status = {} if size is None else {"restoreSize": size}
    snapshot = {"metadata": {"name": "s"}, "status": status}
    if fits:
        check_restore_size(claim, snapshot)
        return
    with pytest.raises(SourceRefusedError, match="is less than the size"):
        check_restore_size(claim, snapshot)


# ---- clone


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ({"status": {"phase": "Pending"}}, "must have a status of Bound"),
        ({"metadata": {"name": "src", "deletionTimestamp": "now"}}, "is currently being deleted"),
        ({"spec": {"storageClassName": None}}, "storageclass cannot be empty"),
        ({"spec": {"resources": {"requests": {"storage": "2Gi"}}}}, "must be greater than or equal"),
        (
            {"spec": {"volumeMode": "Block"}},
            "same volume mode for cloning. Source is Block, but new PVC requested",
        ),
        ({"spec": {"storageClassName": ""}}, None),
        ({"status": {"phase": "Bound", "capacity": {"storage": "9Gi"}}}, None),
    ],
)
def test_what_the_two_claims_of_a_clone_must_agree_on(source: Json, text: str | None) -> None:
    spec = {"resources": {"requests": {"storage": "1Gi"}}, "storageClassName": "longhorn"}
    claim: Json = {"metadata": {"name": "new"}, "spec": spec}
    origin: Json = {"metadata": {"name": "src"}, "spec": dict(spec), "status": {"phase": "Bound"}}
    origin |= {**source, "spec": {**spec, **source.get("spec", {})}}
    if text is None:
        check_clone(claim, origin)
        return
    with pytest.raises(SourceRefusedError, match=text):
        check_clone(claim, origin)


def test_a_clone_names_its_source_and_keeps_it_until_no_clone_is_pending(
    stage: Theatre, driver: FakeDriver
) -> None:
    stage.bound_claim("src")
    first, second = stage.wish("one", dataSource=FROM_CLAIM), stage.wish("two", dataSource=FROM_CLAIM)
    assert stage.sync(first) is None
    assert driver.made(csi_pb2.CreateVolumeRequest)[0].volume_content_source.volume.volume_id == "handle-src"
    stage.change(PVC, f"{NS}/one", spec={**first["spec"], "volumeName": "pv-one"}, status={"phase": "Bound"})
    assert objects.has_finalizer(stage.see(PVC, f"{NS}/src"), markers.CLONE_SOURCE), "stays after the clone"
    stage.delete(PVC, f"{NS}/src")
    stage.protection.sweep_claim(f"{NS}/src")
    assert not stage.gone(PVC, f"{NS}/src"), "the second clone is pending"
    stage.delete(PVC, objects.key(second))
    stage.protection.sweep_claim(f"{NS}/src")
    assert stage.gone(PVC, f"{NS}/src")


@pytest.mark.parametrize("driver_of_source", ["other.driver", None])
def test_a_clone_of_another_drivers_volume_is_refused(stage: Theatre, driver_of_source: str | None) -> None:
    origin = stage.claim("src")
    stage.volume(origin, **({"driver": driver_of_source} if driver_of_source else {"csi": None}))
    error = stage.sync(stage.wish(dataSource=FROM_CLAIM))
    assert "claim in dataSource not bound or invalid" in str(error)


# ---- deletion


@pytest.mark.parametrize(
    ("phase", "policy", "by", "deleted"),
    [
        ("Released", "Delete", DRIVER, True),
        ("Bound", "Delete", DRIVER, False),
        ("Released", "Retain", DRIVER, False),
        ("Released", "Delete", "other.driver", False),
    ],
)
def test_only_our_released_volumes_are_deleted(
    stage: Theatre, driver: FakeDriver, phase: str, policy: str, by: str, deleted: bool
) -> None:
    claim = stage.wish()
    stage.sync(claim)
    volume = stage.made(claim)
    name = objects.name(volume)
    meta = {**volume["metadata"], "annotations": {**volume["metadata"]["annotations"], markers.PROVISIONED_BY: by}}
    spec = {**volume["spec"], "persistentVolumeReclaimPolicy": policy}
    stage.change(PV, name, status={"phase": phase}, metadata=meta, spec=spec)
    stage.volumes.sync(name)
    assert stage.gone(PV, name) is deleted
    assert len(driver.made(csi_pb2.DeleteVolumeRequest)) == int(deleted)


def test_an_attached_or_refused_volume_is_kept(stage: Theatre, driver: FakeDriver) -> None:
    claim = stage.wish()
    stage.sync(claim)
    name = objects.name(stage.made(claim))
    stage.change(PV, name, status={"phase": "Released"})
    spec = {"attacher": DRIVER, "nodeName": "node-1", "source": {"persistentVolumeName": name}}
    attachment = stage.kube.create(VOLUME_ATTACHMENT, {"metadata": {"name": "va"}, "spec": spec})
    with pytest.raises(SyncError, match="still attached to node node-1"):
        stage.volumes.sync(name)
    assert driver.made(csi_pb2.DeleteVolumeRequest) == []
    stage.kube.delete(VOLUME_ATTACHMENT, None, "va", uid=objects.uid(attachment))
    driver.script["DeleteVolume"].append(Code.FAILED_PRECONDITION)
    with pytest.raises(SyncError):
        stage.volumes.sync(name)
    assert stage.events.reasons()[-1] == "VolumeFailedDelete"
    assert not stage.gone(PV, name)
    stage.volumes.sync(name)
    assert stage.gone(PV, name)
