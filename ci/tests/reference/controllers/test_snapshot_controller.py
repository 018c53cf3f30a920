"""The snapshot-controller, step by step, against the clauses that it owns."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_csi_snapshot.reference_impl.controllers import markers
from pytest_csi_snapshot.reference_impl.controllers.kube import objects
from pytest_csi_snapshot.reference_impl.controllers.kube.kinds import (
    PV,
    PVC,
    SNAPSHOT,
    SNAPSHOT_CLASS,
    SNAPSHOT_CONTENT,
)
from pytest_csi_snapshot.reference_impl.controllers.snapshot_controller import finalizers
from pytest_csi_snapshot.reference_impl.controllers.snapshot_controller.cluster import Cluster
from pytest_csi_snapshot.reference_impl.controllers.snapshot_controller.contents import Contents
from pytest_csi_snapshot.reference_impl.controllers.snapshot_controller.main import only_error_changed
from pytest_csi_snapshot.reference_impl.controllers.snapshot_controller.snapshots import Snapshots
from pytest_csi_snapshot.reference_impl.controllers.work.loop import SyncError

from .stage import NS, Stage

Json = dict[str, Any]

DEFAULT = {markers.DEFAULT_CLASS: "true"}
READY = {
    "snapshotHandle": "h",
    "creationTime": 1_700_000_000_999_999_999,
    "restoreSize": 1 << 30,
    "readyToUse": True,
}


class Theatre(Stage):
    """The stage with the snapshot-controller on it."""

    def __init__(self) -> None:
        super().__init__()
        self.cluster = Cluster(
            self.direct(SNAPSHOT),
            self.direct(SNAPSHOT_CONTENT),
            self.direct(SNAPSHOT_CLASS),
            self.direct(PVC),
            self.direct(PV),
            self.events,  # type: ignore[arg-type]
        )

    def sync(self, name: str = "s") -> str | None:
        """One look at a snapshot; the text of its failure."""
        try:
            Snapshots(self.cluster).sync(f"{NS}/{name}")
        except SyncError as error:
            return str(error)
        return None

    def seen(self, name: str = "s") -> Json:
        return self.see(SNAPSHOT, f"{NS}/{name}")

    def status(self, name: str = "s") -> Json:
        return dict(self.seen(name).get("status") or {})

    def content(self, name: str = "s") -> Json:
        return self.see(SNAPSHOT_CONTENT, f"snapcontent-{objects.uid(self.seen(name))}")

    def answer(self, **status: Any) -> None:
        """Let the sidecar have answered."""
        self.change(SNAPSHOT_CONTENT, objects.name(self.content()), status={**READY, **status})

    def ready(self, **options: Any) -> None:
        """A dynamic snapshot that is ready."""
        self.bound_claim()
        self.snapshot_class(**options)
        self.snapshot()
        self.sync()
        self.answer()
        self.sync()
        self.sync()
        assert self.status()["readyToUse"] is True


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
    Contents(stage.cluster).sync("k")
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
    Contents(stage.cluster).sync("k")
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
