"""Whom it is to be blamed on that an object got stuck, by the state in which it did."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_csi_snapshot.conditions import BOUND, HAS_ERROR, READY, grown
from pytest_csi_snapshot.culprits import (
    culprit,
    handles_in,
    promised,
    uncut_volume,
    undeleted_handle,
    unready_handle,
    writer_of,
)
from pytest_csi_snapshot.kube.kinds import EVENT, PV, PVC, SNAPSHOT, SNAPSHOT_CONTENT, VOLUME_ATTACHMENT, Kind

from .objects import Json, Recorded, claim, content, meta, snapshot

END = "its end"
LEAVING = {"deletionTimestamp": "2026-01-01T00:00:00Z"}
REFUSAL = "rpc error: code = Internal desc = disk on fire"
BEING_CREATED = {"snapshot.storage.kubernetes.io/volumesnapshot-being-created": "yes"}
BEING_DELETED = {"snapshot.storage.kubernetes.io/volumesnapshot-being-deleted": "yes"}


def marked(body: Json, annotations: Json | None = None, *, leaving: bool = False) -> Json:
    body["metadata"] |= {"annotations": annotations or {}} | (LEAVING if leaving else {})
    return body


def volume(phase: str = "Bound", *, capacity: str = "1Gi") -> Json:
    spec = {"claimRef": {"uid": "uid-p"}, "capacity": {"storage": capacity}}
    return {"metadata": meta("v"), "spec": spec, "status": {"phase": phase}}


def attachment(metadata: Json) -> Json:
    spec = {"nodeName": "node-1", "source": {"persistentVolumeName": "v"}}
    return {"metadata": {"name": "csi-1", **metadata}, "spec": spec}


def event(about: str, reason: str, message: str = "") -> Json:
    body = {"involvedObject": {"uid": about}, "reason": reason, "message": message}
    return {"metadata": meta(f"event-{reason}", namespace="ns"), **body}


def blamed(history: Recorded, uid: str, awaited: str, *attachments: Json) -> str:
    def read(kind: Kind, _namespace: str | None) -> list[Json]:
        return [*attachments] if kind == VOLUME_ATTACHMENT else []

    return culprit(history, uid, awaited, read)


@pytest.mark.parametrize(
    ("of_it", "owner"),
    [
        (None, "SC"),
        (content(), "SS"),
        (marked(content(), BEING_CREATED), "DRV"),
        (content(error={"message": REFUSAL}), "DRV"),
        (content(error={"message": "secret not found"}), "SS"),
        (content(readyToUse=False, snapshotHandle="h"), "DRV"),
        (content(readyToUse=True, snapshotHandle="h"), "SC"),
    ],
)
def test_a_snapshot_that_is_never_ready(of_it: Json | None, owner: str) -> None:
    history = Recorded().told(SNAPSHOT, snapshot())
    if of_it:
        history.told(SNAPSHOT_CONTENT, of_it)
    assert blamed(history, "uid-s", READY.text) == owner
    assert promised(history, "uid-s") == "SNAP-DYN-004"


@pytest.mark.parametrize(
    ("of_it", "owner"),
    [
        (content(readyToUse=True), "SC"),
        (marked(content(readyToUse=True), BEING_DELETED), "SC"),
        (marked(content(readyToUse=True), leaving=True), "SC"),
        (marked(content(readyToUse=True), BEING_DELETED, leaving=True), "SS"),
        (marked(content(error={"message": REFUSAL}), BEING_DELETED, leaving=True), "SS"),
        (marked(content(error={"message": REFUSAL}), BEING_DELETED | BEING_CREATED, leaving=True), "DRV"),
        (marked(content(error={"message": REFUSAL}, snapshotHandle="h"), BEING_DELETED, leaving=True), "DRV"),
        (marked(content(error={"message": REFUSAL})), "SC"),
    ],
)
def test_a_snapshot_that_never_goes(of_it: Json, owner: str) -> None:
    history = Recorded().told(SNAPSHOT, marked(snapshot(), leaving=True)).told(SNAPSHOT_CONTENT, of_it)
    assert blamed(history, "uid-s", END) == owner
    assert promised(history, "uid-s") == "DEL-001"


@pytest.mark.parametrize(
    ("told", "owner"),
    [
        ([], "EP"),
        ([("Provisioning", "")], "DRV"),
        ([("Provisioning", ""), ("ProvisioningFailed", "no such class")], "EP"),
        ([("Provisioning", ""), ("ProvisioningFailed", f"failed: {REFUSAL}")], "DRV"),
    ],
)
def test_a_claim_that_is_never_bound(told: list[tuple[str, str]], owner: str) -> None:
    history = Recorded().told(PVC, claim(dataSourceRef={"kind": "VolumeSnapshot"}))
    history.told(EVENT, *(event("uid-p", *each) for each in told))
    assert blamed(history, "uid-p", BOUND.text) == owner
    assert promised(history, "uid-p") == "RES-001"


def test_nobody_can_fill_a_claim_from_a_snapshot_whose_content_is_gone() -> None:
    history = Recorded().told(SNAPSHOT, snapshot()).told(SNAPSHOT_CONTENT, content())
    history.told(PVC, claim(dataSourceRef={"kind": "VolumeSnapshot", "name": "s"}))
    assert blamed(history, "uid-p", BOUND.text) == "EP"
    history.told(SNAPSHOT_CONTENT, content(), change="DELETED")
    assert blamed(history, "uid-p", BOUND.text) == ""


def test_a_claim_whose_volume_is_there_and_not_bound() -> None:
    asked = claim(accessModes=["ReadWriteOnce"])
    fitting, unfit = volume("Available"), volume("Available")
    fitting["spec"]["accessModes"] = ["ReadWriteOnce"]
    assert blamed(Recorded().told(PVC, asked).told(PV, unfit), "uid-p", BOUND.text) == "EP"
    history = Recorded().told(PVC, asked).told(PV, fitting)
    assert blamed(history, "uid-p", BOUND.text) == "CORE"
    assert promised(history, "uid-p") == ""


@pytest.mark.parametrize(
    ("capacity", "conditions", "owner"),
    [("1Gi", [], "ER"), ("2Gi", [], "ER"), ("2Gi", ["FileSystemResizePending"], ""), ("2Gi", ["Resizing"], "ER")],
)
def test_a_claim_that_never_grows(capacity: str, conditions: list[str], owner: str) -> None:
    body = claim(request="2Gi", capacity="1Gi", phase="Bound")
    body["status"]["conditions"] = [{"type": each, "status": "True"} for each in conditions]
    history = Recorded().told(PVC, body).told(PV, volume(capacity=capacity))
    assert blamed(history, "uid-p", grown(2 << 30).text) == owner
    assert promised(history, "uid-p") == "EXP-005"


@pytest.mark.parametrize(
    ("attachments", "owner"),
    [([], "EP"), ([attachment({})], "CORE"), ([attachment(LEAVING)], "EA")],
)
def test_a_volume_that_never_goes(attachments: list[Any], owner: str) -> None:
    history = Recorded().told(PV, volume("Released"))
    assert blamed(history, "uid-v", END, *attachments) == owner
    history.told(EVENT, event("uid-v", "VolumeFailedDelete", REFUSAL))
    assert blamed(history, "uid-v", END, *attachments) == (owner if attachments else "DRV")


def test_an_error_that_does_not_come_says_nothing_about_the_object() -> None:
    history = Recorded().told(SNAPSHOT, snapshot()).told(SNAPSHOT_CONTENT, content(error={"message": REFUSAL}))
    assert blamed(history, "uid-s", HAS_ERROR.text) == ""


def test_of_two_controllers_the_one_that_writes_an_object_is_blamed() -> None:
    assert [writer_of("ERR-004", kind) for kind in (SNAPSHOT, SNAPSHOT_CONTENT, PVC)] == ["SC", "SS", ""]
    assert writer_of("DEL-001", SNAPSHOT) == ""
    assert writer_of("", SNAPSHOT) == ""


def test_a_snapshot_that_is_cut_and_never_ready_is_one_to_ask_the_driver_about() -> None:
    def handle(**status: Any) -> str:
        return unready_handle(
            Recorded().told(SNAPSHOT, snapshot()).told(SNAPSHOT_CONTENT, content(**status)), "uid-s"
        )

    assert handle(snapshotHandle="h", readyToUse=False) == "h"
    assert handle(snapshotHandle="h", readyToUse=True) == ""
    assert handle(snapshotHandle="h", error={"message": REFUSAL}) == ""
    assert unready_handle(Recorded(), "uid-s") == ""


def test_a_volume_is_uncut_until_its_snapshot_has_a_handle() -> None:
    bare, done = content(), content(snapshotHandle="h")
    for body in (bare, done):
        body["spec"]["source"] = {"volumeHandle": "vol"}
    history = Recorded().told(SNAPSHOT, snapshot()).told(SNAPSHOT_CONTENT, bare)
    assert (uncut_volume(history, "uid-s"), handles_in(history)) == ("vol", set())
    history.told(SNAPSHOT_CONTENT, done, change="MODIFIED")
    assert (uncut_volume(history, "uid-s"), handles_in(history)) == ("", {"h"})
    assert uncut_volume(Recorded(), "uid-s") == ""


@pytest.mark.parametrize(
    ("of_it", "policy", "handle"),
    [
        (marked(content(snapshotHandle="h"), BEING_DELETED, leaving=True), "Delete", "h"),
        (marked(content(snapshotHandle="h"), BEING_DELETED, leaving=True), "Retain", ""),
        (marked(content(snapshotHandle="h"), leaving=True), "Delete", ""),
        (marked(content(snapshotHandle="h"), BEING_DELETED), "Delete", ""),
        (marked(content(), BEING_DELETED, leaving=True), "Delete", ""),
    ],
)
def test_a_snapshot_is_the_sidecars_to_delete_once_it_is_marked_and_leaving(
    of_it: Json, policy: str, handle: str
) -> None:
    of_it["spec"]["deletionPolicy"] = policy
    history = Recorded().told(SNAPSHOT, marked(snapshot(), leaving=True)).told(SNAPSHOT_CONTENT, of_it)
    assert undeleted_handle(history, "uid-s") == undeleted_handle(history, of_it["metadata"]["uid"]) == handle
