"""What CRDs without validation rules let in, the snapshot-controller has to tell."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.kube.kinds import SNAPSHOT, SNAPSHOT_CONTENT
from pytest_csi_snapshot.scenario import Scenario


@pytest.mark.csi_companion("old-crds")
@pytest.mark.csi_clause("BIND-008")
def test_objects_with_both_sources_or_none_are_told(csi: Scenario) -> None:
    csi.ledger.forsaken.add(csi.cluster.driver)  # no driver serves this cluster
    for source in ({}, {"volumeHandle": "a-volume", "snapshotHandle": "a-snapshot"}):
        name = csi.api.mark.fresh("content")
        spec = {
            "driver": csi.cluster.driver,
            "deletionPolicy": "Retain",
            "source": source,
            "volumeSnapshotRef": {"name": name, "namespace": csi.namespace},
        }
        content = csi.create(SNAPSHOT_CONTENT, {"metadata": {"name": name}, "spec": spec})
        csi.event(content, "ContentValidationError", "BIND-008")
    for source in ({}, {"persistentVolumeClaimName": "a-claim", "volumeSnapshotContentName": "a-content"}):
        spec = {"source": source, "volumeSnapshotClassName": csi.forsaken_class()}
        snapshot = csi.create(SNAPSHOT, {"spec": spec})
        csi.event(snapshot, "SnapshotValidationError", "BIND-008")
