"""The snapshot-controller with groups: deletion, members' protection, imported groups, triggers."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_csi_snapshot.reference_impl.controllers import markers
from pytest_csi_snapshot.reference_impl.controllers.kube import objects
from pytest_csi_snapshot.reference_impl.controllers.kube.kinds import (
    GROUP_CONTENT,
    GROUP_SNAPSHOT,
    PVC,
    SNAPSHOT,
    SNAPSHOT_CONTENT,
)
from pytest_csi_snapshot.reference_impl.controllers.snapshot_controller.contents import GROUP_COMPLAINT, Contents
from pytest_csi_snapshot.reference_impl.controllers.snapshot_controller.triggers import Queues, Triggers
from pytest_csi_snapshot.reference_impl.controllers.work.queue import Backoff, WorkQueue

from .group_stage import CUT, HANDLE, GroupTheatre
from .stage import NS

Json = dict[str, Any]
GROUP = f"{NS}/g"


@pytest.fixture
def stage() -> GroupTheatre:
    return GroupTheatre()


def strip(stage: GroupTheatre, kind: Any, obj: Json) -> None:
    """What the sidecar does in the end: let a content go."""
    current = stage.see(kind, objects.key(obj))
    stage.change(kind, objects.key(obj), metadata={**current["metadata"], "finalizers": []})


def keys(queue: WorkQueue) -> set[str]:
    """What was added since the last time."""
    queue.add("end")
    found = set()
    while (key := queue.get()) != "end":
        assert key is not None
        found.add(key)
        queue.done(key)
    queue.done("end")
    return found


# ---- deletion


def test_a_member_is_held_as_long_as_its_group_exists(stage: GroupTheatre) -> None:
    """GRP-008."""
    stage.ready_group()
    member = stage.members()[0]
    stage.delete(SNAPSHOT, objects.key(member))
    assert "is a member of group snapshot ns/g" in (stage.sync(objects.name(member)) or "")
    assert stage.events.reasons()[-1] == "SnapshotDeletePending"
    content = stage.member_contents()[0]
    assert "deletionTimestamp" not in content["metadata"]
    assert objects.annotation(content, markers.BEING_DELETED) is None


def test_with_delete_the_content_goes_then_the_group_then_the_members(stage: GroupTheatre) -> None:
    stage.ready_group()
    group_content, contents, members = stage.group_content(), stage.member_contents(), stage.members()
    stage.delete(GROUP_SNAPSHOT, GROUP)
    assert stage.sync_group() is None
    seen = stage.see(GROUP_CONTENT, objects.name(group_content))
    assert objects.deleting(seen)
    assert objects.annotation(seen, markers.GROUP_BEING_DELETED) == "yes"
    assert all(objects.deleting(member) for member in stage.members())
    for member in members:
        assert stage.sync(objects.name(member)), "the group is still there"
    strip(stage, GROUP_CONTENT, group_content)
    assert stage.sync_group() is None
    assert stage.gone(GROUP_SNAPSHOT, GROUP)
    for member, content in zip(members, contents, strict=True):
        assert stage.sync(objects.name(member)) is None
        assert objects.annotation(stage.see(SNAPSHOT_CONTENT, objects.name(content)), markers.BEING_DELETED)
        strip(stage, SNAPSHOT_CONTENT, content)
        stage.sync(objects.name(member))
        assert stage.gone(SNAPSHOT, objects.key(member))
        assert stage.gone(SNAPSHOT_CONTENT, objects.name(content))


def test_with_retain_the_contents_stay(stage: GroupTheatre) -> None:
    stage.ready_group(policy="Retain")
    group_content, contents, members = stage.group_content(), stage.member_contents(), stage.members()
    stage.delete(GROUP_SNAPSHOT, GROUP)
    assert stage.sync_group() is None
    assert stage.gone(GROUP_SNAPSHOT, GROUP)
    for member in members:
        assert stage.sync(objects.name(member)) is None
        assert stage.gone(SNAPSHOT, objects.key(member))
    kept = stage.see(GROUP_CONTENT, objects.name(group_content))
    assert not objects.deleting(kept)
    assert objects.annotation(kept, markers.GROUP_BEING_DELETED) == "yes"
    for content in contents:
        assert not objects.deleting(stage.see(SNAPSHOT_CONTENT, objects.name(content)))


def test_the_policy_of_the_content_counts(stage: GroupTheatre) -> None:
    stage.ready_group()
    content = stage.group_content()
    stage.change(GROUP_CONTENT, objects.name(content), spec={**content["spec"], "deletionPolicy": "Retain"})
    stage.delete(GROUP_SNAPSHOT, GROUP)
    stage.sync_group()
    assert stage.gone(GROUP_SNAPSHOT, GROUP)
    assert not objects.deleting(stage.see(GROUP_CONTENT, objects.name(content)))


def test_a_restore_from_a_member_holds_the_group(stage: GroupTheatre) -> None:
    """GRP-009."""
    stage.ready_group()
    source = {
        "apiGroup": "snapshot.storage.k8s.io",
        "kind": "VolumeSnapshot",
        "name": objects.name(stage.members()[0]),
    }
    stage.claim("r", bound=False, dataSource=source)
    stage.delete(GROUP_SNAPSHOT, GROUP)
    assert "is being used to restore a PVC" in (stage.sync_group() or "")
    assert stage.events.sent[-1] == (GROUP, "SnapshotDeletePending")
    assert not objects.deleting(stage.group_content())
    stage.delete(PVC, f"{NS}/r")
    assert stage.sync_group() is None
    assert objects.deleting(stage.group_content())


def test_a_group_deleted_before_its_status_was_written_leaves_no_content(stage: GroupTheatre) -> None:
    """GRP-011: the leak that the clause warns of."""
    stage.scene()
    stage.sync_group()
    content = stage.group_content()
    stage.change(GROUP_SNAPSHOT, GROUP, status={})
    stage.delete(GROUP_SNAPSHOT, GROUP)
    stage.sync_group()
    assert objects.deleting(stage.see(GROUP_CONTENT, objects.name(content)))
    strip(stage, GROUP_CONTENT, content)
    stage.sync_group()
    assert stage.gone(GROUP_SNAPSHOT, GROUP)


def test_a_member_deleted_before_it_was_bound_takes_its_content_along(stage: GroupTheatre) -> None:
    stage.scene()
    stage.sync_group()
    stage.answer_group()
    stage.sync_group()
    content_name, members = objects.name(stage.group_content()), stage.members()
    contents = stage.member_contents()
    stage.delete(GROUP_SNAPSHOT, GROUP)
    stage.sync_group()
    strip(stage, GROUP_CONTENT, stage.see(GROUP_CONTENT, content_name))
    stage.sync_group()
    stage.sync(objects.name(members[0]))
    assert objects.deleting(stage.see(SNAPSHOT_CONTENT, objects.name(contents[0])))


def test_a_later_group_of_the_same_name_does_not_hold_the_members(stage: GroupTheatre) -> None:
    stage.ready_group(policy="Retain")
    member = stage.members()[0]
    stage.delete(GROUP_SNAPSHOT, GROUP)
    stage.sync_group()
    stage.group()
    assert stage.sync(objects.name(member)) is None
    assert stage.gone(SNAPSHOT, objects.key(member))


def test_members_go_where_the_api_has_no_groups_any_more(stage: GroupTheatre) -> None:
    stage.ready_group(policy="Retain")
    member = stage.members()[0]
    group = stage.seen_group()
    stage.change(GROUP_SNAPSHOT, GROUP, metadata={**group["metadata"], "finalizers": []})
    stage.delete(GROUP_SNAPSHOT, GROUP)
    stage.kube.absent.add(GROUP_SNAPSHOT)
    stage.delete(SNAPSHOT, objects.key(member))
    stage.sync(objects.name(member))
    assert stage.gone(SNAPSHOT, objects.key(member))


# ---- imported


def imported(stage: GroupTheatre) -> None:
    """A member that was imported, as the sidecar shows it, and its group's content."""
    status = {
        "snapshotHandle": "m",
        "creationTime": CUT,
        "readyToUse": True,
        "volumeGroupSnapshotHandle": HANDLE,
    }
    stage.static_content("mk", "m", "m")
    stage.change(SNAPSHOT_CONTENT, "mk", status=status)
    stage.static_snapshot("m", "mk")
    stage.static_group_content()
    status = {
        "volumeGroupSnapshotHandle": HANDLE,
        "creationTime": "2023-11-14T22:13:20Z",
        "readyToUse": True,
    }
    stage.change(GROUP_CONTENT, "k", status=status)


