"""The record: each version once, own writes known, gaps told."""

from __future__ import annotations

from .objects import SNAPSHOT, SNAPSHOT_CONTENT, Recorded, content, snapshot


def test_a_version_that_a_list_repeats_is_recorded_once() -> None:
    history = Recorded()
    body = snapshot(version="7")
    assert history.record(SNAPSHOT, "ADDED", body)
    assert not history.record(SNAPSHOT, "MODIFIED", body)
    assert len(history.versions("uid-s")) == 1


def test_a_deletion_is_recorded_even_with_the_version_of_the_last_state() -> None:
    history = Recorded().told(SNAPSHOT, body := snapshot(version="7"))
    history.record(SNAPSHOT, "DELETED", body)
    latest = history.latest("uid-s")
    assert latest is not None
    assert latest.deleted


def test_an_own_write_is_awaited_until_its_version_arrives() -> None:
    history = Recorded().told(SNAPSHOT, snapshot(version="7"))
    written = snapshot(version="9", readyToUse=False)
    history.wrote(written)
    assert not history.settled("uid-s")
    history.told(SNAPSHOT, snapshot(version="8"))
    assert not history.settled("uid-s")
    history.told(SNAPSHOT, written)
    assert history.settled("uid-s")
    assert history.own_writes("uid-s") == {"9"}


def test_an_own_write_that_the_watch_brought_first_is_not_awaited() -> None:
    written = snapshot(version="9")
    history = Recorded().told(SNAPSHOT, written)
    history.wrote(written)
    assert history.settled("uid-s")


def test_after_a_gap_no_version_is_awaited_any_more() -> None:
    history = Recorded()
    history.wrote(snapshot(version="9"))
    history.record_gap(SNAPSHOT, "", "too old")
    assert history.settled("uid-s")
    assert [gap.reason for gap in history.gaps()] == ["too old"]


def test_an_object_made_again_under_a_name_is_another() -> None:
    history = Recorded().told(SNAPSHOT, snapshot())
    again = snapshot()
    again["metadata"]["uid"] = "uid-second"
    history.told(SNAPSHOT, again)
    found = history.named(SNAPSHOT, "ns", "s")
    assert found is not None
    assert found.uid == "uid-second"
    assert len(history.versions("uid-s")) == 1


def test_what_is_forgotten_is_gone_and_nothing_else() -> None:
    history = Recorded().told(SNAPSHOT, snapshot()).told(SNAPSHOT_CONTENT, content())
    history.forget(["uid-s"])
    assert history.latest("uid-s") is None
    assert history.named(SNAPSHOT, "ns", "s") is None
    assert [versions[0].uid for versions in history.objects(SNAPSHOT_CONTENT)] == ["uid-c"]


def test_positions_separate_what_was_before() -> None:
    history = Recorded().told(SNAPSHOT, snapshot())
    here = history.position
    history.told(SNAPSHOT, after := snapshot(readyToUse=True))
    assert [version.object for version in history.versions("uid-s", since=here)] == [after]
