"""The csi-provisioner, step by step: what it asks the driver, how attempts end, what it deletes."""

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
    STORAGE_CLASS,
    VOLUME_ATTACHMENT,
)
from pytest_csi_snapshot.reference_impl.controllers.work.loop import SyncError
from pytest_csi_snapshot.reference_impl.wire import csi_pb2

from .fake_csi import FakeDriver
from .provisioner_stage import FROM_CLAIM, FROM_SNAPSHOT, Theatre
from .stage import DRIVER, NS

Json = dict[str, Any]
Code = grpc.StatusCode
Mode = csi_pb2.VolumeCapability.AccessMode


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


def test_the_annotation_of_old_names_the_class_before_the_field(stage: Theatre) -> None:
    claim = stage.wish(storageClassName="nothing")
    annotations = {**claim["metadata"]["annotations"], markers.CLASS_BETA: "longhorn"}
    claim = stage.change(PVC, f"{NS}/new", metadata={**claim["metadata"], "annotations": annotations})
    assert stage.sync(claim) is None
    assert stage.made(claim)["spec"]["storageClassName"] == "longhorn"


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
    assert stage.unanswered.all() == [], "what the call has made is gone"
    stage.delete(PVC, f"{NS}/new")
    stage.protection.sweep_snapshot(f"{NS}/s")
    assert not stage.protected()


def test_a_wrong_volume_that_stays_keeps_its_claim_and_its_source(stage: Theatre, driver: FakeDriver) -> None:
    stage.ready_snapshot()
    volume = csi_pb2.Volume(volume_id="wrong", capacity_bytes=5)
    driver.script["CreateVolume"].append(lambda _: csi_pb2.CreateVolumeResponse(volume=volume))
    driver.script["DeleteVolume"].append(Code.INTERNAL)
    stage.sync(stage.wish(dataSource=FROM_SNAPSHOT))
    stage.delete(PVC, f"{NS}/new")
    stage.protection.sweep_snapshot(f"{NS}/s")
    assert [objects.name(claim) for claim in stage.unanswered.all()] == ["new"]
    assert stage.protected()


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
