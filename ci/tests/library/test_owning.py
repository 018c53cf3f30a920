"""Writes: on our own objects only, repeated where the network lost them."""

from __future__ import annotations

from typing import Any

import pytest
import urllib3

from pytest_csi_snapshot.allowances import CLUSTER_STATE, DISRUPTIVE
from pytest_csi_snapshot.defaults import IS_DEFAULT, SET_ASIDE, SET_ASIDE_BY
from pytest_csi_snapshot.kube.client import JSON_PATCH
from pytest_csi_snapshot.kube.kinds import (
    CONFIG_MAP,
    NAMESPACE,
    POD,
    PV,
    SNAPSHOT,
    SNAPSHOT_CLASS,
    SNAPSHOT_CONTENT,
    Kind,
)
from pytest_csi_snapshot.kube.refusals import ApiError, ApiUnreachableError
from pytest_csi_snapshot.labels import BOUND_BY_CONTROLLER, RUN, Mark
from pytest_csi_snapshot.leave import LeaveClient
from pytest_csi_snapshot.owning import NotOursError

from .api import MemoryApi
from .objects import Recorded, content, meta, snapshot

Json = dict[str, Any]

MARK = Mark("abcd", "gw0")
HOME = MARK.fresh()
LOST = ApiUnreachableError("POST", "/", ConnectionError("reset"))


@pytest.fixture
def api() -> MemoryApi:
    return MemoryApi(Recorded())


@pytest.fixture
def owned(api: MemoryApi) -> LeaveClient:
    return LeaveClient(api, api.history, MARK)


def test_what_is_created_bears_the_label(owned: LeaveClient) -> None:
    made = owned.create(SNAPSHOT, {"metadata": {"name": "s", "namespace": HOME}})
    assert made["metadata"]["labels"][RUN] == "abcd"
    assert owned.patch(SNAPSHOT, HOME, "s", {"metadata": {"annotations": {"a": "b"}}})


def test_an_object_of_somebody_else_is_not_touched(api: MemoryApi, owned: LeaveClient) -> None:
    api.objects[SNAPSHOT, "ns", "s"] = snapshot()
    with pytest.raises(NotOursError):
        owned.patch(SNAPSHOT, "ns", "s", {})
    with pytest.raises(NotOursError):
        owned.delete(SNAPSHOT, "ns", "s")
    assert api.asked == []


def test_an_object_of_another_run_is_not_touched(api: MemoryApi, owned: LeaveClient) -> None:
    theirs = snapshot()
    theirs["metadata"]["labels"] = {RUN: "dcba"}
    api.objects[SNAPSHOT, "ns", "s"] = theirs
    with pytest.raises(NotOursError):
        owned.delete(SNAPSHOT, "ns", "s")


def test_what_controllers_made_for_us_is_ours(api: MemoryApi, owned: LeaveClient) -> None:
    ours, theirs = content("ours"), content("theirs")
    ours["spec"]["volumeSnapshotRef"]["namespace"] = MARK.fresh()
    volume = {"metadata": meta("pv"), "spec": {"claimRef": {"namespace": MARK.fresh(), "name": "p"}}}
    api.objects |= {(SNAPSHOT_CONTENT, "", "ours"): ours, (SNAPSHOT_CONTENT, "", "theirs"): theirs}
    api.objects[PV, "", "pv"] = volume
    owned.patch(SNAPSHOT_CONTENT, None, "ours", {"spec": {"deletionPolicy": "Retain"}})
    owned.delete(PV, None, "pv")
    with pytest.raises(NotOursError):
        owned.delete(SNAPSHOT_CONTENT, None, "theirs")


def test_a_volume_that_was_given_to_a_claim_of_ours_is_its_owners(api: MemoryApi, owned: LeaveClient) -> None:
    spec = {"claimRef": {"namespace": MARK.fresh(), "name": "p"}}
    api.objects[PV, "", "pv"] = {"metadata": meta("pv", annotations={BOUND_BY_CONTROLLER: "yes"}), "spec": spec}
    with pytest.raises(NotOursError):
        owned.delete(PV, None, "pv")
    assert api.asked == []


def test_nothing_is_made_in_a_namespace_of_somebody_else(api: MemoryApi, owned: LeaveClient) -> None:
    for namespace in ("default", "kube-system", Mark("dcba", "gw0").fresh()):
        with pytest.raises(NotOursError, match="no namespace of this run"):
            owned.create(CONFIG_MAP, {"metadata": {"name": "c", "namespace": namespace}})
    assert api.asked == []


def test_a_namespace_that_the_run_has_made_is_its_own_under_any_name(owned: LeaveClient) -> None:
    owned.create(NAMESPACE, {"metadata": {"name": "snapcontent-1"}})
    assert owned.create(CONFIG_MAP, {"metadata": {"name": "c", "namespace": "snapcontent-1"}})


