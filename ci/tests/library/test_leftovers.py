"""The end of a run on somebody's cluster: what dead workers left goes, what is not ours stays."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot import leftovers
from pytest_csi_snapshot.defaults import IS_DEFAULT, SET_ASIDE_BY, annotations_of, setting_aside
from pytest_csi_snapshot.history import History
from pytest_csi_snapshot.kube.kinds import NAMESPACE, PV, SNAPSHOT_CLASS, SNAPSHOT_CONTENT, Kind
from pytest_csi_snapshot.labels import BOUND_BY_CONTROLLER, DOMAIN, MANAGED_BY, RUN, Mark
from pytest_csi_snapshot.leave import LeaveClient
from pytest_csi_snapshot.ledger import BEING_DELETED

from .api import MemoryApi
from .objects import Json, Recorded, content, meta

HOME = Mark("abcd", "gw1").fresh()
THEIRS = Mark("dcba", "gw1").fresh()


@pytest.fixture
def api() -> MemoryApi:
    return MemoryApi(Recorded())


def speaker(api: MemoryApi, run: str = "abcd") -> LeaveClient:
    return LeaveClient(api, History(), Mark(run, ""))


def put(api: MemoryApi, kind: Kind, body: Json) -> Json:
    api.objects[kind, "", body["metadata"]["name"]] = body
    return body


def labelled(name: str, run: str) -> Json:
    return {"metadata": meta(name, labels={RUN: run})}


def derived(name: str, home: str, **spec: Json | str) -> Json:
    body = content(name, spec=dict(spec))
    body["spec"]["volumeSnapshotRef"]["namespace"] = home
    return body


def test_all_that_bears_the_runs_label_goes_and_nothing_else(api: MemoryApi) -> None:
    for kind in (NAMESPACE, SNAPSHOT_CLASS):
        put(api, kind, labelled("ours", "abcd"))
        put(api, kind, labelled("theirs", "dcba"))
        put(api, kind, {"metadata": meta("nobodys")})
    put(api, SNAPSHOT_CONTENT, derived("theirs", THEIRS))
    put(api, PV, {"metadata": meta("nobodys"), "spec": {}})
    assert leftovers.remove(speaker(api), within=1) == []
    assert {name for _, _, name in api.objects} == {"theirs", "nobodys"}
    assert {what.split()[-1] for what in api.asked} == {"ours"}


GOING = {"metadata": meta("a", labels={RUN: "abcd"}) | {"deletionTimestamp": "2026-01-01T00:00:00Z"}}


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        (NAMESPACE, GOING, True),
        (NAMESPACE, labelled("b", "abcd"), False),
        (PV, {"metadata": meta("of a claim"), "spec": {}}, True),
        (PV, {**labelled("by hand", "abcd"), "spec": {}}, False),
        (SNAPSHOT_CONTENT, derived("of a snapshot", HOME, deletionPolicy="Delete"), True),
        (SNAPSHOT_CONTENT, derived("retained", HOME, deletionPolicy="Retain"), False),
        (SNAPSHOT_CONTENT, derived("invented", HOME, driver="nobody.1a2b.example.com"), False),
    ],
)  # fmt: skip
def test_a_run_is_leaving_when_nothing_has_to_be_asked_to_go(kind: Kind, body: Json, expected: bool) -> None:
    assert leftovers.leaving([(NAMESPACE, GOING), (kind, body)]) is expected


def test_a_retained_content_of_ours_takes_its_snapshot_with_it(api: MemoryApi) -> None:
    put(api, SNAPSHOT_CONTENT, derived("ours", HOME, deletionPolicy="Retain"))
    assert leftovers.remove(speaker(api), within=1) == []
    change, deletion = api.asked
    assert f"'{BEING_DELETED}': 'yes'" in change
    assert "'deletionPolicy': 'Delete'" in change
    assert deletion == "delete VolumeSnapshotContent ours"


def test_an_imported_content_keeps_its_policy(api: MemoryApi) -> None:
    put(api, SNAPSHOT_CONTENT, derived("ours", HOME, deletionPolicy="Retain", source={"snapshotHandle": "h"}))
    assert leftovers.remove(speaker(api), within=1) == []
    assert "deletionPolicy" not in api.asked[0]


def test_a_content_of_an_invented_driver_is_freed(api: MemoryApi) -> None:
    made = put(api, SNAPSHOT_CONTENT, derived("ours", HOME, driver="nobody.1a2b.example.com"))
    made["metadata"]["finalizers"] = ["held"]
    assert leftovers.remove(speaker(api), within=1) == []


def test_what_does_not_go_is_told_with_what_holds_it(api: MemoryApi) -> None:
    made = put(api, NAMESPACE, labelled("ours", "abcd"))
    made["metadata"]["finalizers"] = ["held"]
    assert leftovers.remove(speaker(api), within=0.6) == ["Namespace ours (terminating) held by held"]


def test_patience_begins_anew_whenever_something_goes(api: MemoryApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each pause lets one of ten namespaces go, and takes 4 s of a patience of 5 s."""
    for number in range(10):
        put(api, NAMESPACE, labelled(f"ns{number}", "abcd"))["metadata"]["finalizers"] = ["held"]
    now = [100.0]

    def pause(_seconds: float) -> None:
        now[0] += 4
        if api.objects:
            api.objects.pop(next(iter(api.objects)))

    monkeypatch.setattr("tenacity.nap.time.sleep", pause)
    monkeypatch.setattr("tenacity.time.monotonic", lambda: now[0])
    assert leftovers.remove(speaker(api), within=5) == []
    assert now[0] >= 140


