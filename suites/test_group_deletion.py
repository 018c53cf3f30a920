"""GRP: what is deleted with a group snapshot, and what keeps it."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.conditions import READY, TERMINATING, status_of
from pytest_csi_snapshot.kube.kinds import GROUP_CONTENT
from pytest_csi_snapshot.ledger import CLAIM_FINALIZER, GROUP_BEING_DELETED, Handle
from pytest_csi_snapshot.scenario import Scenario

COLORED = {"color": "blue"}


def taken(csi: Scenario, cls: str) -> tuple[Handle, list[Handle], dict[str, Handle]]:
    """A ready group of two volumes, its members, and their contents by the driver's names of the snapshots."""
    for claim in [csi.labelled(csi.claim(), COLORED) for _ in range(2)]:
        csi.bound(claim)
    group = csi.ready_group(COLORED, cls=cls)
    members = csi.members(group, 2)
    contents = [csi.content_of(member) for member in members]
    return group, members, {csi.handle_in(csi.wait(content, READY)): content for content in contents}


def backend_keeps(csi: Scenario, clause: str, handle: str) -> None:
    found = csi.backend_knows(handle, clause)
    csi.check(clause, expected="in the backend: True", observed=f"in the backend: {found}", about=handle,
              blame="SS, DRV")  # fmt: skip


@pytest.mark.csi_clause("GRP-008")
def test_members_go_with_their_group_and_not_before(csi: Scenario) -> None:
    csi.needs_groups("GRP-008")
    group, members, contents = taken(csi, csi.group_class("Delete"))
    of_group = csi.group_content_of(group)
    cut_together = status_of(csi.get(of_group))["volumeGroupSnapshotHandle"]
    csi.delete(members[0])
    csi.event(members[0], "SnapshotDeletePending", "GRP-008")
    csi.wait(members[0], TERMINATING, "GRP-008")
    for handle in contents:
        backend_keeps(csi, "GRP-008", handle)
    csi.delete(group)
    for each in (group, of_group, *members, *contents.values()):
        csi.gone(each, "GRP-008")
    for handle in contents:
        found = csi.backend_knows(handle, "GRP-008")
        csi.check("GRP-008", expected="in the backend: False", observed=f"in the backend: {found}", about=handle,
                  blame=csi.deletes_when_asked(handle, cut_together, [*contents]) if found else None)  # fmt: skip


@pytest.mark.csi_clause("GRP-002", "GRP-008", "GRP-010")
def test_retained_group_stays_and_can_be_imported(csi: Scenario) -> None:
    csi.needs_groups("GRP-008")
    group, members, contents = taken(csi, csi.group_class("Retain"))
    of_group = csi.group_content_of(group)
    handle = status_of(csi.get(of_group))["volumeGroupSnapshotHandle"]
    for content in contents.values():
        policy = csi.get(content)["spec"]["deletionPolicy"]
        csi.check("GRP-002", expected="Retain", observed=policy, about=f"policy of {content}")
    csi.delete(group)
    for each in (group, *members):
        csi.gone(each, "GRP-008")
    for content in (of_group, *contents.values()):
        left = csi.api.find(content.kind, None, content.name)
        ending = left["metadata"].get("deletionTimestamp") if left else "gone"
        csi.check("GRP-008", expected=None, observed=ending, about=f"deletionTimestamp of {content}")
    for cut in contents:
        backend_keeps(csi, "GRP-008", cut)

    for content in (of_group, *contents.values()):  # a handle must lead to one group only
        csi.delete(content)
        csi.gone(content)
    csi.ready_group(COLORED)  # a probe: the snapshot-controller knows that the first group's content is gone
    name = csi.api.mark.fresh("imported")
    content = csi.import_group_content(handle, sorted(contents), group=name)
    again = csi.imported_group(content, name=name)
    imported = [csi.import_snapshot(csi.import_content(cut)) for cut in contents]
    csi.group_ready(again, "GRP-010")
    for snapshot in imported:
        csi.ready(snapshot, "GRP-010")
    found = csi.members(again, len(imported), "GRP-010")
    names = sorted(snapshot.name for snapshot in imported)
    csi.check("GRP-010", expected=names, observed=[member.name for member in found], about=again)


@pytest.mark.csi_clause("GRP-009")
def test_group_waits_for_a_claim_that_is_to_be_restored_from_a_member(csi: Scenario) -> None:
    csi.needs_groups("GRP-009")
    csi.labelled(csi.volume(), COLORED)
    group = csi.ready_group(COLORED)
    (member,) = csi.members(group, 1)
    pending = csi.waiting_restore(member)
    csi.delete(group)
    csi.event(group, "SnapshotDeletePending", "GRP-009")
    csi.wait(group, TERMINATING, "GRP-009")
    csi.delete(pending)
    csi.gone(pending)
    csi.nudge(group)
    csi.gone(group, "GRP-009")
    csi.gone(member, "GRP-009")


@pytest.mark.csi_clause("GRP-011")
def test_claims_are_not_protected_and_a_content_left_behind_can_go(csi: Scenario) -> None:
    """The second group, of the same volume, is the proof that the first one was looked at."""
    csi.needs_groups("GRP-011")
    claim = csi.labelled(csi.volume(), COLORED)
    short = csi.group(COLORED)
    csi.delete(short)
    csi.gone(short, "GRP-011")
    csi.ready_group(COLORED)
    held = [
        version for version in csi.versions(claim) if CLAIM_FINALIZER in version.object["metadata"]["finalizers"]
    ]
    csi.check("GRP-011", expected=0, observed=len(held), about=f"versions of {claim} with {CLAIM_FINALIZER}")
    name = f"groupsnapcontent-{short.uid}"
    if left := csi.api.find(csi.spoken(GROUP_CONTENT), None, name):
        content = Handle.of(csi.spoken(GROUP_CONTENT), left)
        csi.delete(content)
        csi.patch(content, {"metadata": {"annotations": {GROUP_BEING_DELETED: "yes"}}})
        csi.gone(content, "GRP-011")
    after = csi.api.find(csi.spoken(GROUP_CONTENT), None, name)
    csi.check("GRP-011", expected=None, observed=after and name, about=f"content of {short}, which is gone")
