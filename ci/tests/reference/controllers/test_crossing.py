"""Sources in another namespace: the gate, and whose grant allows it (RES-023, RES-024, CLN-009)."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from pytest_csi_snapshot.reference_impl.controllers import markers
from pytest_csi_snapshot.reference_impl.controllers.csi.sidecar import Peer
from pytest_csi_snapshot.reference_impl.controllers.kube.kinds import PVC, REFERENCE_GRANT
from pytest_csi_snapshot.reference_impl.controllers.provisioner.grants import lender
from pytest_csi_snapshot.reference_impl.wire import csi_pb2

from .fake_csi import FakeDriver
from .provisioner_stage import Theatre
from .stage import DRIVER, NS

Json = dict[str, Any]

SNAPSHOT_IN_NS = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": "s", "namespace": NS}
CLAIM_IN_NS = {"kind": "PersistentVolumeClaim", "name": "src", "namespace": NS}
FROM_AWAY = {"group": "", "kind": "PersistentVolumeClaim", "namespace": "away"}
TO_SNAPSHOTS = {"group": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot"}
TO_CLAIMS = {"group": "", "kind": "PersistentVolumeClaim"}


@pytest.fixture
def stage(peer: Peer) -> Theatre:
    return Theatre(peer, cross_namespace=True)


def wish(stage: Theatre, source: Json) -> Json:
    """A claim in the namespace ``away``, to be filled from a source in the usual one."""
    meta = {"name": "new", "namespace": "away", "annotations": {markers.PROVISIONER: DRIVER}}
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
        "storageClassName": "longhorn",
        "dataSourceRef": source,
    }
    return stage.kube.put(PVC, {"metadata": meta, "spec": spec}, {"phase": "Pending"})


def grant(stage: Theatre, source: Json, target: Json, namespace: str = NS) -> None:
    meta = {"name": f"grant-{len(stage.kube.log)}", "namespace": namespace}
    stage.kube.create(REFERENCE_GRANT, {"metadata": meta, "spec": {"from": [source], "to": [target]}})


def made_from(driver: FakeDriver) -> list[str | None]:
    calls = driver.made(csi_pb2.CreateVolumeRequest)
    return [call.volume_content_source.WhichOneof("type") for call in calls]


@pytest.mark.parametrize(
    ("source", "target", "kind"),
    [
        (SNAPSHOT_IN_NS, TO_SNAPSHOTS, "snapshot"),
        (SNAPSHOT_IN_NS, {**TO_SNAPSHOTS, "name": "s"}, "snapshot"),
        (CLAIM_IN_NS, TO_CLAIMS, "volume"),
    ],
)
def test_a_grant_opens_the_way(stage: Theatre, driver: FakeDriver, source: Json, target: Json, kind: str) -> None:
    stage.ready_snapshot()
    stage.bound_claim("src")
    claim = wish(stage, source)
    assert "isn't allowed: no ReferenceGrant in namespace ns permits it" in str(stage.sync(claim))
    grant(stage, FROM_AWAY, target)
    assert stage.sync(claim) is None
    assert made_from(driver) == [kind]
    assert stage.made(claim)["spec"]["claimRef"]["namespace"] == "away"


@pytest.mark.parametrize(
    ("source", "target", "namespace"),
    [
        ({**FROM_AWAY, "namespace": "elsewhere"}, TO_SNAPSHOTS, NS),
        ({**FROM_AWAY, "kind": "Secret"}, TO_SNAPSHOTS, NS),
        ({**FROM_AWAY, "group": "apps"}, TO_SNAPSHOTS, NS),
        (FROM_AWAY, {**TO_SNAPSHOTS, "name": "another"}, NS),
        (FROM_AWAY, TO_CLAIMS, NS),
        (FROM_AWAY, {**TO_SNAPSHOTS, "group": ""}, NS),
        (FROM_AWAY, TO_SNAPSHOTS, "away"),
    ],
)
def test_a_grant_about_something_else_does_not(
    stage: Theatre, driver: FakeDriver, source: Json, target: Json, namespace: str
) -> None:
    stage.ready_snapshot()
    grant(stage, source, target, namespace)
    error = stage.sync(wish(stage, SNAPSHOT_IN_NS))
    assert "accessing ns/s of VolumeSnapshot dataSource from away/new isn't allowed" in str(error)
    assert made_from(driver) == []


def test_without_the_gate_no_grant_helps(peer: Peer, driver: FakeDriver) -> None:
    stage = Theatre(peer)
    stage.ready_snapshot()
    grant(stage, FROM_AWAY, TO_SNAPSHOTS)
    error = stage.sync(wish(stage, SNAPSHOT_IN_NS))
    assert "CrossNamespaceVolumeDataSource is not switched on" in str(error)
    assert made_from(driver) == []


def test_a_source_in_use_from_another_namespace_is_protected(stage: Theatre, driver: FakeDriver) -> None:
    stage.ready_snapshot()
    grant(stage, FROM_AWAY, TO_SNAPSHOTS)
    claim = wish(stage, SNAPSHOT_IN_NS)
    driver.script["CreateVolume"].append(grpc.StatusCode.UNAVAILABLE)
    assert stage.sync(claim) is not None
    stage.protection.sweep_snapshot(f"{NS}/s")
    assert stage.protected()
    assert stage.sync(claim) is None
    assert not stage.protected()


def test_a_change_of_a_grant_wakes_the_claims_that_it_may_concern() -> None:
    meta = {"name": "new", "namespace": "away"}
    claim = {"metadata": meta, "spec": {"dataSourceRef": SNAPSHOT_IN_NS}}
    local = {"metadata": meta, "spec": {"dataSourceRef": {**SNAPSHOT_IN_NS, "namespace": "away"}}}
    filled = {"metadata": meta, "spec": {"dataSourceRef": SNAPSHOT_IN_NS, "volumeName": "pv-new"}}
    plain = {"metadata": meta, "spec": {}}
    assert [lender(each) for each in (claim, local, filled, plain)] == [(NS,), (), (), ()]