def test_an_imported_group_binds_both_ways_and_makes_no_members(stage: GroupTheatre) -> None:
    """GRP-010."""
    imported(stage)
    stage.group(class_name=None, volumeGroupSnapshotContentName="k")
    assert stage.sync_group() is None
    assert stage.group_status()["boundVolumeGroupSnapshotContentName"] == "k"
    assert stage.group_status()["readyToUse"] is True
    ref = stage.see(GROUP_CONTENT, "k")["spec"]["volumeGroupSnapshotRef"]
    assert ref["uid"] == objects.uid(stage.seen_group())
    assert objects.has_finalizer(stage.seen_group(), markers.GROUP_BOUND)
    Contents(stage.cluster.groups, GROUP_COMPLAINT).sync("k")
    assert objects.has_finalizer(stage.see(GROUP_CONTENT, "k"), markers.GROUP_CONTENT_BOUND)
    assert stage.members() == []
    assert "CreatingGroupSnapshot" not in stage.events.reasons()


@pytest.mark.parametrize("member_first", [True, False])
def test_an_imported_member_joins_its_group_whichever_comes_first(stage: GroupTheatre, member_first: bool) -> None:
    imported(stage)
    if member_first:
        stage.sync("m")
        assert stage.status("m")["readyToUse"] is True
        assert "volumeGroupSnapshotName" not in stage.status("m")
    stage.group(class_name=None, volumeGroupSnapshotContentName="k")
    stage.sync_group()
    stage.sync("m")
    (owner,) = stage.seen("m")["metadata"]["ownerReferences"]
    assert owner["uid"] == objects.uid(stage.seen_group())
    assert objects.has_finalizer(stage.seen("m"), markers.IN_GROUP)
    assert stage.status("m")["volumeGroupSnapshotName"] == "g"
    assert stage.sync("m") is None, "and stays as it is"
    assert len(stage.seen("m")["metadata"]["ownerReferences"]) == 1