def test_finalizers_of_others_stay(api: MemoryApi, owned: LeaveClient) -> None:
    api.objects[SNAPSHOT_CONTENT, "", "theirs"] = content("theirs")
    with pytest.raises(NotOursError):
        owned.patch(SNAPSHOT_CONTENT, None, "theirs", {"metadata": {"finalizers": None}})
    assert api.asked == []


def test_what_is_made_is_noted_before_it_is_asked_for(api: MemoryApi) -> None:
    class Notes:
        lines: list[str] = []  # noqa: RUF012

        def note(self, verb: str, kind: Kind, namespace: str, name: str) -> None:
            self.lines.append(f"{verb} {kind} {name}, {len(api.asked)} requests before")

    owned = LeaveClient(api, api.history, MARK, notebook=Notes())
    owned.create(SNAPSHOT, {"metadata": {"name": "s", "namespace": HOME}}, dry_run=True)
    owned.create(SNAPSHOT, {"metadata": {"name": "s", "namespace": HOME}})
    assert Notes.lines == ["create VolumeSnapshot s, 1 requests before"]


def test_default_classes_change_only_with_leave(api: MemoryApi, owned: LeaveClient) -> None:
    default = {"metadata": meta("theirs", annotations={IS_DEFAULT: "true"})}
    api.objects[SNAPSHOT_CLASS, "", "theirs"] = default
    with pytest.raises(NotOursError, match="--csi-allow=cluster-state"):
        owned.set_aside(default)
    owned.create(SNAPSHOT_CLASS, {"metadata": {"name": "ours"}})
    becoming = {"metadata": {"annotations": {IS_DEFAULT: "true"}}}
    with pytest.raises(NotOursError, match="--csi-allow=cluster-state"):
        owned.patch(SNAPSHOT_CLASS, None, "ours", becoming)
    with pytest.raises(NotOursError, match="--csi-allow=cluster-state"):
        owned.create(SNAPSHOT_CLASS, {"metadata": {"name": "another", **becoming["metadata"]}})
    assert api.asked == ["create VolumeSnapshotClass ours"]
    owned.allowed = frozenset({CLUSTER_STATE})
    owned.set_aside(default)
    owned.patch(SNAPSHOT_CLASS, None, "ours", becoming)
    owned.put_back(api.get(SNAPSHOT_CLASS, None, "theirs"))
    assert api.get(SNAPSHOT_CLASS, None, "theirs")["metadata"]["annotations"] == {IS_DEFAULT: "true"}


def test_what_another_run_has_set_aside_is_not_put_back(api: MemoryApi, owned: LeaveClient) -> None:
    annotations = {SET_ASIDE: "true", SET_ASIDE_BY: "dcba"}
    with pytest.raises(NotOursError):
        owned.put_back({"metadata": meta("theirs", annotations=annotations)})
    assert api.asked == []


def test_pods_of_controllers_end_only_with_leave(api: MemoryApi, owned: LeaveClient) -> None:
    for name, owners in (("made", [{"kind": "ReplicaSet"}]), ("bare", [])):
        body = {"metadata": meta(name, namespace="kube-system", ownerReferences=owners)}
        api.objects[POD, "kube-system", name] = body
    with pytest.raises(NotOursError, match="--csi-allow=disruptive"):
        owned.end_pod("kube-system", "made", "uid-made")
    owned.allowed = frozenset({DISRUPTIVE})
    with pytest.raises(NotOursError, match="nothing would make it again"):
        owned.end_pod("kube-system", "bare", "uid-bare")
    owned.end_pod("kube-system", "made", "uid-made")
    assert api.asked == ["delete Pod made"]


def test_a_lost_patch_is_sent_again(api: MemoryApi, owned: LeaveClient) -> None:
    owned.create(SNAPSHOT, {"metadata": {"name": "s", "namespace": HOME}})
    api.failures = [LOST, ApiError("PATCH", "/", 503, "busy")]
    assert owned.patch(SNAPSHOT, HOME, "s", {"spec": {"a": "b"}})["spec"] == {"a": "b"}


def test_a_refusal_is_not_repeated(api: MemoryApi, owned: LeaveClient) -> None:
    owned.create(SNAPSHOT, {"metadata": {"name": "s", "namespace": HOME}})
    api.failures = [ApiError("PATCH", "/", 422, {"reason": "Invalid"})]
    with pytest.raises(ApiError, match="Invalid"):
        owned.patch(SNAPSHOT, HOME, "s", {})


def test_a_creation_whose_answer_was_lost_is_found_again(api: MemoryApi, owned: LeaveClient) -> None:
    api.failures, api.after_failure = [LOST], True
    made = owned.create(SNAPSHOT, {"metadata": {"name": "s", "namespace": HOME}})
    assert made is api.objects[SNAPSHOT, HOME, "s"]


