"""The five roles as processes against a real API server, with a driver in memory behind them.

The cluster has no nodes and no other snapshot-controller; it is made for these tests. They make their own
driver name, namespace and classes. Waiting is by watch; the limits are far beyond what is usual.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_csi_snapshot.reference_impl.controllers.kube import kinds, objects
from pytest_csi_snapshot.reference_impl.controllers.kube.client import KubeClient
from pytest_csi_snapshot.reference_impl.controllers.kube.connection import from_kubeconfig
from pytest_csi_snapshot.reference_impl.controllers.kube.errors import ApiError
from pytest_csi_snapshot.reference_impl.controllers.kube.kinds import Kind
from pytest_csi_snapshot.reference_impl.wire import csi_pb2

from ..controllers.fake_csi import FakeDriver

Json = dict[str, Any]

LIMIT_S = 30
NAMESPACE = Kind("v1", "Namespace", "namespaces", namespaced=False)
ROLES = ("snapshot-controller", "csi-snapshotter", "csi-provisioner", "csi-attacher", "csi-resizer")

TRIAL = Path(__file__).parents[2] / "fixtures" / "trial.py"
"""Starts a bare control plane, says "up RUN KUBECONFIG", and ends it when its standard input ends."""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="an embedded cluster needs root")


class Cluster:
    """A namespace, a driver and its classes on the given API server; words for what the tests do."""

    def __init__(self, driver: FakeDriver, folder: Path, kubeconfig: str) -> None:
        self.driver = driver
        self.client = KubeClient(from_kubeconfig(kubeconfig), user_agent="live-test")
        self._kubeconfig = kubeconfig
        self.ns = f"live-{uuid.uuid4().hex[:8]}"
        self._folder = folder
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._own: list[tuple[Kind, str]] = []
        self.make(NAMESPACE, self.ns, {})
        for policy in ("Delete", "Retain"):
            snapshot_class = {"driver": driver.name, "deletionPolicy": policy}
            self.make(kinds.SNAPSHOT_CLASS, self.title(policy), snapshot_class)
        body: Json = {"provisioner": driver.name, "allowVolumeExpansion": True, "reclaimPolicy": "Delete"}
        self.make(kinds.STORAGE_CLASS, self.title("class"), body)

    def title(self, word: str) -> str:
        """A cluster-wide name of this run's own."""
        return f"{self.ns}-{word.lower()}"

    # ---- processes

    def start(self, role: str) -> None:
        command = [sys.executable, "-m", "pytest_csi_snapshot.reference_impl", role]
        command += ["--kubeconfig", self._kubeconfig]
        command += ["--leader-election", "--leader-election-namespace", self.ns]
        command += ["--leader-election-identity", f"{role}-1"]
        if role != "snapshot-controller":
            command += ["--csi-address", self.driver.address]
        with (self._folder / f"{role}.log").open("ab") as log:
            environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
            self._processes[role] = subprocess.Popen(command, stderr=log, env=environment)

    def stop(self, role: str) -> int:
        process = self._processes.pop(role)
        process.send_signal(signal.SIGTERM)
        return process.wait(LIMIT_S)

    def close(self) -> None:
        for kind, name in reversed(self._own):
            obj = self.find(kind, name)
            if obj:
                self.client.delete(kind, None, name, uid=objects.uid(obj))
        self.until(NAMESPACE, self.ns, lambda obj: obj is None)
        for role in list(self._processes):
            self.stop(role)

    # ---- objects

    def make(self, kind: Kind, name: str, body: Json) -> Json:
        meta: Json = {"name": name}
        if kind.namespaced:
            meta["namespace"] = self.ns
        else:
            self._own.append((kind, name))
        typed = {"apiVersion": kind.api_version, "kind": kind.kind}
        return self.client.create(kind, {**typed, "metadata": meta, **body})

    def find(self, kind: Kind, name: str) -> Json | None:
        try:
            return self.client.get(kind, self.ns if kind.namespaced else None, name)
        except ApiError as error:
            if error.not_found:
                return None
            raise

    def delete(self, kind: Kind, name: str) -> None:
        obj = self.find(kind, name)
        assert obj is not None
        self.client.delete(kind, objects.namespace(obj), name, uid=objects.uid(obj))

    def until(self, kind: Kind, name: str, wanted: Callable[[Json | None], object]) -> Json:
        """Watch one object until it is as wanted (None: absent); the object, or {}."""
        space = self.ns if kind.namespaced else None
        only = f"metadata.name={name}"
        listed = self.client.list(kind, space, fieldSelector=only)
        obj: Json | None = next(iter(listed["items"]), None)
        if wanted(obj):
            return obj or {}
        since = listed["metadata"]["resourceVersion"]
        query = {"fieldSelector": only, "resourceVersion": since, "timeoutSeconds": str(LIMIT_S)}
        watch = self.client.watch(kind, space, **query)
        for event in watch:
            if event["type"] == "BOOKMARK":
                continue
            obj = None if event["type"] == "DELETED" else event["object"]
            if wanted(obj):
                watch.stop()
                return obj or {}
        logs = "\n".join(log.read_text()[-1500:] for log in self._folder.glob("*.log"))
        raise AssertionError(f"{kind} {name} stayed {obj}\n{logs}")

    def claim(self, name: str, size: str = "1Gi", **spec: Any) -> Json:
        """A claim of our class, once it is Bound."""
        full = {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": self.title("class"),
            "resources": {"requests": {"storage": size}},
            **spec,
        }
        self.make(kinds.PVC, name, {"spec": full})
        return self.until(kinds.PVC, name, lambda obj: obj and obj["status"].get("phase") == "Bound")

    def snapshot(self, name: str, policy: str = "Delete", **source: str) -> Json:
        """A snapshot, once it is ready."""
        spec = {"source": source, "volumeSnapshotClassName": self.title(policy)}
        self.make(kinds.SNAPSHOT, name, {"spec": spec})
        return self.until_ready(name)

    def until_ready(self, name: str) -> Json:
        return self.until(kinds.SNAPSHOT, name, lambda obj: obj and (obj.get("status") or {}).get("readyToUse"))

    def reasons(self, obj: Json) -> list[str]:
        """Reasons of the events about an object, in the order in which they were sent."""
        query = {"fieldSelector": f"involvedObject.uid={objects.uid(obj)}"}
        items = self.client.list(kinds.EVENT, objects.namespace(obj) or "default", **query)["items"]
        return [
            item["reason"] for item in sorted(items, key=lambda item: int(item["metadata"]["resourceVersion"]))
        ]


@pytest.fixture(scope="module")
def kubeconfig() -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, str(TRIAL)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("up "):
                yield line.split()[2]
                break
        else:
            raise AssertionError(f"no control plane: {''.join(said)}")
        process.communicate()


@pytest.fixture(scope="module")
def cluster(kubeconfig: str) -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="csi-") as name:
        folder = Path(name)
        driver = FakeDriver(folder, f"live-{uuid.uuid4().hex[:8]}.example.org")
        made = Cluster(driver, folder, kubeconfig)
        for role in ROLES:
            made.start(role)
        yield made
        made.close()
        driver.stop()


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
        assert cluster.stop(role) == 0
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