def test_an_imported_member_does_not_join_a_group_of_another_namespace(stage: GroupTheatre) -> None:
    imported(stage)
    meta = {"name": "g", "namespace": "elsewhere"}
    group = stage.kube.create(GROUP_SNAPSHOT, {"metadata": meta, "spec": {"source": {}}})
    content = stage.see(GROUP_CONTENT, "k")
    ref = {"namespace": "elsewhere", "name": "g", "uid": objects.uid(group)}
    stage.change(GROUP_CONTENT, "k", spec={**content["spec"], "volumeGroupSnapshotRef": ref})
    stage.sync("m")
    assert "volumeGroupSnapshotName" not in stage.status("m")
    assert "ownerReferences" not in stage.seen("m")["metadata"]


def test_a_group_that_comes_before_its_content_waits_for_it(stage: GroupTheatre) -> None:
    stage.group(class_name=None, volumeGroupSnapshotContentName="k")
    assert stage.sync_group()
    assert stage.events.reasons() == ["GroupSnapshotContentMissing"]
    imported(stage)
    assert stage.sync_group() is None
    assert stage.group_status()["readyToUse"] is True


def test_a_content_without_a_source_is_complained_of(stage: GroupTheatre) -> None:
    stage.static_group_content(source={})
    Contents(stage.cluster.groups, GROUP_COMPLAINT).sync("k")
    assert stage.events.reasons() == ["GroupContentValidationError"]


# ---- triggers


@pytest.fixture
def queues() -> Queues:
    def queue() -> WorkQueue:
        return WorkQueue(Backoff(1, 1))

    return Queues(queue(), queue(), queue(), queue(), queue())


def test_the_end_of_a_group_brings_its_members(stage: GroupTheatre, queues: Queues) -> None:
    group = stage.ready_group()
    stage.snapshot("alone", claim="c")
    Triggers(stage.cluster, queues).group(group, None)
    assert keys(queues.snapshots) == {objects.key(member) for member in stage.members()}


def test_news_of_the_content_bring_the_group_and_those_who_may_join(stage: GroupTheatre, queues: Queues) -> None:
    imported(stage)
    content = stage.see(GROUP_CONTENT, "k")
    Triggers(stage.cluster, queues).group_content({**content, "status": {}}, content)
    assert keys(queues.groups) == {GROUP}
    assert keys(queues.group_contents) == {"k"}
    assert keys(queues.snapshots) == {f"{NS}/m"}


def test_the_binding_of_a_group_brings_those_who_may_join(stage: GroupTheatre, queues: Queues) -> None:
    imported(stage)
    before = stage.group(class_name=None, volumeGroupSnapshotContentName="k")
    stage.sync_group()
    Triggers(stage.cluster, queues).group(before, stage.seen_group())
    assert keys(queues.snapshots) == {f"{NS}/m"}


def test_the_end_of_a_restore_brings_the_group_that_waits_for_it(stage: GroupTheatre, queues: Queues) -> None:
    stage.ready_group()
    member = stage.members()[0]
    source = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": objects.name(member)}
    claim = stage.claim("r", bound=False, dataSource=source)
    Triggers(stage.cluster, queues).claim(claim, None)
    assert keys(queues.groups) == {GROUP}
    assert keys(queues.snapshots) == {objects.key(member)}


def test_a_claim_that_can_be_cut_now_brings_the_groups_that_select_it(stage: GroupTheatre, queues: Queues) -> None:
    stage.group()
    stage.group("other", selector={"matchLabels": {"set": "y"}})
    before = stage.claim("a", bound=False)
    triggers = Triggers(stage.cluster, queues)
    triggers.claim(before, stage.label(before))
    assert keys(queues.groups) == {GROUP}


def test_an_error_of_our_own_brings_no_next_attempt(stage: GroupTheatre, queues: Queues) -> None:
    before = stage.group()
    stage.sync_group()
    Triggers(stage.cluster, queues).group(before, stage.seen_group())
    assert keys(queues.groups) == set()
