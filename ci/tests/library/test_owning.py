"""Writes: on our own objects only, repeated where the network lost them."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.kube.kinds import PV, SNAPSHOT, SNAPSHOT_CONTENT
from pytest_csi_snapshot.kube.refusals import ApiError, ApiUnreachableError
from pytest_csi_snapshot.labels import RUN, Mark
from pytest_csi_snapshot.owning import NotOursError, OwnedClient

from .api import MemoryApi
from .objects import Recorded, content, meta, snapshot

MARK = Mark("abcd", "gw0")
LOST = ApiUnreachableError("POST", "/", ConnectionError("reset"))


@pytest.fixture
def api() -> MemoryApi:
    return MemoryApi(Recorded())


@pytest.fixture
def owned(api: MemoryApi) -> OwnedClient:
    return OwnedClient(api, api.history, MARK)


def test_what_is_created_bears_the_label(owned: OwnedClient) -> None:
    made = owned.create(SNAPSHOT, {"metadata": {"name": "s", "namespace": "ns"}})
    assert made["metadata"]["labels"][RUN] == "abcd"
    assert owned.patch(SNAPSHOT, "ns", "s", {"metadata": {"annotations": {"a": "b"}}})


def test_an_object_of_somebody_else_is_not_touched(api: MemoryApi, owned: OwnedClient) -> None:
    api.objects[SNAPSHOT, "ns", "s"] = snapshot()
    with pytest.raises(NotOursError):
        owned.patch(SNAPSHOT, "ns", "s", {})
    with pytest.raises(NotOursError):
        owned.delete(SNAPSHOT, "ns", "s")
    assert api.asked == []


def test_an_object_of_another_run_is_not_touched(api: MemoryApi, owned: OwnedClient) -> None:
    theirs = snapshot()
    theirs["metadata"]["labels"] = {RUN: "dcba"}
    api.objects[SNAPSHOT, "ns", "s"] = theirs
    with pytest.raises(NotOursError):
        owned.delete(SNAPSHOT, "ns", "s")


def test_what_controllers_made_for_us_is_ours(api: MemoryApi, owned: OwnedClient) -> None:
    ours, theirs = content("ours"), content("theirs")
    ours["spec"]["volumeSnapshotRef"]["namespace"] = MARK.fresh()
    volume = {"metadata": meta("pv"), "spec": {"claimRef": {"namespace": MARK.fresh(), "name": "p"}}}
    api.objects |= {(SNAPSHOT_CONTENT, "", "ours"): ours, (SNAPSHOT_CONTENT, "", "theirs"): theirs}
    api.objects[PV, "", "pv"] = volume
    owned.patch(SNAPSHOT_CONTENT, None, "ours", {"spec": {"deletionPolicy": "Retain"}})
    owned.delete(PV, None, "pv")
    with pytest.raises(NotOursError):
        owned.delete(SNAPSHOT_CONTENT, None, "theirs")


def test_a_lost_patch_is_sent_again(api: MemoryApi, owned: OwnedClient) -> None:
    owned.create(SNAPSHOT, {"metadata": {"name": "s", "namespace": "ns"}})
    api.failures = [LOST, ApiError("PATCH", "/", 503, "busy")]
    assert owned.patch(SNAPSHOT, "ns", "s", {"spec": {"a": "b"}})["spec"] == {"a": "b"}


def test_a_refusal_is_not_repeated(api: MemoryApi, owned: OwnedClient) -> None:
    owned.create(SNAPSHOT, {"metadata": {"name": "s", "namespace": "ns"}})
    api.failures = [ApiError("PATCH", "/", 422, {"reason": "Invalid"})]
    with pytest.raises(ApiError, match="Invalid"):
        owned.patch(SNAPSHOT, "ns", "s", {})


def test_a_creation_whose_answer_was_lost_is_found_again(api: MemoryApi, owned: OwnedClient) -> None:
    api.failures, api.after_failure = [LOST], True
    made = owned.create(SNAPSHOT, {"metadata": {"name": "s", "namespace": "ns"}})
    assert made is api.objects[SNAPSHOT, "ns", "s"]


def test_a_name_taken_by_somebody_else_is_no_lost_creation(api: MemoryApi, owned: OwnedClient) -> None:
    api.objects[SNAPSHOT, "ns", "s"] = snapshot()
    with pytest.raises(ApiError, match="AlreadyExists"):
        owned.create(SNAPSHOT, {"metadata": {"name": "s", "namespace": "ns"}})
