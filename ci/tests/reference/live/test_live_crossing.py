"""Sources in another namespace, with the gate on in Kubernetes and the provisioner (RES-023 to 025, CLN-009)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from pytest_csi_snapshot.reference_impl.controllers.kube import kinds, objects
from pytest_csi_snapshot.reference_impl.wire import csi_pb2

from .stage import Cluster, control_plane, stage

Json = dict[str, Any]

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="an embedded cluster needs root")

GATE = "CrossNamespaceVolumeDataSource=true"


@pytest.fixture(scope="module")
def here() -> Iterator[Cluster]:
    """Where the sources are, and the roles."""
    with control_plane(TRIAL_GATES=GATE) as kubeconfig, stage(kubeconfig) as made:
        made.snapshot_classes()
        for role in ("snapshot-controller", "csi-snapshotter"):
            made.start(role)
        made.start("csi-provisioner", f"--feature-gates={GATE}")
        made.claim("src")
        made.snapshot("src", persistentVolumeClaimName="src")
        yield made


@pytest.fixture
def there(here: Cluster) -> Iterator[Cluster]:
    """Another namespace of the same driver."""
    with here.neighbour() as made:
        yield made


def grant(here: Cluster, there: Cluster, name: str, group: str, kind: str, only: str | None = None) -> None:
    peer = {"group": "", "kind": "PersistentVolumeClaim", "namespace": there.ns}
    target = {"group": group, "kind": kind, **({"name": only} if only else {})}
    here.make(kinds.REFERENCE_GRANT, name, {"spec": {"from": [peer], "to": [target]}})


def wish(there: Cluster, claim: str, **source: str) -> Json:
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": there.title("class"),
        "resources": {"requests": {"storage": "1Gi"}},
        "dataSourceRef": source,
    }
    return there.make(kinds.PVC, claim, {"spec": spec})


def until_refused(there: Cluster, claim: Json) -> str:
    query = {"fieldSelector": f"involvedObject.uid={objects.uid(claim)}"}
    for event in there.client.watch(kinds.EVENT, there.ns, **query, timeoutSeconds="30"):
        if event["object"].get("reason") == "ProvisioningFailed":
            return str(event["object"]["message"])
    raise AssertionError("no refusal")


def source_of(there: Cluster, claim: Json) -> Any:
    name = f"pvc-{objects.uid(claim)}"
    (call,) = [call for call in there.driver.made(csi_pb2.CreateVolumeRequest) if call.name == name]
    return call.volume_content_source


def bound(obj: Json | None) -> bool:
    return obj is not None and obj["status"].get("phase") == "Bound"


def test_a_restore_waits_for_the_right_grant(here: Cluster, there: Cluster) -> None:
    group = "snapshot.storage.k8s.io"
    grant(here, there, "of-another-name", group, "VolumeSnapshot", only="other")
    grant(here, there, "of-another-kind", "", "PersistentVolumeClaim")
    claim = wish(there, "restored", apiGroup=group, kind="VolumeSnapshot", name="src", namespace=here.ns)
    refusal = until_refused(there, claim)
    assert (
        f"accessing {here.ns}/src of VolumeSnapshot dataSource from {there.ns}/restored isn't allowed" in refusal
    )
    grant(here, there, "right", group, "VolumeSnapshot", only="src")
    there.until(kinds.PVC, "restored", bound)
    assert source_of(there, claim).WhichOneof("type") == "snapshot"
    protection = "provisioner.storage.kubernetes.io/volumesnapshot-as-source-protection"
    here.until(kinds.SNAPSHOT, "src", lambda obj: obj and not objects.has_finalizer(obj, protection))


def test_a_clone_with_a_grant(here: Cluster, there: Cluster) -> None:
    grant(here, there, "for-clones", "", "PersistentVolumeClaim")
    claim = wish(there, "cloned", kind="PersistentVolumeClaim", name="src", namespace=here.ns)
    there.until(kinds.PVC, "cloned", bound)
    source = here.find(kinds.PVC, "src")
    assert source is not None
    assert source_of(there, claim).volume.volume_id == source["spec"]["volumeName"]