def test_a_volume_that_a_test_made_by_hand_is_deleted(api: MemoryApi) -> None:
    put(api, PV, {**labelled("pv", "abcd"), "spec": {"claimRef": {"namespace": HOME, "name": "c"}}})
    assert leftovers.remove(speaker(api), within=1) == []
    assert api.asked == ["delete PersistentVolume pv"]


def test_default_classes_that_the_run_has_set_aside_are_defaults_again(api: MemoryApi) -> None:
    for name, run in (("one", "abcd"), ("another", "dcba")):
        body = put(api, SNAPSHOT_CLASS, {"metadata": meta(name, annotations={IS_DEFAULT: "true", "their": "own"})})
        api.patch(SNAPSHOT_CLASS, None, name, {"metadata": {"annotations": setting_aside(body, run)}})
    assert leftovers.put_back_defaults(speaker(api)) == ["one"]
    one, another = (annotations_of(api.get(SNAPSHOT_CLASS, None, name)) for name in ("one", "another"))
    assert one == {IS_DEFAULT: "true", "their": "own"}
    assert IS_DEFAULT not in another


def test_a_volume_of_ours_is_told_though_it_goes_with_its_claim(api: MemoryApi) -> None:
    put(api, PV, {"metadata": meta("pv"), "spec": {"claimRef": {"namespace": HOME, "name": "c"}}})
    assert leftovers.remove(speaker(api), within=0) == ["PersistentVolume pv"]
    assert api.asked == []


def test_a_volume_of_somebody_that_was_given_to_a_claim_of_ours_is_not_touched(api: MemoryApi) -> None:
    annotations = {BOUND_BY_CONTROLLER: "yes"}
    reference = {"claimRef": {"namespace": HOME, "name": "c"}}
    put(api, PV, {"metadata": meta("theirs", annotations=annotations), "spec": reference})
    assert leftovers.remove(speaker(api), within=0) == []
    assert api.asked == []


def test_runs_are_known_by_labels_and_by_what_they_set_aside(api: MemoryApi) -> None:
    namespace = labelled("csi-abcd-main-1", "abcd")
    namespace["metadata"] |= {"creationTimestamp": "2026-01-02T03:04:05Z"}
    namespace["metadata"]["labels"][MANAGED_BY] = DOMAIN
    put(api, NAMESPACE, namespace)
    put(api, SNAPSHOT_CLASS, {"metadata": meta("one", annotations={SET_ASIDE_BY: "dcba"})})
    put(api, SNAPSHOT_CLASS, {"metadata": meta("nobodys")})
    assert leftovers.runs_with_traces(api) == {"abcd": "2026-01-02T03:04:05Z", "dcba": ""}
