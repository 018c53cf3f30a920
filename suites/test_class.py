"""CLS: which class a snapshot is made with, and what comes of a wrong one."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.conditions import HAS_ERROR, NAMES_CONTENT, status_of
from pytest_csi_snapshot.kube.kinds import SNAPSHOT_CLASS, SNAPSHOT_CONTENT
from pytest_csi_snapshot.scenario import Scenario


@pytest.mark.csi_clause("CLS-001")
def test_named_class_is_used(csi: Scenario) -> None:
    cls = csi.derived_class("Retain")
    snapshot = csi.ready_snapshot(csi.volume(), cls=cls.name)
    spec = csi.get(csi.content_of(snapshot))["spec"]
    observed = (spec.get("volumeSnapshotClassName"), spec["deletionPolicy"])
    csi.check("CLS-001", expected=(cls.name, "Retain"), observed=observed, about=snapshot)


@pytest.mark.csi_clause("CLS-002", "ERR-008")
def test_class_that_does_not_exist_is_an_error_until_it_does(csi: Scenario) -> None:
    claim = csi.volume()
    name = csi.api.mark.fresh("class")
    snapshot = csi.snapshot(claim, cls=name)
    csi.event(snapshot, "GetSnapshotClassFailed", "CLS-002")
    broken = csi.wait(snapshot, HAS_ERROR, "CLS-002")
    made = csi.api.find(SNAPSHOT_CONTENT, None, f"snapcontent-{snapshot.uid}")
    csi.check(
        "CLS-002",
        expected={"content": False, "finalizers": None, "readyToUse": None},
        observed={
            "content": made is not None,
            "finalizers": broken["metadata"].get("finalizers"),
            "readyToUse": status_of(broken).get("readyToUse"),
        },
        about=snapshot,
    )
    csi.class_like_ours(name)
    csi.nudge(snapshot)
    csi.ready(snapshot, "ERR-008")


@pytest.mark.csi_clause("CLS-010")
def test_class_of_another_driver_leaves_the_snapshot_unready(csi: Scenario) -> None:
    claim = csi.volume()
    snapshot = csi.snapshot(claim, cls=csi.forsaken_class())
    csi.wait(snapshot, NAMES_CONTENT, "CLS-010")
    named = csi.api.get(SNAPSHOT_CLASS, None, csi.get(snapshot)["spec"]["volumeSnapshotClassName"])["driver"]
    content = csi.content_of(snapshot)
    csi.check("CLS-010", expected=named, observed=csi.get(content)["spec"]["driver"], about=f"driver of {content}")
    csi.ready_snapshot(claim)  # a probe: a snapshot of the right class went all the way meanwhile
    csi.check(
        "CLS-010", expected={}, observed=status_of(csi.get(content)), about=f"status of {content}", blame="SS"
    )
    status = status_of(csi.get(snapshot))
    observed = (status.get("readyToUse"), status.get("error"))
    csi.check("CLS-010", expected=(False, None), observed=observed, about=snapshot)
