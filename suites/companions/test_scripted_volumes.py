"""Drivers whose CreateVolume fails or leaves fields out: what the provisioner makes of it."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.conditions import has_finalizer, lacks_finalizer, status_of
from pytest_csi_snapshot.kube.kinds import PV
from pytest_csi_snapshot.ledger import RESTORE_FINALIZER
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


@pytest.mark.csi_companion("scripted")
@pytest.mark.csi_clause("FIN-008")
def test_snapshot_is_protected_until_the_driver_has_made_the_restore(csi: Scenario) -> None:
    """Refused twice, with seconds between; the volume's own object may come after the finalizer is off."""
    snapshot = csi.ready_snapshot(csi.volume())
    busy = csi.storage_class_with(parameters={"answers": "CreateVolume=UNAVAILABLE*2"})
    restored = csi.claim(csi.restore_size(snapshot), source=snapshot, storage_class=busy)
    csi.event(restored, "ProvisioningFailed", "FIN-008", mentions="Unavailable")
    csi.bound(restored)
    csi.wait(snapshot, lacks_finalizer(RESTORE_FINALIZER), "FIN-008")
    csi.seamless("FIN-008", snapshot.kind)
    held = has_finalizer(RESTORE_FINALIZER)
    told = [event for event in csi.events_of(restored) if "Unavailable" in event.object["message"]]
    refusals = sorted(int(event.resource_version) for event in told)
    versions = [(int(version.resource_version), held.holds(version.object)) for version in csi.versions(snapshot)]
    first = next(number for number, protected in versions if protected)
    freed = next(number for number, protected in versions if number > first and not protected)
    kept = first < refusals[0] and refusals[-1] < freed
    csi.check("FIN-008", expected="the finalizer from before the first refusal until after the last",
              observed=f"from version {first} to {freed}, refused at {refusals}", holds=kept, about=snapshot,
              blame=None if kept else csi.takes_off_finalizers(snapshot, "EP"))  # fmt: skip
