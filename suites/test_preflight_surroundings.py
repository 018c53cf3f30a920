"""PFL: rights, versions and surroundings of a cluster in which a driver is to be judged."""

from __future__ import annotations

import re

import pytest

from pytest_csi_snapshot import inventory
from pytest_csi_snapshot.access import lacking, needed
from pytest_csi_snapshot.kube.kinds import (
    CRD,
    NAMESPACE,
    PVC,
    SNAPSHOT_CLASS,
    SNAPSHOT_CONTENT,
    STORAGE_CLASS,
)
from pytest_csi_snapshot.kube.refusals import ApiError
from pytest_csi_snapshot.kube.repeating import lost, repeating
from pytest_csi_snapshot.labels import RUN
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.verbs.inquiries import age
from pytest_csi_snapshot.workloads import trees

HOUR = 3600.0


@pytest.mark.csi_clause("PFL-008")
def test_we_may_do_what_the_checks_need(csi: Scenario) -> None:
    wanted = needed(csi.station.client).items()
    missing = [f"{verb} {kind.plural}" for kind, verbs in wanted for verb in verbs if not csi.may(verb, kind)]
    csi.check("PFL-008", expected=[], observed=missing, about="verbs that are missing")


@pytest.mark.csi_clause("PFL-009")
def test_controllers_may_do_their_work(csi: Scenario) -> None:
    found = [
        *csi.sidecars(),
        *(each for each in csi.components() if each.program == inventory.SNAPSHOT_CONTROLLER),
    ]
    if not found:
        csi.unknown("PFL-009", "no controller or sidecar runs in a pod that can be recognised")
    for component in found:
        try:
            missing = lacking(csi.api, component)
        except ApiError as error:
            csi.unknown("PFL-009", f"we may not ask what others may do: {error.status} {error.reason}")
        csi.check("PFL-009", expected=[], observed=missing, about=f"{component.program} as {component.account}")


@pytest.mark.csi_clause("PFL-010")
def test_versions_are_known_and_new_enough(csi: Scenario) -> None:
    told = repeating(lost)(csi.station.client.request, "GET", "/version")
    major, minor = (int(re.sub(r"\D", "", str(told[key]))) for key in ("major", "minor"))
    csi.check("PFL-010", expected="at least 1.25", observed=f"{major}.{minor}", holds=(major, minor) >= (1, 25),
              about="API server")  # fmt: skip
    for component in csi.sidecars():
        csi.check("PFL-010", expected="a version", observed=component.version or "none",
                  holds=bool(component.version), about=f"image of {component.program}")  # fmt: skip


@pytest.mark.csi_clause("PFL-011")
def test_foreign_data_sources_come_with_grants(csi: Scenario) -> None:
    grants = csi.api.find(CRD, None, "referencegrants.gateway.networking.k8s.io") is not None
    source = {
        "apiGroup": "snapshot.storage.k8s.io",
        "kind": "VolumeSnapshot",
        "name": "s",
        "namespace": "elsewhere",
    }
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
        "dataSourceRef": source,
    }
    kept = "dataSourceRef" in csi.try_create(PVC, spec=spec)["spec"]
    observed = f"gate {'on' if kept else 'off'}, ReferenceGrants {'' if grants else 'not '}served"
    csi.check("PFL-011", expected="ReferenceGrants where the gate is on", observed=observed,
              holds=grants or not kept, about="CrossNamespaceVolumeDataSource")  # fmt: skip


@pytest.mark.csi_clause("PFL-012")
def test_sidecars_fit_the_classes(csi: Scenario) -> None:
    programs = {component.program for component in csi.sidecars()}
    if not programs:
        csi.unknown("PFL-012", "no sidecar of the driver runs in a pod that can be recognised")
    wanted = {inventory.PROVISIONER, inventory.SNAPSHOTTER}
    if csi.api.get(STORAGE_CLASS, None, csi.cluster.storage_class).get("allowVolumeExpansion"):
        wanted.add(inventory.RESIZER)
    csi.check("PFL-012", expected=sorted(wanted), observed=sorted(programs), holds=wanted <= programs,
              about=f"sidecars of {csi.cluster.driver}")  # fmt: skip


@pytest.mark.csi_clause("PFL-013")
def test_an_ordinary_pod_with_a_volume_runs(csi: Scenario) -> None:
    claim = csi.claim()
    csi.answer(csi.start_write(claim, trees.A), "PFL-013")


@pytest.mark.csi_clause("PFL-014")
def test_nothing_is_left_of_earlier_runs(csi: Scenario) -> None:
    """A run that made something within the last hour may be under way, and is let be."""
    now = csi.api.get(NAMESPACE, None, csi.namespace)["metadata"]["creationTimestamp"]
    newest: dict[str, float] = {}
    left: dict[str, list[str]] = {}
    for kind in (NAMESPACE, SNAPSHOT_CLASS, STORAGE_CLASS, SNAPSHOT_CONTENT):
        for body in csi.api.list(kind, labelSelector=f"{RUN},{RUN}!={csi.api.mark.run}"):
            meta = body["metadata"]
            run = meta["labels"][RUN]
            newest[run] = min(newest.get(run, HOUR), age(meta["creationTimestamp"], now))
            left.setdefault(run, []).append(f"{kind} {meta['name']}")
    old = [each for run, names in left.items() if newest[run] >= HOUR for each in names]
    csi.check("PFL-014", expected=[], observed=old, about="objects of runs that are over")
