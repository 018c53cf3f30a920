"""Invariants: found in a single version, silent where nothing is wrong, and about what the test did itself."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_csi_snapshot.invariants import violations

from .objects import PVC, SNAPSHOT, SNAPSHOT_CONTENT, Json, Recorded, claim, content, snapshot


def clauses(history: Recorded, since: int = 0) -> list[str]:
    return [finding.clause for finding in violations(history, since=since, namespaces={"ns"})]


def full(**changes: Any) -> Json:
    return content(**{"snapshotHandle": "h", "creationTime": 1, "restoreSize": 5, "readyToUse": True, **changes})


GOOD = [
    content(uid=""),
    content(),
    content(snapshotHandle="h", creationTime=1, readyToUse=False),
    full(),
    full(spec={"deletionPolicy": "Retain"}),
]


def test_a_life_without_fault_is_not_reported() -> None:
    history = Recorded().told(SNAPSHOT_CONTENT, *GOOD).told(SNAPSHOT_CONTENT, full(), change="DELETED")
    history.told(SNAPSHOT, snapshot(), snapshot(readyToUse=False), snapshot(readyToUse=True))
    history.told(PVC, claim(), claim(phase="Bound", capacity="1Gi"), claim(phase="Bound", capacity="2Gi"))
    assert clauses(history) == []


@pytest.mark.parametrize(
    ("clause", "wrong"),
    [
        ("STAT-002", full(snapshotHandle="another")),
        ("STAT-003", full(creationTime=2)),
        ("STAT-005", full(restoreSize=None)),
        ("STAT-007", full(readyToUse=False)),
        ("SNAP-DYN-002", full(spec={"driver": "another"})),
        ("API-VSC-002", full(spec={"source": {"volumeHandle": "another"}})),
        ("BIND-001", full(uid="uid-another")),
    ],
)
def test_one_wrong_version_among_right_ones_is_found(clause: str, wrong: Json) -> None:
    """The way back to the right value is a second change of the field: only a fall of readiness is not."""
    history = Recorded().told(SNAPSHOT_CONTENT, *GOOD, wrong, full())
    assert set(clauses(history)) == {clause}


def test_a_step_that_the_test_made_is_excused() -> None:
    history = Recorded().told(SNAPSHOT_CONTENT, full(), mine := full(uid="uid-another"))
    history.wrote(mine)
    assert clauses(history) == []


def test_what_came_before_the_test_is_not_its_business() -> None:
    history = Recorded().told(SNAPSHOT_CONTENT, full(), full(creationTime=2))
    assert clauses(history, since=history.position) == []


def test_objects_of_other_tests_are_not_judged() -> None:
    history = Recorded().told(SNAPSHOT_CONTENT, full(), full(creationTime=2))
    assert violations(history, since=0, namespaces={"elsewhere"}) == []


def test_a_snapshot_may_fall_when_its_content_is_gone() -> None:
    ready = snapshot(readyToUse=True, boundVolumeSnapshotContentName="c")
    fallen = snapshot(readyToUse=False, boundVolumeSnapshotContentName="c")
    history = Recorded().told(SNAPSHOT_CONTENT, full()).told(SNAPSHOT, ready)
    history.told(SNAPSHOT_CONTENT, full(), change="DELETED").told(SNAPSHOT, fallen)
    assert clauses(history) == []


def test_a_snapshot_must_not_fall_while_its_binding_is_whole() -> None:
    ready = snapshot(readyToUse=True, boundVolumeSnapshotContentName="c")
    history = Recorded().told(SNAPSHOT_CONTENT, full()).told(SNAPSHOT, ready, snapshot(readyToUse=False))
    assert "STAT-007" in clauses(history)


@pytest.mark.parametrize(
    ("source", "clause"),
    [({}, "EXP-027"), ({"dataSource": {"kind": "VolumeSnapshot"}}, "RES-005"),
     ({"dataSource": {"kind": "PersistentVolumeClaim"}}, "CLN-005")],
)  # fmt: skip
def test_a_claim_smaller_than_asked_at_its_first_bound(source: Json, clause: str) -> None:
    history = Recorded().told(PVC, claim(phase="Bound", capacity="512Mi", **source))
    history.told(PVC, claim(phase="Bound", capacity="1Gi", **source))
    assert clauses(history) == [clause]


def test_a_claim_that_grew_may_ask_for_more_than_it_has() -> None:
    history = Recorded().told(PVC, claim(phase="Bound", capacity="1Gi"))
    history.told(PVC, claim(phase="Bound", capacity="1Gi", request="2Gi"))
    assert clauses(history) == []


def test_a_claim_that_shrinks() -> None:
    history = Recorded().told(PVC, claim(phase="Bound", capacity="2Gi"), claim(phase="Bound", capacity="1Gi"))
    assert clauses(history) == ["EXP-003"]


def test_two_contents_for_one_snapshot_are_told_once() -> None:
    history = Recorded().told(SNAPSHOT_CONTENT, content("c"), content("d"), content("d", readyToUse=True))
    assert clauses(history) == ["BIND-001"]


def test_a_second_content_after_the_first_is_gone_is_fine() -> None:
    history = Recorded().told(SNAPSHOT_CONTENT, content("c"))
    history.told(SNAPSHOT_CONTENT, content("c"), change="DELETED").told(SNAPSHOT_CONTENT, content("d"))
    assert clauses(history) == []


def test_over_a_gap_nothing_is_claimed() -> None:
    history = Recorded().told(SNAPSHOT_CONTENT, full())
    history.record_gap(SNAPSHOT_CONTENT, "", "too old")
    history.told(SNAPSHOT_CONTENT, full(creationTime=2))
    findings = violations(history, since=0, namespaces={"ns"})
    assert findings
    assert {finding.holds for finding in findings} == {None}
