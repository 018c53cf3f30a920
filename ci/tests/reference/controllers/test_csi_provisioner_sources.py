"""The csi-provisioner's restores and clones: which sources it takes, and how it keeps them alive."""

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
    SNAPSHOT,
    SNAPSHOT_CONTENT,
)
from pytest_csi_snapshot.reference_impl.controllers.provisioner.protection import Protection
from pytest_csi_snapshot.reference_impl.controllers.provisioner.sources import (
    SourceRefusedError,
    check_clone,
    check_mode,
    check_restore_size,
)
from pytest_csi_snapshot.reference_impl.controllers.provisioner.unanswered import Unanswered
from pytest_csi_snapshot.reference_impl.wire import csi_pb2

from .fake_csi import FakeDriver
from .provisioner_stage import FROM_CLAIM, FROM_SNAPSHOT, Theatre
from .stage import DRIVER, NS

Json = dict[str, Any]
Code = grpc.StatusCode


@pytest.fixture
def stage(peer: Peer) -> Theatre:
    return Theatre(peer)


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


@pytest.mark.parametrize("made", [True, False], ids=["a volume came of it", "nothing came of it"])
def test_a_call_is_asked_about_when_its_claim_and_its_snapshot_are_gone(
    stage: Theatre, driver: FakeDriver, made: bool
) -> None:
    stage.ready_snapshot()
    driver.script["CreateVolume"] += [Code.DEADLINE_EXCEEDED, *([] if made else [Code.NOT_FOUND])]
    claim = stage.wish(dataSource=FROM_SNAPSHOT)
    stage.sync(claim)
    stage.delete(PVC, f"{NS}/new")
    stage.delete(SNAPSHOT_CONTENT, "k")
    assert (stage.sync(claim) is None) is made
    asked, again = driver.made(csi_pb2.CreateVolumeRequest)
    assert again == asked
    assert stage.gone(PV, f"pvc-{objects.uid(claim)}") is not made, "by its PV a volume is deleted"
    assert stage.unanswered.all() == []
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


def test_the_provisioner_of_another_driver_leaves_the_protection_alone(stage: Theatre, driver: FakeDriver) -> None:
    """The finalizer has one name for all, and who has just started sees it at first sight."""
    stage.ready_snapshot()
    driver.script["CreateVolume"].append(Code.INTERNAL)
    stage.sync(stage.wish(dataSource=FROM_SNAPSHOT))
    other = Protection(stage.cluster, "other.driver", Unanswered())
    other.sweep_snapshot(f"{NS}/s")
    assert stage.protected()
    stage.delete(SNAPSHOT_CONTENT, "k")
    other.sweep_snapshot(f"{NS}/s")
    assert stage.protected(), "a claim of that driver still waits for it"
    stage.delete(PVC, f"{NS}/new")
    other.sweep_snapshot(f"{NS}/s")
    assert not stage.protected(), "nobody could tell any more whose it is"


def test_a_snapshot_that_is_made_anew_is_another_one(stage: Theatre) -> None:
    """What this process has restored from under the same name was its own driver's; the new one is not."""
    stage.ready_snapshot()
    assert stage.sync(stage.wish(dataSource=FROM_SNAPSHOT)) is None
    stage.delete(SNAPSHOT, f"{NS}/s")
    stage.delete(SNAPSHOT_CONTENT, "k")
    stage.ready_snapshot(driver="other.driver")
    meta = {**stage.see(SNAPSHOT, f"{NS}/s")["metadata"], "finalizers": [markers.RESTORE_SOURCE]}
    stage.change(SNAPSHOT, f"{NS}/s", metadata=meta)
    stage.protection.sweep_snapshot(f"{NS}/s")
    assert stage.protected()


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


def test_a_source_goes_that_was_deleted_with_its_clone_under_the_call(stage: Theatre, driver: FakeDriver) -> None:
    stage.bound_claim("src")
    driver.script["CreateVolume"].append(Code.DEADLINE_EXCEEDED)
    claim = stage.wish(dataSource=FROM_CLAIM)
    stage.sync(claim)
    for key in (f"{NS}/new", f"{NS}/src"):
        stage.delete(PVC, key)
    stage.protection.sweep_claim(f"{NS}/src")
    assert not stage.gone(PVC, f"{NS}/src"), "the call may still run"
    assert stage.sync(claim) is None
    assert stage.gone(PVC, f"{NS}/src")


@pytest.mark.parametrize("driver_of_source", ["other.driver", None])
def test_a_clone_of_another_drivers_volume_is_refused(stage: Theatre, driver_of_source: str | None) -> None:
    origin = stage.claim("src")
    stage.volume(origin, **({"driver": driver_of_source} if driver_of_source else {"csi": None}))
    error = stage.sync(stage.wish(dataSource=FROM_CLAIM))
    assert "claim in dataSource not bound or invalid" in str(error)
