"""GRP: what a group snapshot takes, and what belongs to it."""

from __future__ import annotations

import re

import pytest

from pytest_csi_snapshot.conditions import READY, status_of
from pytest_csi_snapshot.kube.kinds import GROUP_SNAPSHOT
from pytest_csi_snapshot.ledger import owners_of
from pytest_csi_snapshot.scenario import Scenario

COLORED = {"color": "blue"}
HASHED = re.compile(r"snap(shot|content)-[0-9a-f]{64}")
IN_GROUP = "snapshot.storage.kubernetes.io/volumesnapshot-in-group-protection"


@pytest.mark.csi_clause("GRP-001")
def test_group_takes_every_volume_that_its_selector_matches(csi: Scenario) -> None:
    csi.needs_groups("GRP-001")
    claims = [csi.labelled(csi.claim(), COLORED) for _ in range(2)]
    for claim in (*claims, csi.claim()):
        csi.bound(claim)
    group = csi.group(COLORED)
    content = csi.group_content_of(group, "GRP-001")
    csi.check("GRP-001", expected=f"groupsnapcontent-{group.uid}", observed=content.name, about=group)
    csi.group_ready(group, "GRP-001")
    members = csi.members(group, len(claims), "GRP-001")
    taken = sorted(csi.get(member)["spec"]["source"]["persistentVolumeClaimName"] for member in members)
    csi.check("GRP-001", expected=sorted(claim.name for claim in claims), observed=taken, about=group)
    handles = {csi.handle_in(csi.wait(csi.content_of(member), READY, "GRP-001")) for member in members}
    csi.check("GRP-001", expected=len(claims), observed=len(handles), about=f"handles of the members of {group}")


@pytest.mark.csi_clause("GRP-002")
def test_members_and_their_contents_belong_to_the_group(csi: Scenario) -> None:
    csi.needs_groups("GRP-002")
    claim = csi.labelled(csi.volume(), COLORED)
    group = csi.ready_group(COLORED)
    (member,) = csi.members(group, 1)
    body, content = csi.get(member), csi.get(csi.content_of(member))
    owner = {(each["kind"], each["uid"]) for each in owners_of(body)}
    of_group = csi.get(csi.group_content_of(group))
    names = (member.name, content["metadata"]["name"])
    for what, expected, observed in (
        ("owner", True, (GROUP_SNAPSHOT.kind, group.uid) in owner),
        ("finalizer", True, IN_GROUP in body["metadata"].get("finalizers", [])),
        ("class", None, body["spec"].get("volumeSnapshotClassName")),
        ("source", {"persistentVolumeClaimName": claim.name}, body["spec"]["source"]),
        ("group", group.name, status_of(body).get("volumeGroupSnapshotName")),
        ("hashed names", True, all(HASHED.fullmatch(name) for name in names)),
        ("handle of the group", status_of(of_group)["volumeGroupSnapshotHandle"],
         status_of(content).get("volumeGroupSnapshotHandle")),
        ("policy", of_group["spec"]["deletionPolicy"], content["spec"]["deletionPolicy"]),
    ):  # fmt: skip
        csi.check("GRP-002", expected=expected, observed=observed, about=f"{what} of {member}")
