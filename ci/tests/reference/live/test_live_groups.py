"""Group snapshots by the roles as processes, against a real API server with its garbage collector."""

from __future__ import annotations

import os
from typing import Any

import pytest

from pytest_csi_snapshot.reference_impl.controllers import markers
from pytest_csi_snapshot.reference_impl.controllers.kube import kinds, objects
from pytest_csi_snapshot.reference_impl.wire import csi_pb2

from .stage import Cluster

Json = dict[str, Any]

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="an embedded cluster needs root")


@pytest.mark.parametrize("policy", ["Delete", "Retain"])
def test_a_group_from_its_claims_to_its_deletion(cluster: Cluster, policy: str) -> None:
    claims = labelled(cluster, policy)
    group = ready_group(cluster, policy)
    content_name = group["status"]["boundVolumeGroupSnapshotContentName"]
    assert content_name == f"groupsnapcontent-{objects.uid(group)}"
    assert cluster.reasons(group) == ["CreatingGroupSnapshot", "GroupSnapshotCreated", "GroupSnapshotReady"]

    members = members_of(cluster, group)
    assert {member["spec"]["source"]["persistentVolumeClaimName"] for member in members} == set(claims)
    for member in members:
        ready = cluster.until_ready(objects.name(member))
        assert ready["status"]["volumeGroupSnapshotName"] == objects.name(group)
        assert ready["status"]["creationTime"] == group["status"]["creationTime"] == "2023-11-14T22:13:20Z"
        assert objects.has_finalizer(ready, markers.IN_GROUP)
        assert "volumeSnapshotClassName" not in ready["spec"]

    source = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": objects.name(members[0])}
    restored = cluster.claim(f"restored-{policy.lower()}", dataSource=source)
    made = {call.name: call for call in cluster.driver.made(csi_pb2.CreateVolumeRequest)}
    asked = made[restored["spec"]["volumeName"]].volume_content_source.snapshot.snapshot_id
    handle = f"group://groupsnapshot-{objects.uid(group)}"
    assert cluster.driver.snapshots[asked].group_snapshot_id == handle

    cluster.delete(kinds.SNAPSHOT, objects.name(members[0]))
    refused = cluster.until(kinds.SNAPSHOT, objects.name(members[0]), lambda obj: obj and objects.deleting(obj))
    contents = [member["status"]["boundVolumeSnapshotContentName"] for member in members_of(cluster, group)]
    cluster.delete(kinds.GROUP_SNAPSHOT, objects.name(group))
    cluster.until(kinds.GROUP_SNAPSHOT, objects.name(group), lambda obj: obj is None)
    for member in members:
        cluster.until(kinds.SNAPSHOT, objects.name(member), lambda obj: obj is None)
    assert "SnapshotDeletePending" in cluster.reasons(refused)
    assert (handle in cluster.driver.groups) is (policy == "Retain")
    for kind, name in [
        (kinds.GROUP_CONTENT, content_name),
        *((kinds.SNAPSHOT_CONTENT, name) for name in contents),
    ]:
        if policy == "Delete":
            assert cluster.find(kind, name) is None
        else:
            cluster.delete(kind, name)
            cluster.until(kind, name, lambda obj: obj is None)
    assert cluster.driver.made(csi_pb2.DeleteSnapshotRequest) == []


