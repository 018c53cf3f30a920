"""Faults of the backend: what each spoils is right without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from pytest_csi_snapshot.reference_impl.backend.engine import Engine

from ..clean_again import clean_again
from .backing import MIB, Story
from .http import Http

KIB = 1024
CUT = {"dataSource": "snap://pvc-a/s1"}
CLONE = {"dataSource": "vol://pvc-a"}


@pytest.fixture
def clean() -> Iterator[None]:
    with clean_again():
        yield


def filled(story: Story) -> bytes:
    """pvc-a with data at its beginning, in its middle and at its end, and what it holds."""
    story.volume()
    for number, offset in enumerate((0, 8 * MIB, 16 * MIB - 128 * KIB)):
        story.write(offset, 128 * KIB, number)
    return story.content()


def restore(story: Story) -> bool:
    was = filled(story)
    story.snapshot("s1")
    story.volume("pvc-b", **CUT)
    return story.content("pvc-b") != was


def larger_restore(story: Story) -> bool:
    was = filled(story)
    story.snapshot("s1")
    story.volume("pvc-b", "32Mi", **CUT)
    return story.content("pvc-b")[: 16 * MIB] != was


def restore_after_writing(story: Story) -> bool:
    was = filled(story)
    story.snapshot("s1")
    story.write(0, KIB, 9)
    story.volume("pvc-b", **CUT)
    return story.content("pvc-b") != was


def second_of_two(story: Story) -> bool:
    filled(story)
    story.snapshot("s0")
    story.write(0, KIB, 9)
    story.snapshot("s1")
    story.volume("pvc-b", **CUT)
    return story.content("pvc-b") != story.content()


def first_of_two(story: Story) -> bool:
    was = filled(story)
    story.snapshot("s1")
    story.write(0, KIB, 9)
    story.snapshot("s2")
    story.volume("pvc-b", **CUT)
    return story.content("pvc-b") != was


def after_the_one_before_is_deleted(story: Story) -> bool:
    filled(story)
    story.snapshot("s0")
    story.write(0, KIB, 9)
    was = story.content()
    story.snapshot("s1")
    story.ok("DELETE", "/v1/snapshotcrs/s0")
    story.volume("pvc-b", **CUT)
    return story.content("pvc-b") != was


def clone_after_writing(story: Story) -> bool:
    was = filled(story)
    story.volume("pvc-b", **CLONE)
    story.write(0, KIB, 9)
    return story.content("pvc-b") != was


def clone_without_its_source(story: Story) -> bool:
    was = filled(story)
    story.volume("pvc-b", **CLONE)
    story.ok("DELETE", "/v1/volumes/pvc-a")
    return story.content("pvc-b") != was


def clone_of_unused(story: Story) -> bool:
    filled(story)
    body = {"name": "pvc-b", "size": "16Mi", "volumeMode": "Block", **CLONE}
    return story.http.post("/v1/volumes", json=body).status_code != 200


def restore_without_its_snapshot(story: Story) -> bool:
    was = filled(story)
    story.snapshot("s1")
    story.volume("pvc-b", **CUT)
    story.ok("DELETE", "/v1/snapshotcrs/s1")
    return story.content("pvc-b") != was


def restore_without_its_source(story: Story) -> bool:
    filled(story)
    story.snapshot("s1")
    story.ok("DELETE", "/v1/volumes/pvc-a")
    body = {"name": "pvc-b", "size": "16Mi", "volumeMode": "Block", **CUT}
    return story.http.post("/v1/volumes", json=body).status_code != 200


def second_restore(story: Story) -> bool:
    was = filled(story)
    story.snapshot("s1")
    story.volume("pvc-b", **CUT)
    story.write(0, KIB, 9, "pvc-b")
    story.volume("pvc-c", **CUT)
    return story.content("pvc-c") != was


def growth(story: Story) -> bool:
    was = filled(story)
    story.act("pvc-a", "expand", size=str(32 * MIB))
    return story.content()[: 16 * MIB] != was


def older_snapshot_after_growth(story: Story) -> bool:
    filled(story)
    story.snapshot("s1")
    story.act("pvc-a", "expand", size=str(32 * MIB))
    return bool(story.get("/v1/snapshotcrs/s1")["restoreSize"] != 16 * MIB)


def deletion_after_snapshot(story: Story) -> bool:
    filled(story)
    story.snapshot("s1")
    gone = story.http.delete("/v1/volumes/pvc-a").status_code == 200
    story.act("pvc-a", "detach", forceDetach=True) if not gone else None
    return not gone


BROKEN: dict[str, Callable[[Story], bool]] = {
    "snapshot-loses-data": restore,
    "snapshot-upload-breaks-off": restore,
    "restore-drops-tail": restore,
    "restore-stops-at-hole": restore,
    "restore-mixes-up-blocks": restore,
    "larger-restore-drops-tail": larger_restore,
    "snapshot-leaks-later-writes": restore_after_writing,
    "snapshot-is-the-one-before": second_of_two,
    "newest-snapshot-restored": first_of_two,
    "deleted-snapshot-takes-shared-blocks": after_the_one_before_is_deleted,
    "clone-follows-its-source": clone_after_writing,
    "clone-goes-with-its-source": clone_without_its_source,
    "clone-needs-attached-source": clone_of_unused,
    "restore-goes-with-its-snapshot": restore_without_its_snapshot,
    "snapshot-goes-with-its-volume": restore_without_its_source,
    "restores-share-one-copy": second_restore,
    "expansion-loses-data": growth,
    "expansion-changes-older-snapshots": older_snapshot_after_growth,
    "volume-stays-attached-after-snapshot": deletion_after_snapshot,
}


@pytest.mark.parametrize("name", BROKEN)
def test_fault_spoils_what_it_says(engine: Engine, clean: None, name: str) -> None:
    assert BROKEN[name](Story(engine, Http(engine, name)))


@pytest.mark.parametrize("story", list(dict.fromkeys(BROKEN.values())))
def test_without_a_fault_all_is_right(engine: Engine, story: Callable[[Story], bool]) -> None:
    assert not story(Story(engine, Http(engine)))
