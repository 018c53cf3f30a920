"""PFL: what a cluster must have before a driver can be judged in it."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.conditions import status_of
from pytest_csi_snapshot.defaults import is_default
from pytest_csi_snapshot.kube.kinds import (
    CRD,
    CSI_DRIVER,
    CSI_NODE,
    NODE,
    SNAPSHOT,
    SNAPSHOT_API,
    SNAPSHOT_CLASS,
    SNAPSHOT_CONTENT,
    STORAGE_CLASS,
)
from pytest_csi_snapshot.scenario import Scenario

GROUP = SNAPSHOT_API.partition("/")[0]
RULES = {"volumesnapshots": 6, "volumesnapshotcontents": 8, "volumesnapshotclasses": 0}
GROUP_RULES = {"volumegroupsnapshots": 7, "volumegroupsnapshotcontents": 11, "volumegroupsnapshotclasses": 3}


@pytest.mark.csi_clause("PFL-001")
def test_snapshot_crds_are_established_and_serve_v1(csi: Scenario) -> None:
    for kind in (SNAPSHOT, SNAPSHOT_CONTENT, SNAPSHOT_CLASS):
        crd = csi.api.find(CRD, None, f"{kind.plural}.{GROUP}") or {"spec": {"versions": []}}
        conditions = {one["type"]: one["status"] for one in status_of(crd).get("conditions") or []}
        served = [version["name"] for version in crd["spec"]["versions"] if version["served"]]
        csi.check("PFL-001", expected={"Established": "True", "v1": True}, about=kind,
                  observed={"Established": conditions.get("Established"), "v1": "v1" in served})  # fmt: skip


@pytest.mark.csi_clause("PFL-002")
def test_crds_carry_all_their_rules(csi: Scenario) -> None:
    for group, rules in ((GROUP, RULES), ("groupsnapshot.storage.k8s.io", GROUP_RULES)):
        for plural, count in rules.items():
            crd = csi.api.find(CRD, None, f"{plural}.{group}")
            if crd is not None:
                csi.check("PFL-002", expected=count, observed=csi.rules_in(crd), about=f"rules of {plural}")


@pytest.mark.csi_clause("PFL-003")
def test_snapshot_controller_answers(csi: Scenario) -> None:
    csi.event(csi.imported(csi.api.mark.fresh("content")), "SnapshotContentMissing", "PFL-003")


@pytest.mark.csi_clause("PFL-004")
def test_snapshotter_of_the_driver_answers(csi: Scenario) -> None:
    content = csi.import_content(csi.api.mark.fresh("handle"))
    answer = status_of(csi.backend_answers(content))
    csi.check("PFL-004", expected="a status", observed=answer, holds=bool(answer), about=content)


@pytest.mark.csi_clause("PFL-005")
def test_driver_is_registered_on_a_node_that_takes_pods(csi: Scenario) -> None:
    driver = csi.cluster.driver
    registered = csi.api.find(CSI_DRIVER, None, driver)
    csi.check("PFL-005", expected=True, observed=registered is not None, about=f"CSIDriver {driver}")
    nodes = csi.api.list(NODE)
    usable = {node["metadata"]["name"] for node in nodes if not node["spec"].get("unschedulable")}
    homes = [
        node["metadata"]["name"]
        for node in csi.api.list(CSI_NODE)
        if any(each["name"] == driver for each in node["spec"].get("drivers") or [])
    ]
    csi.check("PFL-005", expected="at least one node that takes pods", observed=sorted(homes),
              holds=bool(usable.intersection(homes)), about=f"CSINodes with {driver}")  # fmt: skip


@pytest.mark.csi_clause("PFL-006")
def test_driver_has_a_storage_class(csi: Scenario) -> None:
    told = {
        cls["metadata"]["name"]: {
            "allowVolumeExpansion": cls.get("allowVolumeExpansion", False),
            "volumeBindingMode": cls.get("volumeBindingMode"),
            "reclaimPolicy": cls.get("reclaimPolicy"),
        }
        for cls in csi.api.list(STORAGE_CLASS)
        if cls["provisioner"] == csi.cluster.driver
    }
    csi.check("PFL-006", expected="at least one class", observed=told, holds=bool(told), about=csi.cluster.driver)


@pytest.mark.csi_clause("PFL-007")
def test_driver_has_a_snapshot_class_and_one_default_at_most(csi: Scenario) -> None:
    """Classes of this run are left out: tests that run beside this one make some."""
    classes = [
        cls
        for cls in csi.api.list(SNAPSHOT_CLASS)
        if cls["driver"] == csi.cluster.driver and not csi.api.mark.made_by_us(cls)
    ]
    policies = {cls["metadata"]["name"]: cls["deletionPolicy"] for cls in classes}
    csi.check("PFL-007", expected="at least one class", observed=policies, holds=bool(policies),
              about=csi.cluster.driver)  # fmt: skip
    defaults = [cls["metadata"]["name"] for cls in classes if is_default(cls, SNAPSHOT_CLASS)]
    csi.check("PFL-007", expected="at most one", observed=defaults, holds=len(defaults) <= 1, about="defaults")