def test_a_retained_group_is_imported_again(cluster: Cluster) -> None:
    labelled(cluster, "again")
    group = ready_group(cluster, "again", "Retain")
    handle = f"group://groupsnapshot-{objects.uid(group)}"
    members = [one.snapshot_id for one in cluster.driver.groups[handle].snapshots]
    kept = [member["status"]["boundVolumeSnapshotContentName"] for member in members_of(cluster, group)]
    kept_group = group["status"]["boundVolumeGroupSnapshotContentName"]
    cluster.delete(kinds.GROUP_SNAPSHOT, "again")
    cluster.until(kinds.GROUP_SNAPSHOT, "again", lambda obj: obj is None)

    # The members first: they are ready before their group is known.
    for number, member in enumerate(members):
        title = f"member-{number}"
        spec = {
            "deletionPolicy": "Delete",
            "driver": cluster.driver.name,
            "source": {"snapshotHandle": member},
            "volumeSnapshotRef": {"namespace": cluster.ns, "name": title},
        }
        cluster.make(kinds.SNAPSHOT_CONTENT, cluster.title(title), {"spec": spec})
        source = {"volumeSnapshotContentName": cluster.title(title)}
        cluster.make(kinds.SNAPSHOT, title, {"spec": {"source": source}})
        cluster.until_ready(title)
    spec = {
        "deletionPolicy": "Delete",
        "driver": cluster.driver.name,
        "source": {
            "groupSnapshotHandles": {"volumeGroupSnapshotHandle": handle, "volumeSnapshotHandles": members}
        },
        "volumeGroupSnapshotRef": {"namespace": cluster.ns, "name": "imported"},
    }
    cluster.make(kinds.GROUP_CONTENT, cluster.title("imported"), {"spec": spec})
    source = {"volumeGroupSnapshotContentName": cluster.title("imported")}
    cluster.make(kinds.GROUP_SNAPSHOT, "imported", {"spec": {"source": source}})
    imported = cluster.until(kinds.GROUP_SNAPSHOT, "imported", is_ready)
    for number in range(len(members)):
        joined = cluster.until(
            kinds.SNAPSHOT, f"member-{number}", lambda obj: obj and obj["metadata"].get("ownerReferences")
        )
        assert joined["metadata"]["ownerReferences"][0]["uid"] == objects.uid(imported)
        assert joined["status"]["volumeGroupSnapshotName"] == "imported"

    cluster.delete(kinds.GROUP_SNAPSHOT, "imported")
    for number in range(len(members)):
        cluster.until(kinds.SNAPSHOT, f"member-{number}", lambda obj: obj is None)
    assert handle not in cluster.driver.groups
    for kind, name in [(kinds.GROUP_CONTENT, kept_group), *((kinds.SNAPSHOT_CONTENT, name) for name in kept)]:
        cluster.delete(kind, name)
        cluster.until(kind, name, lambda obj: obj is None)


def labelled(cluster: Cluster, label: str) -> list[str]:
    """Three claims with a label, and one without; the names of the three."""
    names = [f"{label.lower()}-{number}" for number in range(3)]
    for name in names:
        cluster.claim(name)
        cluster.client.patch(kinds.PVC, cluster.ns, name, {"metadata": {"labels": {"set": label}}})
    cluster.claim(f"{label.lower()}-other")
    return names


def ready_group(cluster: Cluster, label: str, policy: str = "") -> Json:
    """A group of the claims with a label, once it is ready; its policy is the label unless given."""
    policy = policy or label
    title, class_name = label.lower(), cluster.title(f"group-{label}")
    cluster.make(kinds.GROUP_CLASS, class_name, {"driver": cluster.driver.name, "deletionPolicy": policy})
    source = {"selector": {"matchLabels": {"set": label}}}
    cluster.make(
        kinds.GROUP_SNAPSHOT, title, {"spec": {"source": source, "volumeGroupSnapshotClassName": class_name}}
    )
    return cluster.until(kinds.GROUP_SNAPSHOT, title, is_ready)


def is_ready(obj: Json | None) -> bool:
    return bool(obj and (obj.get("status") or {}).get("readyToUse"))


def members_of(cluster: Cluster, group: Json) -> list[Json]:
    """The snapshots that are owned by the group, as they are now."""
    found = cluster.client.list(kinds.SNAPSHOT, cluster.ns)["items"]
    return [
        one
        for one in found
        if any(owner["uid"] == objects.uid(group) for owner in one["metadata"].get("ownerReferences") or [])
    ]
