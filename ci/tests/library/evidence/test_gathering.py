"""From a tape and hand-made histories to the evidence of a test."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_csi_snapshot.evidence.corners import corner_of
from pytest_csi_snapshot.evidence.gathering import Gathered
from pytest_csi_snapshot.evidence.model import Evidence, Latency, Wait
from pytest_csi_snapshot.evidence.tape import Span, Tape, TapedStep, TapedWait
from pytest_csi_snapshot.history import Change, History
from pytest_csi_snapshot.kube.kinds import EVENT, POD, PV, PVC, SNAPSHOT, SNAPSHOT_CONTENT, VOLUME_ATTACHMENT, Kind
from pytest_csi_snapshot.labels import RUN
from pytest_csi_snapshot.outcomes import Check, Failure
from pytest_csi_snapshot.report.model import Seconds

from ..objects import Json, claim, content, meta, snapshot

BEGAN = 100.0
"""Of the test, by the clock of the history."""


class Told(History):
    """A history in which things happen at the times of a test."""

    def __init__(self) -> None:
        self.now = BEGAN
        super().__init__(clock=lambda: self.now)

    def at(self, seconds: float, kind: Kind, body: Json, change: Change = "MODIFIED") -> Json:
        self.now = BEGAN + seconds
        self.record(kind, change, body)
        return body


def tape(*waits: TapedWait, spans: tuple[Span, ...] = ()) -> Tape:
    return Tape(
        running=True, began=BEGAN, wall="2026-01-01T10:00:00.000+00:00", waits=list(waits), spans=list(spans)
    )


def wait(
    history: History, lane: str, began: float, decided: float, ended: float, *, came: bool = True
) -> TapedWait:
    moments = BEGAN + began, BEGAN + ended, BEGAN + decided
    return TapedWait(
        history, "VolumeSnapshot ns/s", lane, "status.readyToUse true", "SNAP-DYN-001", *moments, came
    )


def evidence(of: Tape, history: History, uids: list[str], ended: float, **more: Any) -> Evidence:
    of.corners.append(corner_of(history, uids))
    told = {"outcome": "passed", "checks": (), "failures": (), "whole": False, **more}
    return Gathered(of, BEGAN + ended).evidence("suites/test_a.py::test_a", **told)


def cut_snapshot() -> Told:
    """A snapshot that is cut in four steps, and an event about it."""
    history = Told()
    mine = snapshot()
    mine["metadata"]["labels"] = {RUN: "r"}
    history.wrote(history.at(0.1, SNAPSHOT, mine, "ADDED"))
    history.at(0.3, SNAPSHOT_CONTENT, content(), "ADDED")
    history.at(1.3, SNAPSHOT_CONTENT, content(snapshotHandle="h", readyToUse=True))
    history.at(1.5, SNAPSHOT, snapshot(boundVolumeSnapshotContentName="c", readyToUse=True))
    event = {
        "involvedObject": {"uid": "uid-s"},
        "type": "Normal",
        "reason": "SnapshotReady",
        "message": "is ready",
        "source": {"component": "snapshot-controller"},
    }
    history.at(1.6, EVENT, {"metadata": meta("e", namespace="ns"), **event}, "ADDED")
    history.at(1.7, EVENT, {"metadata": meta("e", namespace="ns"), **event, "count": 3})
    return history


def test_the_time_of_a_snapshot_is_that_of_the_driver_and_of_the_controller() -> None:
    history = cut_snapshot()
    found = evidence(
        tape(wait(history, "uid-s", 0.2, 1.5, 1.55), spans=(Span(BEGAN, BEGAN + 0.15, "cluster"),)),
        history, ["uid-s"], ended=2.0,
    ).seconds_by  # fmt: skip
    # 0.2-0.3 the controller makes the content, -1.3 the driver cuts, -1.5 the controller copies.
    rounded = Seconds(*(round(getattr(found, part), 3) for part in Seconds.__dataclass_fields__))
    assert rounded == Seconds(total=2.0, driver=1.0, controller=0.3, cluster=0.15, harness=0.55)


def test_lanes_have_their_marks_and_come_after_what_they_belong_to() -> None:
    history = cut_snapshot()
    first, second = evidence(tape(), history, ["uid-s"], ended=2.0).lanes
    assert (first.kind, first.own, first.parent) == ("VolumeSnapshot", False, "")
    assert [(round(mark.at, 3), mark.change, mark.by, mark.state) for mark in first.marks] == [
        (0.1, "ADDED", "test", "no status"),
        (1.5, "MODIFIED", "", "readyToUse true, bound to c"),
    ]
    assert (second.id, second.parent) == ("uid-c", "uid-s")


def test_a_state_that_did_not_change_is_told_once() -> None:
    history = Told()
    history.at(0.1, PVC, claim(), "ADDED")
    history.at(0.2, PVC, claim())
    (lane,) = evidence(tape(), history, ["uid-p"], ended=1.0).lanes
    assert [mark.state for mark in lane.marks] == ["Pending", ""]


def test_events_are_told_once_with_their_number() -> None:
    (event,) = evidence(tape(), cut_snapshot(), ["uid-s"], ended=2.0).events
    assert (round(event.at, 3), event.reason, event.source, event.count) == (
        1.6, "SnapshotReady", "snapshot-controller", 3,
    )  # fmt: skip


def test_waits_tell_how_late_they_went_on() -> None:
    history = cut_snapshot()
    in_vain = wait(history, "uid-s", 1.6, 1.6, 1.9, came=False)
    found = evidence(tape(wait(history, "uid-s", 0.2, 1.5, 1.55), in_vain), history, ["uid-s"], ended=2.0).waits
    assert [(type(each), round(each.began, 3), round(each.late, 3), each.came) for each in found] == [
        (Wait, 0.2, 0.05, True),
        (Wait, 1.6, 0.0, False),
    ]


def test_a_wait_in_vain_is_the_time_of_who_makes_such_objects_become_what_they_are() -> None:
    history = Told()
    history.at(0.1, PVC, claim(), "ADDED")
    found = evidence(tape(wait(history, "uid-p", 0.5, 0.5, 9.5, came=False)), history, ["uid-p"], ended=10.0)
    assert (found.seconds_by.driver, found.seconds_by.harness) == (9.0, 1.0)


def test_what_belongs_together_is_found_by_its_references() -> None:
    history = Told()
    history.at(0.1, PVC, claim(), "ADDED")
    volume = {"metadata": meta("v"), "spec": {"capacity": {"storage": "1Gi"}, "claimRef": {"uid": "uid-p"}}}
    history.at(0.2, PV, volume, "ADDED")
    used = [{"persistentVolumeClaim": {"claimName": "p"}}]
    history.at(0.3, POD, {"metadata": meta("w", namespace="ns"), "spec": {"volumes": used}}, "ADDED")
    held = {"attacher": "d", "source": {"persistentVolumeName": "v"}}
    history.at(0.4, VOLUME_ATTACHMENT, {"metadata": meta("a"), "spec": held}, "ADDED")
    history.at(0.5, SNAPSHOT, snapshot("other"), "ADDED")
    found = evidence(tape(), history, ["uid-p", "uid-w"], ended=1.0).lanes
    assert [(lane.kind, lane.parent) for lane in found] == [
        ("PersistentVolumeClaim", ""),
        ("PersistentVolume", "uid-p"),
        ("VolumeAttachment", "uid-v"),
        ("Pod", "uid-p"),
    ]


def test_what_was_made_for_several_tests_is_told_as_it_was_found() -> None:
    history = Told()
    history.at(-9, PVC, claim(), "ADDED")
    history.at(-8, PVC, claim(phase="Bound", capacity="1Gi"))
    history.at(0.5, PVC, claim(phase="Bound", capacity="2Gi"))
    found = evidence(tape(wait(history, "uid-p", 0.1, 0.5, 0.5)), history, [], ended=1.0)
    assert [(mark.at, mark.state) for mark in found.lanes[0].marks] == [
        (0.0, "Bound, capacity 1Gi of 1Gi"),
        (0.5, "Bound, capacity 2Gi of 1Gi"),
    ]
    assert found.latencies == ()


def test_phases_that_ended_have_their_seconds() -> None:
    found = evidence(tape(), cut_snapshot(), ["uid-s"], ended=2.0).latencies
    assert [(each.phase, round(each.seconds, 3), each.lane) for each in found] == [
        ("snapshot bound", 1.4, "uid-s"),
        ("snapshot ready", 1.4, "uid-s"),
    ]
    assert all(isinstance(each, Latency) for each in found)


def test_only_of_tests_that_did_not_pass_the_bodies_and_logs_are_kept() -> None:
    history = Told()
    body = claim()
    body["metadata"]["managedFields"] = [{"manager": "m"}]
    history.at(0.1, PVC, {**body, "data": {"key": "aHVzaA=="}}, "ADDED")
    asked: list[float] = []

    def logs(seconds: float) -> list[tuple[str, list[str]]]:
        asked.append(seconds)
        return [("csi-provisioner", ["line"])]

    of = tape()
    of.corners.append(corner_of(history, ["uid-p"], logs=logs))
    gathered = Gathered(of, BEGAN + 2)
    passed = gathered.evidence("t", "passed", (), (), whole=False)
    failed = gathered.evidence("t", "failed", (), (), whole=True)
    assert (passed.objects, passed.logs) == ((), ())
    assert failed.objects[0].first == claim() | {"metadata": failed.objects[0].first["metadata"]}
    assert "managedFields" not in failed.objects[0].last["metadata"]
    assert [(log.component, log.lines) for log in failed.logs] == [("csi-provisioner", ("line",))]
    assert asked == [2.0]


def test_checks_steps_and_violations_are_taken_over() -> None:
    history = cut_snapshot()
    of = tape()
    of.steps.append(TapedStep("ready", "ready VolumeSnapshot ns/s", BEGAN + 0.2, BEGAN + 1.5, 0))
    check = Check("DEL-001", "x" * 400, "gone", holds=True, at=1.0, wall="")
    failures = [
        Failure("DEL-001", "gone", "there", 1.2, "", about=about) for about in ("VolumeSnapshot ns/s", "h")
    ]
    found = evidence(of, history, ["uid-s"], ended=2.0, checks=[check], failures=failures)
    assert len(found.checks[0].expected) < 310
    assert found.violations[0].text == "expected gone, observed there"
    assert [each.lane for each in found.violations] == ["uid-s", "uid-c"]
    assert found.steps[0].ended == pytest.approx(1.5)