@pytest.mark.parametrize("code", [500, 503, 504])
def test_a_creation_that_a_busy_server_lost_is_sent_again(api: MemoryApi, owned: LeaveClient, code: int) -> None:
    for served in (False, True):
        api.failures, api.after_failure = [ApiError("POST", "/", code, "busy")], served
        made = owned.create(SNAPSHOT, {"metadata": {"name": f"s-{served}", "namespace": HOME}})
        assert made is api.objects[SNAPSHOT, HOME, f"s-{served}"]


def test_what_an_earlier_creation_of_ours_made_is_no_lost_one(api: MemoryApi, owned: LeaveClient) -> None:
    body: Json = {"metadata": {"name": "s", "namespace": HOME}}
    owned.create(SNAPSHOT, body)
    api.failures = [LOST]
    with pytest.raises(ApiError, match="AlreadyExists"):
        owned.create(SNAPSHOT, body)


def test_a_lost_dry_run_finds_nothing_made(api: MemoryApi, owned: LeaveClient) -> None:
    made = owned.create(SNAPSHOT, {"metadata": {"name": "s", "namespace": HOME}})
    api.history.forget([made["metadata"]["uid"]])
    api.failures = [LOST]
    with pytest.raises(ApiError, match="AlreadyExists"):
        owned.create(SNAPSHOT, {"metadata": {"name": "s", "namespace": HOME}}, dry_run=True)


def test_what_was_never_sent_was_not_served(api: MemoryApi, owned: LeaveClient) -> None:
    """Nobody listened, so whoever has the name now has not got it from us."""
    body: Json = {"metadata": {"name": "s", "namespace": HOME}}
    made = owned.create(SNAPSHOT, body)
    api.history.forget([made["metadata"]["uid"]])
    pool = urllib3.HTTPConnectionPool("127.0.0.1")
    nobody = urllib3.exceptions.NewConnectionError(pool, "refused")
    api.failures = [ApiUnreachableError("POST", "/", nobody)]
    with pytest.raises(ApiError, match="AlreadyExists"):
        owned.create(SNAPSHOT, body)


CHANGED = ApiError("PATCH", "/", 409, {"reason": "Conflict"})


def test_a_conflict_with_a_lost_patch_of_ours_is_none(api: MemoryApi, owned: LeaveClient) -> None:
    made = owned.create(SNAPSHOT, {"metadata": {"name": "s", "namespace": HOME}})
    seen = {"resourceVersion": made["metadata"]["resourceVersion"]}
    made["spec"] = {"a": "b"}  # the first attempt was served
    api.failures = [LOST, CHANGED]
    assert owned.patch(SNAPSHOT, HOME, "s", {"metadata": seen, "spec": {"a": "b"}}) is made
    api.failures = [LOST, CHANGED]
    with pytest.raises(ApiError, match="Conflict"):
        owned.patch(SNAPSHOT, HOME, "s", {"metadata": seen, "spec": {"a": "c"}})
    api.failures = [CHANGED]
    with pytest.raises(ApiError, match="Conflict"):
        owned.patch(SNAPSHOT, HOME, "s", {"metadata": seen, "spec": {"a": "b"}})


def test_what_a_lost_patch_has_appended_is_not_appended_twice(api: MemoryApi, owned: LeaveClient) -> None:
    made = owned.create(SNAPSHOT, {"metadata": {"name": "s", "namespace": HOME}})
    addition = [{"op": "add", "path": "/metadata/finalizers/-", "value": "a/b"}]
    made["metadata"]["finalizers"] = ["a/b"]
    api.failures = [LOST]
    assert owned.patch(SNAPSHOT, HOME, "s", addition, content_type=JSON_PATCH) is made
    assert [asked.split()[0] for asked in api.asked] == ["create", "patch"]


def test_a_lost_deletion_that_meets_another_object_of_the_name_was_served(
    api: MemoryApi, owned: LeaveClient
) -> None:
    owned.create(SNAPSHOT, {"metadata": {"name": "s", "namespace": HOME}})
    api.failures = [LOST, ApiError("DELETE", "/", 409, {"reason": "Conflict", "message": "UID in precondition"})]
    owned.delete(SNAPSHOT, HOME, "s")
    assert api.failures == []


def test_a_name_taken_by_somebody_else_is_no_lost_creation(api: MemoryApi, owned: LeaveClient) -> None:
    api.objects[SNAPSHOT, HOME, "s"] = snapshot()
    with pytest.raises(ApiError, match="AlreadyExists"):
        owned.create(SNAPSHOT, {"metadata": {"name": "s", "namespace": HOME}})
