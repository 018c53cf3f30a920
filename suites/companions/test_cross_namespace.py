"""Claims that are filled from another namespace: its owner must have granted it."""

from __future__ import annotations

from functools import partial

import pytest

from pytest_csi_snapshot.conditions import TERMINATING, has_finalizer, status_of
from pytest_csi_snapshot.kube.kinds import PVC, SNAPSHOT
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.workloads import trees

BY_PROVISIONER = "provisioner.storage.kubernetes.io/volumesnapshot-as-source-protection"

on_companion = pytest.mark.csi_companion("cross-namespace", or_itself=True)


def refused(csi: Scenario, clause: str, claim: Handle) -> None:
    """Check that a claim is not filled: the provisioner said so, and it is Pending after that."""
    told = csi.provisioning_error(claim)
    csi.check(clause, expected="an error", observed=told or "Bound", holds=bool(told), about=claim)
    csi.check(clause, expected="Pending", observed=status_of(csi.get(claim)).get("phase"), about=claim)


@on_companion
@pytest.mark.csi_clause("API-PVC-005")
def test_a_local_source_beside_one_elsewhere_is_refused(csi: Scenario) -> None:
    csi.may_cross("API-PVC-005")
    local = {"kind": "PersistentVolumeClaim", "name": "source"}
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": csi.storage_class,
        "resources": {"requests": {"storage": "1Gi"}},
        "dataSource": local,
        "dataSourceRef": {**local, "namespace": "elsewhere"},
    }
    csi.refuses("API-PVC-005", "dataSource beside a namespace", partial(csi.try_create, PVC, spec=spec))


@on_companion
@pytest.mark.csi_clause("RES-023", "RES-024")
def test_restore_across_namespaces_needs_a_matching_grant(csi: Scenario) -> None:
    csi.may_cross("RES-023")
    source = csi.volume()
    csi.write(source, trees.A)
    snapshot, granted = csi.ready_snapshot(source), csi.ready_snapshot(source)
    elsewhere = csi.other_namespace()
    claim = csi.claim_from(snapshot, elsewhere)
    refused(csi, "RES-024", claim)

    csi.grant(snapshot, elsewhere, name=granted.name)
    csi.grant(snapshot, elsewhere, kind=PVC)
    csi.grant(snapshot, csi.namespace)
    csi.nudge(claim)
    csi.bound(csi.claim_from(granted, elsewhere), "RES-023")  # and a probe: the grants have been seen
    refused(csi, "RES-024", claim)

    csi.grant(snapshot, elsewhere)
    csi.nudge(claim)
    csi.bound(claim, "RES-024")
    csi.holds("RES-023", trees.A, csi.read(claim, "RES-023"), claim)


@on_companion
@pytest.mark.csi_clause("CLN-009")
def test_clone_across_namespaces_needs_a_matching_grant(csi: Scenario) -> None:
    csi.may_cross("CLN-009")
    source = csi.volume()
    csi.write(source, trees.A)
    elsewhere = csi.other_namespace()
    clone = csi.claim_from(source, elsewhere)
    csi.grant(source, elsewhere, kind=SNAPSHOT)
    refused(csi, "CLN-009", clone)

    csi.grant(source, elsewhere)
    csi.nudge(clone)
    csi.bound(clone, "CLN-009")
    csi.holds("CLN-009", trees.A, csi.read(clone, "CLN-009"), clone)


@pytest.mark.csi_companion("cross-namespace")
@pytest.mark.csi_clause("RES-025")
def test_only_the_provisioner_protects_the_source_of_a_restore_elsewhere(csi: Scenario) -> None:
    snapshot = csi.ready_snapshot(csi.volume())
    content = csi.content_of(snapshot)
    elsewhere = csi.other_namespace()
    csi.grant(snapshot, elsewhere)
    slow = csi.storage_class_with(parameters={"answers": "CreateVolume=UNAVAILABLE*0"})
    restored = csi.claim_from(snapshot, elsewhere, storage_class=slow)
    csi.wait(snapshot, has_finalizer(BY_PROVISIONER), "RES-025")
    csi.delete(snapshot)
    csi.wait(snapshot, TERMINATING)
    csi.gone(content, "RES-025")  # the snapshot-controller sees no use of it
    csi.nudge(snapshot)
    csi.ready_snapshot(csi.volume())  # a probe: it has looked at the nudged one
    held = csi.get(snapshot)["metadata"].get("finalizers")
    csi.check("RES-025", expected=[BY_PROVISIONER], observed=held, about=snapshot)
    csi.check("RES-025", expected="Pending", observed=status_of(csi.get(restored)).get("phase"), about=restored)
    csi.delete(restored)  # that the snapshot goes then is for the clean-up to see (FIN-011)
