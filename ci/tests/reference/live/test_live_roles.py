"""The five roles as processes, from a claim to its end: what a user of a cluster sees of them."""

from __future__ import annotations

import os
from typing import Any

import pytest

from pytest_csi_snapshot.reference_impl.controllers.kube import kinds, objects
from pytest_csi_snapshot.reference_impl.wire import csi_pb2

from .stage import Cluster

Json = dict[str, Any]

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="an embedded cluster needs root")


def test_a_dynamic_snapshot_from_its_claim_to_its_deletion(cluster: Cluster) -> None:
    cluster.claim("c")
    snapshot = cluster.snapshot("s", persistentVolumeClaimName="c")
    content = snapshot["status"]["boundVolumeSnapshotContentName"]
    assert content == f"snapcontent-{objects.uid(snapshot)}"
    handle = f"snap://snapshot-{objects.uid(snapshot)}"
    assert handle in cluster.driver.snapshots
    assert cluster.reasons(snapshot) == ["CreatingSnapshot", "SnapshotCreated", "SnapshotReady"]
    cluster.until(kinds.PVC, "c", lambda obj: obj and not objects.has_finalizer(obj, _AS_SOURCE))
    cluster.delete(kinds.SNAPSHOT, "s")
    cluster.until(kinds.SNAPSHOT, "s", lambda obj: obj is None)
    assert cluster.find(kinds.SNAPSHOT_CONTENT, content) is None
    assert handle not in cluster.driver.snapshots


_AS_SOURCE = "snapshot.storage.kubernetes.io/pvc-as-source-protection"


def test_a_retained_snapshot_is_imported_again(cluster: Cluster) -> None:
    cluster.claim("kept")
    snapshot = cluster.snapshot("kept", "Retain", persistentVolumeClaimName="kept")
    name = snapshot["status"]["boundVolumeSnapshotContentName"]
    content = cluster.find(kinds.SNAPSHOT_CONTENT, name)
    assert content is not None
    handle = content["status"]["snapshotHandle"]
    cluster.delete(kinds.SNAPSHOT, "kept")
    cluster.until(kinds.SNAPSHOT, "kept", lambda obj: obj is None)
    assert handle in cluster.driver.snapshots
    spec = {
        "deletionPolicy": "Delete",
        "driver": cluster.driver.name,
        "source": {"snapshotHandle": handle},
        "volumeSnapshotRef": {"namespace": cluster.ns, "name": "again"},
    }
    cluster.make(kinds.SNAPSHOT_CONTENT, cluster.title("again"), {"spec": spec})
    cluster.snapshot("again", volumeSnapshotContentName=cluster.title("again"))
    cluster.delete(kinds.SNAPSHOT, "again")
    cluster.until(kinds.SNAPSHOT, "again", lambda obj: obj is None)
    assert handle not in cluster.driver.snapshots
    cluster.delete(kinds.SNAPSHOT_CONTENT, name)
    cluster.until(kinds.SNAPSHOT_CONTENT, name, lambda obj: obj is None)


def test_restore_and_clone_then_deletion_of_all_volumes(cluster: Cluster) -> None:
    cluster.claim("src")
    cluster.snapshot("src", persistentVolumeClaimName="src")
    restored = cluster.claim(
        "restored",
        "2Gi",
        dataSource={"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": "src"},
    )
    cloned = cluster.claim("cloned", dataSource={"kind": "PersistentVolumeClaim", "name": "src"})
    sources = {
        call.name: call.volume_content_source.WhichOneof("type")
        for call in cluster.driver.made(csi_pb2.CreateVolumeRequest)
    }
    assert sources[restored["spec"]["volumeName"]] == "snapshot"
    assert sources[cloned["spec"]["volumeName"]] == "volume"
    assert cluster.reasons(restored)[-1] == "ProvisioningSucceeded"
    for claim in (restored, cloned):
        cluster.delete(kinds.PVC, objects.name(claim))
        cluster.until(kinds.PV, claim["spec"]["volumeName"], lambda obj: obj is None)
        assert claim["spec"]["volumeName"] not in cluster.driver.volumes


