"""ERR-010: what the snapshot-controller measures.

The test runs alone: operations of others would be in flight when its own have ended.
"""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.conditions import READY
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.verbs.metrics import DURATIONS, done, in_flight

MEASURED = (
    ("CreateSnapshot", "dynamic"),
    ("CreateSnapshotAndReady", "dynamic"),
    ("DeleteSnapshot", "dynamic"),
    ("CreateSnapshotAndReady", "pre-provisioned"),
)
LABELS = {"driver_name", "operation_name", "operation_status", "snapshot_type"}


@pytest.mark.csi_exclusive
@pytest.mark.csi_clause("ERR-010")
def test_operations_on_snapshots_are_measured(csi: Scenario) -> None:
    claim, cls = csi.volume(), csi.snapshot_class("Retain")
    before = csi.controller_metrics("ERR-010")
    taken = csi.ready_snapshot(claim, cls=cls)
    content = csi.content_of(taken)
    csi.ready(csi.import_snapshot(csi.import_content(csi.handle_in(csi.wait(content, READY)))))
    csi.delete(taken)
    csi.gone(taken)
    for operation, kind in MEASURED:
        count = done(before, csi.cluster.driver, operation, kind)
        csi.measured("ERR-010", operation, kind, more_than=count, since=taken)

    now = csi.controller_metrics("ERR-010")
    lacking = [LABELS - sample.labels.keys() for sample in now if sample.name == f"{DURATIONS}_count"]
    csi.check("ERR-010", expected=set(), observed=set().union(*lacking), about=f"labels that lack, {DURATIONS}")
    csi.landed("ERR-010", at_most=in_flight(before) or 0.0)
