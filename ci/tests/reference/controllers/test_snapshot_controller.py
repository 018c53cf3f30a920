"""The snapshot-controller with dynamic snapshots: contents, classes, secrets, triggers."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_csi_snapshot.reference_impl.controllers import markers
from pytest_csi_snapshot.reference_impl.controllers.kube import objects
from pytest_csi_snapshot.reference_impl.controllers.kube.kinds import (
    PVC,
    SNAPSHOT_CLASS,
    SNAPSHOT_CONTENT,
)
from pytest_csi_snapshot.reference_impl.controllers.snapshot_controller.triggers import only_error_changed

from .snapshot_stage import DEFAULT, Theatre
from .stage import NS

Json = dict[str, Any]


@pytest.fixture
def stage() -> Theatre:
    return Theatre()


# ---- dynamic


def test_a_content_is_made_as_snap_dyn_001_to_003_say(stage: Theatre) -> None:
    stage.bound_claim()
    stage.snapshot_class()
    snapshot = stage.snapshot()
    assert stage.sync() is None
    spec = stage.content()["spec"]
    ref = spec.pop("volumeSnapshotRef")
    assert spec == {
        "deletionPolicy": "Delete",
        "driver": "driver.longhorn.io",
        "source": {"volumeHandle": "handle-c"},
        "sourceVolumeMode": "Filesystem",
        "volumeSnapshotClassName": "longhorn",
    }
    assert (ref["kind"], ref["namespace"], ref["name"], ref["uid"]) == (
        "VolumeSnapshot",
        NS,
        "s",
        objects.uid(snapshot),
    )
    assert objects.has_finalizer(stage.content(), markers.CONTENT_BOUND)


def test_bound_comes_long_before_ready_and_events_come_in_order(stage: Theatre) -> None:
    stage.bound_claim()
    stage.snapshot_class()
    stage.snapshot()
    stage.sync()
    assert stage.status() == {
        "boundVolumeSnapshotContentName": objects.name(stage.content()),
        "readyToUse": False,
    }
    stage.answer(readyToUse=False)
    stage.sync()
    assert (stage.status()["creationTime"], stage.status()["readyToUse"]) == ("2023-11-14T22:13:20Z", False)
    stage.answer()
    stage.sync()
    stage.sync()
    assert stage.status()["readyToUse"] is True
    assert stage.status()["restoreSize"] == "1Gi"
    assert stage.events.reasons() == ["CreatingSnapshot", "SnapshotCreated", "SnapshotReady"]
    assert stage.events.flushed_after == 3, "the status waits for its events"


def test_size_and_time_do_not_change_once_they_are_set(stage: Theatre) -> None:
    stage.bound_claim()
    stage.snapshot_class()
    stage.snapshot()
    stage.sync()
    stage.answer(readyToUse=False)
    stage.sync()
    stage.answer(creationTime=1, restoreSize=5)
    stage.sync()
    assert (stage.status()["creationTime"], stage.status()["restoreSize"]) == ("2023-11-14T22:13:20Z", "1Gi")


@pytest.mark.parametrize(
    ("prepare", "text"),
    [
        pytest.param(lambda _stage: None, 'persistentvolumeclaim "c" not found', id="missing"),
        pytest.param(lambda stage: stage.claim(bound=False), "not yet bound to a PV", id="unbound"),
        pytest.param(
            lambda stage: stage.volume(stage.claim(), csi=None),
            "cannot find CSI PersistentVolumeSource",
            id="not CSI",
        ),
        pytest.param(lambda stage: _terminating(stage), "claim is being deleted", id="terminating"),
    ],
)
def test_a_source_that_cannot_be_cut_is_reported_and_no_content_appears(
    stage: Theatre, prepare: Any, text: str
) -> None:
    prepare(stage)
    stage.snapshot_class()
    stage.snapshot()
    assert text in (stage.sync() or "")
    assert stage.status()["readyToUse"] is False
    assert text in stage.status()["error"]["message"]
    assert stage.events.reasons() == ["SnapshotContentCreationFailed"]
    assert stage.kube.list(SNAPSHOT_CONTENT)["items"] == []
    assert stage.sync()
    assert stage.events.reasons() == ["SnapshotContentCreationFailed"], "the same text is not evented again"


def _terminating(stage: Theatre) -> None:
    claim = stage.bound_claim()
    stage.change(PVC, f"{NS}/c", metadata={**claim["metadata"], "finalizers": ["kubernetes.io/pvc-protection"]})
    stage.delete(PVC, f"{NS}/c")


def test_a_hopeless_snapshot_pins_its_claim_and_a_classless_one_does_not(stage: Theatre) -> None:
    stage.claim(bound=False)
    stage.snapshot_class()
    stage.snapshot()
    stage.sync()
    assert objects.has_finalizer(stage.see(PVC, f"{NS}/c"), markers.CLAIM_AS_SOURCE)
    stage.claim("d", bound=False)
    stage.snapshot("t", claim="d", class_name="nothing")
    stage.sync("t")
    assert not objects.has_finalizer(stage.see(PVC, f"{NS}/d"), markers.CLAIM_AS_SOURCE)


def test_a_missing_content_of_a_bound_snapshot_is_never_made_anew(stage: Theatre) -> None:
    stage.ready()
    content = stage.content()
    stage.change(SNAPSHOT_CONTENT, objects.name(content), metadata={**content["metadata"], "finalizers": []})
    stage.delete(SNAPSHOT_CONTENT, objects.name(content))
    stage.sync()
    assert stage.status()["readyToUse"] is False
    assert stage.events.reasons()[-1] == "SnapshotContentMissing"
    stage.sync()
    assert stage.kube.list(SNAPSHOT_CONTENT)["items"] == []


# ---- classes


@pytest.mark.parametrize(
    ("classes", "outcome"),
    [
        pytest.param({"a": DEFAULT}, "a", id="one default"),
        pytest.param({"a": DEFAULT, "b": {}}, "a", id="one of two is the default"),
        pytest.param({"a": {}}, "cannot find default snapshot class", id="no default"),
        pytest.param(
            {"a": {markers.DEFAULT_CLASS: "True"}}, "cannot find default snapshot class", id="wrong case"
        ),
        pytest.param({"a": DEFAULT, "b": DEFAULT}, "2 default snapshot classes were found", id="two defaults"),
    ],
)
def test_the_default_class_is_chosen_or_the_reason_said(
    stage: Theatre, classes: dict[str, dict[str, str]], outcome: str
) -> None:
    stage.bound_claim()
    for name, marks in classes.items():
        stage.snapshot_class(name, annotations=marks)
    stage.kube.create(
        SNAPSHOT_CLASS,
        {
            "metadata": {"name": "foreign", "annotations": DEFAULT},
            "driver": "other.driver",
            "deletionPolicy": "Delete",
        },
    )
    stage.snapshot(class_name=None)
    failure = stage.sync()
    if outcome in classes:
        assert failure is None
        assert stage.seen()["spec"]["volumeSnapshotClassName"] == outcome
        return
    assert outcome in (failure or "")
    assert stage.events.reasons() == ["SetDefaultSnapshotClassFailed"]
    assert "volumeSnapshotClassName" not in stage.seen()["spec"]
    assert "readyToUse" not in stage.status()
    assert not stage.seen()["metadata"].get("finalizers")


def test_a_missing_class_leaves_no_trace_but_the_error_and_recovers(stage: Theatre) -> None:
    stage.bound_claim()
    stage.snapshot()
    assert stage.sync()
    assert stage.events.reasons() == ["GetSnapshotClassFailed"]
    assert set(stage.status()) == {"error"}
    assert not stage.seen()["metadata"].get("finalizers")
    stage.snapshot_class()
    assert stage.sync() is None
    assert "error" not in stage.status()


def test_a_class_deleted_later_shows_an_error_on_a_snapshot_that_stays_ready(stage: Theatre) -> None:
    stage.ready()
    stage.delete(SNAPSHOT_CLASS, "longhorn")
    assert stage.sync()
    assert stage.status()["readyToUse"] is True
    assert "longhorn" in stage.status()["error"]["message"]


# ---- secrets


SECRET = "csi.storage.k8s.io/snapshotter-secret-"


@pytest.mark.parametrize(
    ("name", "namespace", "outcome"),
    [
        pytest.param("fixed", "default", ("fixed", "default"), id="plain"),
        pytest.param("x-${volumesnapshot.name}", "${volumesnapshot.namespace}", ("x-s", NS), id="templates"),
        pytest.param("x", "${volumesnapshot.name}", "invalid tokens", id="name token in the namespace"),
        pytest.param("x", None, "oth must be specified", id="one key alone"),
        pytest.param("Bad_Name", "default", "not a valid secret name", id="illegal result"),
    ],
)
def test_secrets_are_resolved_or_no_content_is_made(
    stage: Theatre, name: str, namespace: str | None, outcome: tuple[str, str] | str
) -> None:
    stage.bound_claim()
    values = {f"{SECRET}name": name, **({f"{SECRET}namespace": namespace} if namespace else {})}
    stage.snapshot_class(parameters=values)
    stage.snapshot()
    failure = stage.sync()
    if isinstance(outcome, tuple):
        content = stage.content()
        found = (
            objects.annotation(content, markers.DELETION_SECRET_NAME),
            objects.annotation(content, markers.DELETION_SECRET_NAMESPACE),
        )
        assert found == outcome
    else:
        assert outcome in (failure or "")
        assert stage.events.reasons() == ["SnapshotContentCreationFailed"]


# ---- triggers


@pytest.mark.parametrize(
    ("after", "own"),
    [
        ({"status": {"readyToUse": False, "error": {"message": "x"}}}, True),
        ({"metadata": {"annotations": {"nudge": "1"}}, "status": {"error": {"message": "x"}}}, False),
        ({"status": {"readyToUse": True}}, False),
        ({"spec": {"source": {}, "volumeSnapshotClassName": "b"}}, False),
    ],
)
def test_only_our_own_error_does_not_bring_the_next_attempt(after: Json, own: bool) -> None:
    before: Json = {"metadata": {"annotations": None}, "spec": {"source": {}}, "status": {}}
    assert only_error_changed(before, {**before, **after}) is own
