"""The snapshot-controller: pre-provisioned snapshots, binding, finalizers, deletion."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_csi_snapshot.reference_impl.controllers import markers
from pytest_csi_snapshot.reference_impl.controllers.kube import objects
from pytest_csi_snapshot.reference_impl.controllers.kube.kinds import (
    PVC,
    SNAPSHOT,
    SNAPSHOT_CONTENT,
)
from pytest_csi_snapshot.reference_impl.controllers.snapshot_controller import finalizers
from pytest_csi_snapshot.reference_impl.controllers.snapshot_controller.contents import SINGLE_COMPLAINT, Contents

from .snapshot_stage import DEFAULT, READY, Theatre
from .stage import NS

Json = dict[str, Any]


@pytest.fixture
def stage() -> Theatre:
    return Theatre()


# ---- pre-provisioned, binding


def test_a_static_snapshot_binds_both_ways_without_any_class(stage: Theatre) -> None:
    stage.snapshot_class(annotations=DEFAULT)
    stage.static_snapshot()
    assert stage.sync()
    assert stage.events.reasons() == ["SnapshotContentMissing"]
    stage.static_content()
    stage.change(SNAPSHOT_CONTENT, "k", status=READY)
    assert stage.sync() is None
    assert stage.see(SNAPSHOT_CONTENT, "k")["spec"]["volumeSnapshotRef"]["uid"] == objects.uid(stage.seen())
    assert stage.status()["boundVolumeSnapshotContentName"] == "k"
    assert stage.status()["readyToUse"] is True
    assert "volumeSnapshotClassName" not in stage.seen()["spec"]
    assert "CreatingSnapshot" not in stage.events.reasons()
    Contents(stage.cluster.singles, SINGLE_COMPLAINT).sync("k")
    assert objects.has_finalizer(stage.see(SNAPSHOT_CONTENT, "k"), markers.CONTENT_BOUND)


def test_a_named_class_is_copied_into_a_static_content_and_must_exist(stage: Theatre) -> None:
    stage.static_content()
    stage.static_snapshot(volumeSnapshotClassName="longhorn")
    assert stage.sync()
    assert stage.events.reasons() == ["GetSnapshotClassFailed"]
    assert "uid" not in stage.see(SNAPSHOT_CONTENT, "k")["spec"]["volumeSnapshotRef"]
    stage.snapshot_class()
    stage.sync()
    assert stage.see(SNAPSHOT_CONTENT, "k")["spec"]["volumeSnapshotClassName"] == "longhorn"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param({"snapshot": "other"}, "SnapshotContentMisbound", id="reserved for another name"),
        pytest.param(
            {"volumeSnapshotRef": {"namespace": NS, "name": "s", "uid": "of another life"}},
            "SnapshotContentMisbound",
            id="reserved for another uid",
        ),
        pytest.param({"source": {"volumeHandle": "v"}}, "SnapshotContentMismatch", id="a dynamic content"),
    ],
)
def test_a_content_of_somebody_else_is_refused_and_left_untouched(
    stage: Theatre, content: dict[str, Any], reason: str
) -> None:
    before = stage.static_content(**content)
    stage.static_snapshot()
    assert stage.sync()
    assert stage.events.reasons() == [reason, "SnapshotFinalizerError"]
    assert stage.status()["readyToUse"] is False
    assert not stage.seen()["metadata"].get("finalizers")
    assert stage.see(SNAPSHOT_CONTENT, "k") == before


def test_a_ready_snapshot_whose_content_turns_away_is_not_ready_until_it_turns_back(stage: Theatre) -> None:
    stage.ready()
    content = stage.content()
    ref = content["spec"]["volumeSnapshotRef"]
    away = {**content["spec"], "volumeSnapshotRef": {**ref, "uid": "else"}}
    stage.change(SNAPSHOT_CONTENT, objects.name(content), spec=away)
    assert stage.sync()
    assert stage.status()["readyToUse"] is False
    assert stage.events.reasons()[-2:] == ["SnapshotContentMisbound", "SnapshotFinalizerError"]
    stage.change(SNAPSHOT_CONTENT, objects.name(content), spec=content["spec"])
    stage.sync()
    assert stage.status()["readyToUse"] is True
    assert "error" not in stage.status()


def test_an_unbound_static_content_has_no_finalizer(stage: Theatre) -> None:
    stage.static_content()
    Contents(stage.cluster.singles, SINGLE_COMPLAINT).sync("k")
    assert not stage.see(SNAPSHOT_CONTENT, "k")["metadata"].get("finalizers")


# ---- finalizers of the claim


def test_the_claim_is_kept_until_its_last_snapshot_is_ready(stage: Theatre) -> None:
    stage.bound_claim()
    stage.snapshot_class()
    for name in ("s", "t"):
        stage.snapshot(name)
        stage.sync(name)
    stage.answer()
    stage.sync("s")
    finalizers.release_claim(stage.cluster, f"{NS}/c")
    assert objects.has_finalizer(stage.see(PVC, f"{NS}/c"), markers.CLAIM_AS_SOURCE)
    stage.change(SNAPSHOT_CONTENT, objects.name(stage.content("t")), status=READY)
    stage.sync("t")
    finalizers.release_claim(stage.cluster, f"{NS}/c")
    assert not objects.has_finalizer(stage.see(PVC, f"{NS}/c"), markers.CLAIM_AS_SOURCE)


def test_the_claim_is_released_although_a_classless_snapshot_leaves_last(stage: Theatre) -> None:
    stage.bound_claim()
    stage.snapshot_class()
    stage.snapshot("good")
    stage.snapshot("classless", class_name="nothing")
    stage.sync("good")
    stage.sync("classless")
    stage.delete(SNAPSHOT, f"{NS}/good")
    stage.sync("good")
    finalizers.release_claim(stage.cluster, f"{NS}/c")
    stage.delete(SNAPSHOT, f"{NS}/classless")
    finalizers.release_claim(stage.cluster, f"{NS}/c")
    assert not objects.has_finalizer(stage.see(PVC, f"{NS}/c"), markers.CLAIM_AS_SOURCE)


# ---- deletion


@pytest.mark.parametrize(
    ("policy", "patched", "vanishes"),
    [
        ("Delete", None, False),
        ("Retain", None, True),
        ("Delete", "Retain", True),
        ("Retain", "Delete", False),
    ],
)
def test_the_policy_of_the_content_decides_at_deletion(
    stage: Theatre, policy: str, patched: str | None, vanishes: bool
) -> None:
    stage.ready(policy=policy)
    assert objects.has_finalizer(stage.seen(), markers.SNAPSHOT_BOUND) is (policy == "Delete")
    content = objects.name(stage.content())
    if patched:
        spec = {**stage.see(SNAPSHOT_CONTENT, content)["spec"], "deletionPolicy": patched}
        stage.change(SNAPSHOT_CONTENT, content, spec=spec)
    stage.delete(SNAPSHOT, f"{NS}/s")
    stage.sync()
    left = stage.see(SNAPSHOT_CONTENT, content)
    assert objects.annotation(left, markers.BEING_DELETED) == "yes"
    assert objects.deleting(left) is not vanishes
    assert stage.gone(SNAPSHOT, f"{NS}/s") is vanishes
    if not vanishes:
        stage.change(SNAPSHOT_CONTENT, content, metadata={**left["metadata"], "finalizers": []})
        stage.sync()
        assert stage.gone(SNAPSHOT, f"{NS}/s")


def test_a_snapshot_that_a_pending_claim_needs_waits(stage: Theatre) -> None:
    stage.ready()
    source = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": "s"}
    stage.claim("restored", bound=False, dataSource=source)
    stage.delete(SNAPSHOT, f"{NS}/s")
    assert stage.sync()
    assert stage.events.reasons()[-1] == "SnapshotDeletePending"
    assert not objects.deleting(stage.content())
    stage.change(PVC, f"{NS}/restored", status={"phase": "Bound"})
    stage.sync()
    assert objects.deleting(stage.content())


def test_a_content_of_another_life_is_not_deleted_with_a_snapshot_of_the_same_name(stage: Theatre) -> None:
    stage.static_content(
        deletionPolicy="Delete", volumeSnapshotRef={"namespace": NS, "name": "s", "uid": "old life"}
    )
    stage.static_snapshot()
    stage.change(
        SNAPSHOT, f"{NS}/s", metadata={**stage.seen()["metadata"], "finalizers": [markers.SNAPSHOT_AS_SOURCE]}
    )
    stage.delete(SNAPSHOT, f"{NS}/s")
    stage.sync()
    assert stage.gone(SNAPSHOT, f"{NS}/s")
    assert not objects.deleting(stage.see(SNAPSHOT_CONTENT, "k"))
    assert objects.annotation(stage.see(SNAPSHOT_CONTENT, "k"), markers.BEING_DELETED) is None


def test_a_content_that_never_was_bound_survives_the_snapshot_it_waits_for(stage: Theatre) -> None:
    stage.static_content(deletionPolicy="Delete")
    stage.static_snapshot()
    held = {**stage.seen()["metadata"], "finalizers": [markers.SNAPSHOT_AS_SOURCE]}
    stage.change(SNAPSHOT, f"{NS}/s", metadata=held)
    stage.delete(SNAPSHOT, f"{NS}/s")
    stage.sync()
    assert stage.gone(SNAPSHOT, f"{NS}/s")
    assert not objects.deleting(stage.see(SNAPSHOT_CONTENT, "k"))


@pytest.mark.parametrize("source", [{}, {"persistentVolumeClaimName": "c", "volumeSnapshotContentName": "k"}])
def test_a_snapshot_with_both_sources_or_none_is_complained_of(stage: Theatre, source: dict[str, str]) -> None:
    stage.snapshot_class()
    stage.static_snapshot(source=source, volumeSnapshotClassName="longhorn")
    assert stage.sync()
    assert stage.events.reasons() == ["SnapshotValidationError"]
