"""API-PVC and EXP-002: the fields of a claim that restore, clone and expansion rest on."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from pytest_csi_snapshot.kube.kinds import PVC
from pytest_csi_snapshot.scenario import Scenario

SNAPSHOT = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": "source"}
CLAIM = {"kind": "PersistentVolumeClaim", "name": "source"}
FOREIGN = {"apiGroup": "example.com", "kind": "Populator", "name": "source"}


def spec_with(**fields: Any) -> dict[str, Any]:
    """A spec of a class that does not exist: such a claim stays Pending."""
    return {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "pytest-csi-snapshot-no-such-class",
        "resources": {"requests": {"storage": "1Gi"}},
        **fields,
    }


def sources(claim: dict[str, Any]) -> list[dict[str, Any]]:
    """``dataSource`` and ``dataSourceRef`` without the fields that are empty."""
    found = [claim["spec"].get(field) or {} for field in ("dataSource", "dataSourceRef")]
    return [{name: value for name, value in source.items() if value} for source in found]


@pytest.mark.csi_clause("API-PVC-001", "API-PVC-002")
def test_both_data_sources_say_the_same(csi: Scenario) -> None:
    for source in (SNAPSHOT, CLAIM):
        for field in ("dataSource", "dataSourceRef"):
            made = csi.try_create(PVC, spec=spec_with(**{field: source}))
            csi.check("API-PVC-001", expected=[source, source], observed=sources(made), about=f"{field} alone")
    differing = spec_with(dataSource=SNAPSHOT, dataSourceRef={**SNAPSHOT, "name": "other"})
    csi.refuses(
        "API-PVC-002", "two sources", partial(csi.try_create, PVC, spec=differing), "must match dataSourceRef"
    )


@pytest.mark.csi_clause("API-PVC-003")
def test_data_source_of_a_foreign_kind_is_cleared(csi: Scenario) -> None:
    made = csi.try_create(PVC, spec=spec_with(dataSource=FOREIGN))
    csi.check("API-PVC-003", expected=[{}, {}], observed=sources(made), about="dataSource of a foreign kind")
    made = csi.try_create(PVC, spec=spec_with(dataSourceRef=FOREIGN))
    csi.check("API-PVC-003", expected=[FOREIGN, FOREIGN], observed=sources(made), about="dataSourceRef of one")
    groupless = {"kind": "VolumeSnapshot", "name": "source"}
    made = csi.try_create(PVC, spec=spec_with(dataSource=groupless))
    csi.check("API-PVC-003", expected=[{}, {}], observed=sources(made), about="dataSource without apiGroup")
    attempt = partial(csi.try_create, PVC, spec=spec_with(dataSourceRef=groupless))
    csi.refuses("API-PVC-003", "dataSourceRef without apiGroup", attempt)


@pytest.mark.csi_clause("API-PVC-004")
def test_reference_to_another_namespace_is_dropped_where_the_gate_is_off(csi: Scenario) -> None:
    made = csi.try_create(PVC, spec=spec_with(dataSourceRef={**SNAPSHOT, "namespace": "elsewhere"}))
    if sources(made)[1].get("namespace"):  # one that lost only that would be filled from a local object
        csi.unknown("API-PVC-004", "the gate CrossNamespaceVolumeDataSource is on in this cluster")
    csi.check("API-PVC-004", expected=[{}, {}], observed=sources(made), about="dataSourceRef with a namespace")
    own = {**SNAPSHOT, "namespace": csi.namespace}
    made = csi.try_create(PVC, spec=spec_with(dataSource={**SNAPSHOT, "name": "local"}, dataSourceRef=own))
    local = {**SNAPSHOT, "name": "local"}
    csi.check("API-PVC-004", expected=local, observed=sources(made)[0], about="a local dataSource beside it")


@pytest.mark.csi_clause("API-PVC-006", "EXP-002")
def test_claim_is_frozen_but_for_its_size_once_bound(csi: Scenario) -> None:
    claim = csi.create(PVC, {"spec": spec_with(dataSource=SNAPSHOT)})
    for change in (
        {"dataSource": CLAIM, "dataSourceRef": CLAIM},
        {"volumeMode": "Block"},
        {"accessModes": ["ReadWriteMany"]},
        {"storageClassName": "other"},
    ):
        attempt = partial(csi.try_patch, claim, {"spec": change})
        csi.refuses("API-PVC-006", f"a change of {', '.join(change)}", attempt, "immutable")
    csi.accepts("API-PVC-006", "the volume named", partial(csi.try_patch, claim, {"spec": {"volumeName": "pv"}}))
    larger = {"spec": {"resources": {"requests": {"storage": "2Gi"}}}}
    csi.refuses("EXP-002", "growth before it is bound", partial(csi.try_patch, claim, larger), "immutable")
