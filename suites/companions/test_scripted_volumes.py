"""Drivers whose CreateVolume leaves fields out: what the provisioner makes of it."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.conditions import status_of
from pytest_csi_snapshot.kube.kinds import PV
from pytest_csi_snapshot.scenario import Scenario


@pytest.mark.csi_companion("scripted")
@pytest.mark.csi_clause("RES-020")
def test_an_answer_without_content_source_is_no_restore(csi: Scenario) -> None:
    snapshot = csi.ready_snapshot(csi.volume())
    forgetful = csi.storage_class_with(parameters={"omits": "content_source"})
    restored = csi.claim(csi.restore_size(snapshot), source=snapshot, storage_class=forgetful)
    told = csi.provisioning_error(restored)
    csi.check("RES-020", expected="an error", observed=told or "Bound", holds=bool(told), about=restored)
    csi.seamless("RES-020", restored.kind, PV)
    bound = {status_of(version.object).get("phase") for version in csi.versions(restored)}
    csi.check("RES-020", expected={"Pending"}, observed=bound, about=f"phases of {restored}")
    volumes = [versions[-1].object["spec"].get("claimRef", {}) for versions in csi.history.objects(PV)]
    csi.check("RES-020", expected=False, observed=restored.uid in [ref.get("uid") for ref in volumes],
              about=f"a PersistentVolume for {restored}")  # fmt: skip
    csi.delete(restored)  # before the snapshot, which waits for claims that are made of it
    csi.gone(restored)