def test_a_restore_that_waits_for_its_snapshot_binds_by_itself(cluster: Cluster) -> None:
    source = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": "late"}
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": cluster.title("class"),
        "resources": {"requests": {"storage": "1Gi"}},
        "dataSource": source,
    }
    claim = cluster.make(kinds.PVC, "early", {"spec": spec})
    query = {"fieldSelector": f"involvedObject.uid={objects.uid(claim)}"}
    for event in cluster.client.watch(kinds.EVENT, cluster.ns, **query):
        if event["object"].get("reason") == "ProvisioningFailed":
            break
    cluster.claim("late")
    cluster.snapshot("late", persistentVolumeClaimName="late")
    cluster.until(kinds.PVC, "early", lambda obj: obj and obj["status"].get("phase") == "Bound")


def test_growth_up_to_the_node_step(cluster: Cluster) -> None:
    claim = cluster.claim("grow")
    wish = {"spec": {"resources": {"requests": {"storage": "3Gi"}}}}
    cluster.client.patch(kinds.PVC, cluster.ns, "grow", wish)

    def node_due(obj: Json | None) -> bool:
        statuses = (obj or {}).get("status", {}).get("allocatedResourceStatuses") or {}
        return statuses.get("storage") == "NodeResizePending"

    reached = cluster.until(kinds.PVC, "grow", node_due)
    conditions = {condition["type"] for condition in reached["status"]["conditions"]}
    assert {"Resizing", "FileSystemResizePending"} <= conditions
    assert reached["status"]["capacity"] == {"storage": "1Gi"}
    volume = cluster.find(kinds.PV, claim["spec"]["volumeName"])
    assert volume is not None
    assert volume["spec"]["capacity"] == {"storage": "3Gi"}


def test_attach_waits_for_the_driver_on_the_node(cluster: Cluster) -> None:
    claim = cluster.claim("attached")
    node, name = cluster.title("node"), cluster.title("attachment")
    spec = {
        "attacher": cluster.driver.name,
        "nodeName": node,
        "source": {"persistentVolumeName": claim["spec"]["volumeName"]},
    }
    cluster.make(kinds.VOLUME_ATTACHMENT, name, {"spec": spec})
    cluster.until(kinds.VOLUME_ATTACHMENT, name, lambda obj: obj and (obj.get("status") or {}).get("attachError"))
    drivers = [{"name": cluster.driver.name, "nodeID": "id-1", "topologyKeys": []}]
    cluster.make(kinds.CSI_NODE, node, {"spec": {"drivers": drivers}})
    attached = cluster.until(kinds.VOLUME_ATTACHMENT, name, lambda obj: obj and obj["status"].get("attached"))
    assert "attachError" not in attached["status"]
    cluster.delete(kinds.VOLUME_ATTACHMENT, name)
    cluster.until(kinds.VOLUME_ATTACHMENT, name, lambda obj: obj is None)
    assert len(cluster.driver.made(csi_pb2.ControllerUnpublishVolumeRequest)) == 1


def test_a_restart_loses_nothing_and_leases_are_released(cluster: Cluster) -> None:
    cluster.claim("again")
    for role in ("snapshot-controller", "csi-snapshotter"):
        assert cluster.stop(f"{role}-1") == 0
    lease = cluster.find(kinds.LEASE, "snapshot-controller-leader")
    assert lease is not None
    assert lease["spec"]["holderIdentity"] == ""
    spec = {"source": {"persistentVolumeClaimName": "again"}, "volumeSnapshotClassName": cluster.title("Delete")}
    cluster.make(kinds.SNAPSHOT, "meanwhile", {"spec": spec})
    for role in ("snapshot-controller", "csi-snapshotter"):
        cluster.start(role)
    cluster.until_ready("meanwhile")


def test_lease_names(cluster: Cluster) -> None:
    dashed = cluster.driver.name.replace(".", "-")
    for name in (
        "snapshot-controller-leader",
        f"external-snapshotter-leader-{dashed}",
        dashed,
        f"external-attacher-leader-{dashed}",
        f"external-resizer-{dashed}",
    ):
        cluster.until(kinds.LEASE, name, lambda obj: obj and obj["spec"].get("holderIdentity"))
