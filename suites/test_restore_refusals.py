"""RES: restores that have to wait, and restores that are refused."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.conditions import READY, TERMINATING
from pytest_csi_snapshot.kube.client import JSON_PATCH
from pytest_csi_snapshot.kube.kinds import PVC, SNAPSHOT
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.quantities import MI, format_quantity
from pytest_csi_snapshot.scenario import Scenario, open_shared
from pytest_csi_snapshot.verbs.snapshots import Taken
from pytest_csi_snapshot.waiting import WaitTimeout

ON_RESTORED = "provisioner.storage.kubernetes.io/volumesnapshot-as-source-protection"


@pytest.fixture(scope="module")
def csi_source(csi_cluster: Cluster) -> Iterator[Taken]:
    """A ready snapshot, which no test of this file changes."""
    with open_shared(csi_cluster, "source of restores") as csi:
        yield csi.taken(csi.volume())


@pytest.mark.csi_clause("RES-003")
def test_request_smaller_than_the_snapshot_is_refused(csi: Scenario, csi_source: Taken) -> None:
    size = csi.restore_size(csi_source.snapshot)
    if not size:
        csi.unknown("RES-003", "the snapshot has no restoreSize: no request is known to be too small")
    csi.not_provisioned("RES-003", csi.restore(csi_source.snapshot, size - MI))
    csi.bound(csi.restore(csi_source.snapshot, size), "RES-003")


@pytest.mark.csi_clause("RES-007", "SNAP-PRE-008")
def test_claim_on_a_snapshot_that_is_not_ready_waits_for_it(csi: Scenario, csi_source: Taken) -> None:
    """The snapshot is an imported one, whose content comes later than claim and snapshot."""
    name = csi.api.mark.fresh("content")
    snapshot = csi.imported(name)
    csi.event(snapshot, "SnapshotContentMissing", "SNAP-PRE-008")
    restored = csi.restore(snapshot, csi.restore_size(csi_source.snapshot) or csi.size)
    csi.not_provisioned("RES-007", restored)

    csi.import_content(csi_source.handle, name=name, snapshot=snapshot.name)
    csi.nudge(snapshot)
    csi.ready(snapshot, "SNAP-PRE-008")
    csi.nudge(restored)
    csi.bound(restored, "RES-007")


@pytest.mark.csi_clause("RES-008")
def test_claim_on_a_snapshot_that_does_not_exist_waits_for_it(csi: Scenario) -> None:
    missing = csi.missing_snapshot()
    restored = csi.claim(source=missing)
    csi.not_provisioned("RES-008", restored)
    csi.ready(csi.snapshot(csi.volume(), name=missing.name))
    csi.nudge(restored)
    csi.bound(restored, "RES-008")


def terminating_snapshot(csi: Scenario, *finalizers: str) -> Handle:
    """A ready snapshot that is to be deleted: a claim that waits for its first pod still needs it (FIN-007)."""
    snapshot = csi.ready_snapshot(csi.volume())
    csi.waiting_restore(snapshot)
    for finalizer in finalizers:
        addition = [{"op": "add", "path": "/metadata/finalizers/-", "value": finalizer}]
        csi.patch(snapshot, addition, content_type=JSON_PATCH)
    csi.delete(snapshot)
    csi.wait(snapshot, TERMINATING)
    return snapshot


@pytest.mark.csi_clause("RES-009")
def test_snapshot_that_is_being_deleted_refuses_restores(csi: Scenario) -> None:
    snapshot = terminating_snapshot(csi)
    csi.not_provisioned("RES-009", csi.restore(snapshot))
    csi.wait(snapshot, READY)


@pytest.mark.csi_clause("RES-009")
def test_restore_under_way_keeps_its_snapshot_open_for_others(csi: Scenario) -> None:
    """What the provisioner puts on the source of a restore is put there by hand."""
    snapshot = terminating_snapshot(csi, ON_RESTORED)
    try:
        csi.bound(csi.restore(snapshot), "RES-009")
    except WaitTimeout:
        csi.steady("RES-009", snapshot, "a provisioner that begins takes off what no claim seems to need")
        raise
    left = [each for each in csi.get(snapshot)["metadata"]["finalizers"] if each != ON_RESTORED]
    csi.patch(snapshot, {"metadata": {"finalizers": left}})


@pytest.mark.csi_clause("RES-010")
def test_snapshot_of_another_driver_is_refused(csi: Scenario, csi_source: Taken) -> None:
    """By its handle the driver could restore it; that it names another driver is all that is wrong."""
    foreign = csi.import_content(csi_source.handle, driver=csi.forsaken_driver())
    snapshot = csi.import_snapshot(foreign)
    size = csi.restore_size(csi_source.snapshot) or csi.size
    status = {"readyToUse": True, "snapshotHandle": csi_source.handle, "restoreSize": size}
    csi.patch(foreign, {"status": status}, subresource="status")
    csi.ready(snapshot)
    refused = csi.restore(snapshot, size)
    csi.not_provisioned("RES-010", refused)
    csi.bound(csi.restore(csi_source.snapshot), "RES-010")
    csi.still_pending("RES-010", refused)


@pytest.mark.csi_clause("RES-010")
def test_another_class_of_the_same_driver_restores(csi: Scenario, csi_source: Taken) -> None:
    size = csi.restore_size(csi_source.snapshot) or csi.size
    restored = csi.claim(size, source=csi_source.snapshot, storage_class=csi.storage_class_with())
    csi.bound(restored, "RES-010")


@pytest.mark.csi_clause("RES-011")
def test_snapshot_without_a_content_is_refused(csi: Scenario) -> None:
    """Its class does not exist, so no content is made for it."""
    unbound = csi.snapshot(csi.volume(), cls=csi.api.mark.fresh("class"))
    csi.event(unbound, "GetSnapshotClassFailed")
    csi.not_provisioned("RES-011", csi.restore(unbound))


SPOILT = {
    "refers to another": ("spec", "volumeSnapshotRef", "uid", str(uuid.uuid4())),
    "has no handle": ("status", "snapshotHandle", None, None),
}


@pytest.mark.parametrize("how", SPOILT)
@pytest.mark.csi_clause("RES-011")
def test_snapshot_whose_content_is_wrong_is_refused(csi: Scenario, csi_source: Taken, how: str) -> None:
    """Of a content that is taken back as it was the same claim is bound: nothing else was in its way."""
    content = csi.import_content(csi_source.handle)
    snapshot = csi.import_snapshot(content)
    csi.ready(snapshot)
    csi.contents_heard(csi_source.handle)  # who has yet to see its own binding would bind the pair again
    part, field, key, wrong = SPOILT[how]
    right = csi.get(content)[part][field]
    where = "status" if part == "status" else None
    csi.patch(content, {part: {field: {key: wrong} if key else wrong}}, subresource=where)
    restored = csi.restore(snapshot)
    csi.not_provisioned("RES-011", restored)
    csi.patch(content, {part: {field: right}}, subresource=where)
    csi.nudge(snapshot)
    csi.ready(snapshot)
    csi.nudge(restored)
    csi.bound(restored, "RES-011")


@pytest.mark.csi_clause("RES-012")
def test_snapshot_of_another_namespace_is_not_found(csi: Scenario) -> None:
    elsewhere = csi.claim(namespace=csi.another_namespace().name)
    csi.bound(elsewhere)
    snapshot = csi.ready_snapshot(elsewhere)
    namesake = Handle(SNAPSHOT, csi.namespace, snapshot.name, "")
    refused = csi.claim(csi.restore_size(snapshot) or csi.size, source=namesake)
    csi.not_provisioned("RES-012", refused)
    csi.nudge(refused)
    csi.bound(csi.restore(snapshot))
    csi.still_pending("RES-012", refused)


def odd_claim(csi: Scenario, namespace: str, **fields: Any) -> Handle:
    """A claim with fields that no other test uses."""
    size = {"requests": {"storage": format_quantity(csi.size)}}
    spec = {"accessModes": ["ReadWriteOnce"], "storageClassName": csi.storage_class, "resources": size, **fields}
    return csi.create(PVC, {"metadata": {"namespace": namespace}, "spec": spec})


@pytest.mark.csi_clause("RES-021")
def test_claim_with_a_selector_is_refused(csi: Scenario, csi_source: Taken) -> None:
    plain = csi.restore(csi_source.snapshot)
    source = csi.get(plain)["spec"]["dataSource"]
    selector = {"matchLabels": {"no": "volume"}}
    refused = odd_claim(csi, plain.namespace, dataSource=source, selector=selector)
    csi.not_provisioned("RES-021", refused)
    csi.bound(plain)
    csi.still_pending("RES-021", refused)


@pytest.mark.csi_clause("RES-021")
def test_source_of_a_kind_that_nobody_knows_is_left_to_others(csi: Scenario) -> None:
    csi.bound(csi.claim())  # whoever looks at claims knows the class by now
    stranger = {"apiGroup": "example.com", "kind": "Stranger", "name": "anything"}
    claim = odd_claim(csi, csi.namespace, dataSourceRef=stranger)
    csi.event(claim, "Provisioning", "RES-021")
    csi.bound(csi.claim())
    warnings = [e.object.get("message") for e in csi.events_of(claim) if e.object.get("type") == "Warning"]
    csi.check("RES-021", expected=[], observed=warnings, about=f"warnings about {claim}")
    csi.still_pending("RES-021", claim)
