"""A crowd counts what the watch brings: each object, each milestone, each error once."""

from __future__ import annotations

from pytest_csi_snapshot.kube.kinds import PV, PVC, SNAPSHOT, SNAPSHOT_CONTENT
from pytest_csi_snapshot.stress.crowd import (
    GONE,
    PARTNER_GONE,
    SNAPSHOTS,
    UNNAMED,
    VOLUMES,
    Crowd,
    Member,
    code_in,
)

from ..objects import Recorded, claim, content, meta, snapshot

REFUSED = "rpc error: code = ResourceExhausted desc = too many"


def test_milestones_come_with_the_versions() -> None:
    history = Recorded()
    crowd = Crowd(SNAPSHOTS, history)
    member = Member("s", "ns")
    with crowd.watched():
        crowd.expect(member)
        history.told(SNAPSHOT, snapshot())
        history.told(SNAPSHOT_CONTENT, content(snapshotHandle="h"))
        history.told(SNAPSHOT, snapshot(boundVolumeSnapshotContentName="c"))
        history.told(SNAPSHOT, snapshot(boundVolumeSnapshotContentName="c", readyToUse=True))
        history.told(SNAPSHOT, snapshot(boundVolumeSnapshotContentName="c", readyToUse=True))
        history.told(SNAPSHOT_CONTENT, content(), change="DELETED")
        history.told(SNAPSHOT, snapshot(), change="DELETED")
    assert member.at == {"bound": 3.0, "ready": 4.0, PARTNER_GONE: 6.0, GONE: 7.0}
    assert (member.backend, len(member.partners)) == ("h", 1)
    assert crowd.reached == {"bound": 1, "ready": 1, GONE: 1, PARTNER_GONE: 1}


def test_objects_of_others_and_what_came_before_are_not_counted() -> None:
    history = Recorded()
    crowd = Crowd(SNAPSHOTS, history)
    history.told(SNAPSHOT, snapshot(readyToUse=True))
    with crowd.watched():
        crowd.expect(Member("s", "ns"))
        history.told(SNAPSHOT, snapshot("other", readyToUse=True))
    history.told(SNAPSHOT, snapshot(readyToUse=True))
    assert not crowd.reached
    assert [each.name for each in crowd.late("ready")] == ["s"]


def test_an_error_counts_once_for_an_object_however_often_it_is_told() -> None:
    history = Recorded()
    crowd = Crowd(SNAPSHOTS, history)
    with crowd.watched():
        crowd.expect(Member("s", "ns"))
        history.told(SNAPSHOT_CONTENT, content(error={"message": REFUSED}))
        history.told(SNAPSHOT, snapshot(error={"message": f"controller: {REFUSED}"}))
        history.told(SNAPSHOT, snapshot(error={"message": "no words for it"}))
    assert crowd.errors == {"ResourceExhausted": 1, UNNAMED: 1}


def test_what_never_had_a_partner_leaves_none_behind() -> None:
    history = Recorded()
    crowd = Crowd(VOLUMES, history)
    member = Member("p", "ns")
    with crowd.watched():
        crowd.expect(member)
        history.told(PVC, claim())
        history.told(PVC, claim(), change="DELETED")
    assert member.reached(PARTNER_GONE)


def test_a_volume_is_the_partner_of_its_claim() -> None:
    history = Recorded()
    crowd = Crowd(VOLUMES, history)
    member = Member("p", "ns")
    to = {"namespace": "ns", "name": "p", "uid": "uid-p"}
    volume = {"metadata": meta("pv"), "spec": {"claimRef": to, "csi": {"volumeHandle": "v"}}}
    with crowd.watched():
        crowd.expect(member)
        history.told(PV, volume).told(PVC, claim(phase="Bound"))
        history.told(PVC, claim(), change="DELETED")
        assert not member.reached(PARTNER_GONE)
        history.told(PV, volume, change="DELETED")
    assert member.reached(PARTNER_GONE)
    assert member.backend == "v"


def test_codes_are_found_in_the_words_of_controllers() -> None:
    assert code_in(f"Failed to create snapshot: {REFUSED}") == "ResourceExhausted"
    assert code_in("something else") == UNNAMED
