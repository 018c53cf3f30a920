"""The snapshot-controller with groups: selection, class, content, members, status."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from pytest_csi_snapshot.reference_impl.controllers import markers
from pytest_csi_snapshot.reference_impl.controllers.kube import objects
from pytest_csi_snapshot.reference_impl.controllers.kube.kinds import (
    GROUP_CLASS,
    GROUP_CONTENT,
    GROUP_SNAPSHOT,
    PV,
    PVC,
    SNAPSHOT,
    SNAPSHOT_CONTENT,
)
from pytest_csi_snapshot.reference_impl.controllers.snapshot_controller.groups import membership

from .group_stage import CUT, DEFAULT, HANDLE, GroupTheatre
from .stage import NS

Json = dict[str, Any]


@pytest.fixture
def stage() -> GroupTheatre:
    return GroupTheatre()


# ---- content


def test_the_content_of_a_group_has_all_volumes_that_its_labels_select(stage: GroupTheatre) -> None:
    group = stage.scene()
    assert stage.sync_group() is None
    content = stage.group_content()
    spec = content["spec"]
    ref = spec.pop("volumeGroupSnapshotRef")
    assert spec == {
        "deletionPolicy": "Delete",
        "driver": "driver.longhorn.io",
        "source": {"volumeHandles": ["handle-a", "handle-b"]},
        "volumeGroupSnapshotClassName": "longhorn",
    }
    assert (ref["kind"], ref["namespace"], ref["name"], ref["uid"]) == (
        "VolumeGroupSnapshot",
        NS,
        "g",
        objects.uid(group),
    )
    assert objects.has_finalizer(content, markers.GROUP_CONTENT_BOUND)
    assert objects.has_finalizer(stage.seen_group(), markers.GROUP_BOUND)
    assert stage.group_status() == {
        "boundVolumeGroupSnapshotContentName": objects.name(content),
        "readyToUse": False,
    }
    assert stage.events.reasons() == ["CreatingGroupSnapshot"]


def test_a_claim_counts_whose_labels_no_watch_has_brought_yet(
    stage: GroupTheatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.scene()
    for look in ("all", "by"):
        monkeypatch.setattr(stage.cluster.claims, look, lambda *_: [])
    assert stage.sync_group() is None
    assert stage.group_content()["spec"]["source"] == {"volumeHandles": ["handle-a", "handle-b"]}


def test_the_source_claims_of_a_group_are_not_protected(stage: GroupTheatre) -> None:
    """GRP-011."""
    stage.ready_group()
    for name in ("a", "b"):
        assert not objects.has_finalizer(stage.see(PVC, f"{NS}/{name}"), markers.CLAIM_AS_SOURCE)


def test_expressions_of_the_selector_are_ignored(stage: GroupTheatre) -> None:
    """GRP-003: as upstream, a selector that has only expressions takes every PVC."""
    stage.labelled_claim("a")
    stage.bound_claim("c")
    stage.group_class()
    stage.group(selector={"matchExpressions": [{"key": "set", "operator": "In", "values": ["x"]}]})
    stage.sync_group()
    assert stage.group_content()["spec"]["source"] == {"volumeHandles": ["handle-a", "handle-c"]}


def test_a_group_without_a_source_takes_nothing(stage: GroupTheatre) -> None:
    stage.labelled_claim("a")
    stage.group_class()
    stage.group(other={})
    assert "either a selector or a content" in (stage.sync_group() or "")
    assert stage.events.reasons() == ["GroupSnapshotValidationError"]
    assert stage.no_group_contents()


@pytest.mark.parametrize(
    ("prepare", "text", "reasons"),
    [
        pytest.param(lambda _stage: None, "no PVC has the labels", [], id="nothing selected"),
        pytest.param(lambda stage: _pending(stage), "not yet bound to a PV", [], id="one unbound"),
        pytest.param(
            lambda stage: stage.volume(stage.label(stage.claim("a")), csi=None),
            "Volume pv-a is not of a CSI driver",
            ["CreateGroupSnapshotContentFailed"],
            id="not CSI",
        ),
        pytest.param(
            lambda stage: stage.volume(stage.label(stage.claim("a")), driver="other.driver"),
            "is of driver other.driver",
            ["CreateGroupSnapshotContentFailed"],
            id="another driver",
        ),
    ],
)
def test_what_cannot_be_cut_is_reported_and_recovers(
    stage: GroupTheatre, prepare: Any, text: str, reasons: list[str]
) -> None:
    """GRP-004."""
    prepare(stage)
    stage.group_class()
    stage.group()
    assert text in (stage.sync_group() or "")
    assert text in stage.group_status()["error"]["message"]
    assert stage.group_status()["readyToUse"] is False
    assert stage.events.reasons() == [*reasons, "GroupSnapshotContentCreationFailed"]
    assert stage.no_group_contents()
    assert not stage.seen_group()["metadata"].get("finalizers"), "nothing was made that has to be looked after"
    for kind, key in ((PVC, f"{NS}/a"), (PV, "pv-a")):
        if not stage.gone(kind, key):
            stage.delete(kind, key)
    stage.labelled_claim("a")
    assert stage.sync_group() is None
    stage.answer_group()
    assert stage.sync_group() is None
    assert "error" not in stage.group_status()


def _pending(stage: GroupTheatre) -> None:
    stage.label(stage.claim("a", bound=False))
    stage.labelled_claim("b")


# ---- classes


@pytest.mark.parametrize(
    ("classes", "outcome"),
    [
        pytest.param({"x": DEFAULT}, "x", id="one default"),
        pytest.param({"x": DEFAULT, "y": {}}, "x", id="one of two is the default"),
        pytest.param({"x": {}}, "cannot find default group snapshot class", id="no default"),
        pytest.param(
            {"x": {markers.DEFAULT_CLASS: "true"}}, "cannot find default", id="the mark of single snapshots"
        ),
        pytest.param({"x": {markers.DEFAULT_GROUP_CLASS: "True"}}, "cannot find default", id="wrong case"),
        pytest.param(
            {"x": DEFAULT, "y": DEFAULT}, "2 default group snapshot classes were found", id="two defaults"
        ),
    ],
)
def test_the_default_class_is_chosen_or_the_reason_said(
    stage: GroupTheatre, classes: dict[str, dict[str, str]], outcome: str
) -> None:
    """GRP-005."""
    stage.labelled_claim("a")
    for name, marks in classes.items():
        stage.group_class(name, annotations=marks)
    stage.kube.create(
        GROUP_CLASS,
        {"metadata": {"name": "foreign", "annotations": DEFAULT}, "driver": "other", "deletionPolicy": "Delete"},
    )
    stage.group(class_name=None)
    failure = stage.sync_group()
    if outcome in classes:
        assert failure is None
        assert stage.seen_group()["spec"]["volumeGroupSnapshotClassName"] == outcome
        return
    assert outcome in (failure or "")
    assert stage.events.reasons() == ["SetDefaultGroupSnapshotClassFailed"]
    assert set(stage.group_status()) == {"error"}
    assert stage.no_group_contents()


def test_without_class_and_claims_the_driver_is_not_known(stage: GroupTheatre) -> None:
    stage.group(class_name=None)
    assert "no PVC has the labels" in (stage.sync_group() or "")
    assert stage.events.reasons() == ["SetDefaultGroupSnapshotClassFailed"]


def test_a_missing_class_leaves_no_trace_but_the_error_and_recovers(stage: GroupTheatre) -> None:
    stage.labelled_claim("a")
    stage.group()
    text = 'volumegroupsnapshotclass.groupsnapshot.storage.k8s.io "longhorn" not found'
    assert text in (stage.sync_group() or "")
    assert stage.events.reasons() == ["GetGroupSnapshotClassFailed"]
    assert set(stage.group_status()) == {"error"}
    stage.group_class()
    assert stage.sync_group() is None
    assert "error" not in stage.group_status()


# ---- members


def test_each_volume_becomes_a_member_with_a_content(stage: GroupTheatre) -> None:
    """GRP-002, FIN-010."""
    group = stage.ready_group()
    members, contents = stage.members(), stage.member_contents()
    assert len(members) == 2
    for member, content in zip(members, contents, strict=True):
        handle = content["spec"]["source"]["volumeHandle"]
        digest = hashlib.sha256(f"{objects.uid(group)}{handle}".encode()).hexdigest()
        assert (objects.name(member), objects.name(content)) == (f"snapshot-{digest}", f"snapcontent-{digest}")
        assert member["spec"] == {"source": {"persistentVolumeClaimName": handle.removeprefix("handle-")}}
        (owner,) = member["metadata"]["ownerReferences"]
        assert owner == {
            "apiVersion": "groupsnapshot.storage.k8s.io/v1",
            "kind": "VolumeGroupSnapshot",
            "name": "g",
            "uid": objects.uid(group),
        }
        assert objects.has_finalizer(member, markers.IN_GROUP)
        assert member["status"] == {
            "boundVolumeSnapshotContentName": objects.name(content),
            "creationTime": "2023-11-14T22:13:20Z",
            "readyToUse": True,
            "restoreSize": "1Gi",
            "volumeGroupSnapshotName": "g",
        }
        assert content["spec"]["deletionPolicy"] == "Delete"
        assert content["spec"]["sourceVolumeMode"] == "Filesystem"
        assert "volumeSnapshotClassName" not in content["spec"]
        assert content["spec"]["volumeSnapshotRef"]["uid"] == objects.uid(member)
        assert content["status"] == {
            "snapshotHandle": f"snap-{handle}",
            "creationTime": CUT,
            "restoreSize": 1 << 30,
            "readyToUse": True,
            "volumeGroupSnapshotHandle": HANDLE,
        }
        assert objects.annotation(content, markers.GROUP_HANDLE) == HANDLE
    assert stage.group_status()["creationTime"] == "2023-11-14T22:13:20Z"
    reasons = [reason for about, reason in stage.events.sent if about == f"{NS}/g"]
    assert reasons == ["CreatingGroupSnapshot", "GroupSnapshotCreated", "GroupSnapshotReady"]


def test_members_whose_making_was_broken_off_are_completed(stage: GroupTheatre) -> None:
    """HA-002 for groups: what was made before a restart is found again, what is missing is made."""
    stage.scene()
    stage.sync_group()
    stage.answer_group(readyToUse=False)
    stage.sync_group()
    before = [objects.uid(one) for one in stage.members()]
    lost = stage.member_contents()[0]
    stage.change(SNAPSHOT_CONTENT, objects.name(lost), metadata={**lost["metadata"], "finalizers": []})
    stage.delete(SNAPSHOT_CONTENT, objects.name(lost))
    stage.answer_group()
    stage.sync_group()
    stage.sync_members()
    stage.sync_members()
    assert [objects.uid(one) for one in stage.members()] == before
    assert [one["status"]["readyToUse"] for one in stage.members()] == [True, True]


def test_a_member_without_content_waits_and_never_gets_one_of_its_own(stage: GroupTheatre) -> None:
    group = stage.scene()
    stage.snapshot_class()
    snapshot = stage.snapshot("m", claim="a", class_name=None)
    owner = membership.owner_reference(group)
    stage.change(SNAPSHOT, f"{NS}/m", metadata={**snapshot["metadata"], "ownerReferences": [owner]})
    assert stage.sync("m") is None
    assert stage.kube.list(SNAPSHOT_CONTENT)["items"] == []
    assert stage.events.sent == []


def test_a_snapshot_that_has_the_name_of_a_member_is_not_taken_over(stage: GroupTheatre) -> None:
    group = stage.scene()
    stage.sync_group()
    digest = hashlib.sha256(f"{objects.uid(group)}handle-a".encode()).hexdigest()
    stage.snapshot(f"snapshot-{digest}", claim="c")
    stage.answer_group()
    assert "exists and is no member" in (stage.sync_group() or "")
    assert "readyToUse" not in (stage.see(SNAPSHOT, f"{NS}/snapshot-{digest}").get("status") or {})
    assert stage.group_status()["readyToUse"] is False


def test_a_group_that_is_not_ready_yet_shows_when_it_was_cut(stage: GroupTheatre) -> None:
    stage.scene()
    stage.sync_group()
    stage.answer_group(readyToUse=False)
    stage.sync_group()
    assert stage.group_status()["creationTime"] == "2023-11-14T22:13:20Z"
    assert stage.group_status()["readyToUse"] is False
    stage.answer_group()
    stage.sync_group()
    assert stage.events.flushed_after, "the status waits for its events"
    assert stage.group_status()["readyToUse"] is True


def test_a_failure_of_the_driver_is_shown_on_the_group(stage: GroupTheatre) -> None:
    stage.scene()
    stage.sync_group()
    error = {"message": "Failed to create group snapshot: x", "time": "2026-01-01T00:00:00Z"}
    stage.change(GROUP_CONTENT, objects.name(stage.group_content()), status={"error": error, "readyToUse": False})
    stage.sync_group()
    assert stage.group_status()["error"] == error
    assert stage.members() == []


def test_a_member_whose_volume_is_gone_has_no_claim(stage: GroupTheatre) -> None:
    stage.scene()
    stage.sync_group()
    stage.delete(PV, "pv-a")
    stage.answer_group()
    stage.sync_group()
    names = {member["spec"]["source"]["persistentVolumeClaimName"] for member in stage.members()}
    assert names == {"", "b"}


# ---- secrets

SECRET = "csi.storage.k8s.io/group-snapshotter-secret-"


def test_the_secret_of_the_class_is_noted_on_the_contents_of_group_and_members(stage: GroupTheatre) -> None:
    values = {
        f"{SECRET}name": "x-${volumegroupsnapshot.name}",
        f"{SECRET}namespace": "${volumegroupsnapshot.namespace}",
    }
    stage.ready_group(parameters=values)
    content = stage.group_content()
    assert objects.annotation(content, markers.GROUP_DELETION_SECRET_NAME) == "x-g"
    assert objects.annotation(content, markers.GROUP_DELETION_SECRET_NAMESPACE) == NS
    for one in stage.member_contents():
        assert objects.annotation(one, markers.DELETION_SECRET_NAME) == "x-g"
        assert objects.annotation(one, markers.DELETION_SECRET_NAMESPACE) == NS


def test_a_secret_that_cannot_be_resolved_makes_no_content(stage: GroupTheatre) -> None:
    stage.scene(parameters={f"{SECRET}name": "x"})
    assert "oth must be specified" in (stage.sync_group() or "")
    assert stage.events.reasons() == ["GroupSnapshotContentCreationFailed"]
    assert stage.no_group_contents()


# ---- binding


def test_a_missing_content_of_a_bound_group_is_never_made_anew(stage: GroupTheatre) -> None:
    stage.ready_group()
    content = stage.group_content()
    stage.change(GROUP_CONTENT, objects.name(content), metadata={**content["metadata"], "finalizers": []})
    stage.delete(GROUP_CONTENT, objects.name(content))
    assert stage.sync_group()
    assert stage.group_status()["readyToUse"] is False
    assert stage.events.reasons()[-1] == "GroupSnapshotContentMissing"
    stage.sync_group()
    assert stage.no_group_contents()


def test_a_group_and_a_content_of_the_wrong_sort_do_not_match(stage: GroupTheatre) -> None:
    stage.ready_group()
    stage.group("h", None, volumeGroupSnapshotContentName=objects.name(stage.group_content()))
    assert stage.sync_group("h")
    assert stage.events.reasons()[-2:] == ["GroupSnapshotContentMismatch", "GroupSnapshotFinalizerError"]


def test_a_content_for_another_group_is_left_alone(stage: GroupTheatre) -> None:
    stage.static_group_content(group="other")
    stage.group(class_name=None, volumeGroupSnapshotContentName="k")
    assert stage.sync_group()
    assert stage.events.reasons() == ["GroupSnapshotContentMisbound", "GroupSnapshotFinalizerError"]
    assert "uid" not in stage.see(GROUP_CONTENT, "k")["spec"]["volumeGroupSnapshotRef"]
    assert not stage.see(GROUP_SNAPSHOT, f"{NS}/g")["metadata"].get("finalizers")
