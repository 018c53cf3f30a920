"""DEL: the data of what stays, when that from which it was made goes."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.conditions import TERMINATING
from pytest_csi_snapshot.kube.kinds import PV
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.workloads import trees


@pytest.mark.csi_clause("DEL-014", "RES-018")
def test_snapshot_outlives_its_source(csi: Scenario) -> None:
    source = csi.volume()
    csi.write(source, trees.A)
    volume = csi.pv_of(source)
    snapshot = csi.ready_snapshot(source)
    csi.delete(source)
    csi.gone(source, "DEL-014")
    if refusal := csi.gone_or_refused(volume, "VolumeFailedDelete", "DEL-014"):
        left = csi.api.find(PV, None, volume.name)
        phase = left["status"]["phase"] if left else "gone"  # it was no refusal: the next try has succeeded
        csi.check("DEL-014", expected="Released or Failed, or gone", observed=f"{phase}: {refusal}",
                  holds=phase in ("Released", "Failed", "gone"), about=volume)  # fmt: skip
    restored = csi.restore(snapshot)
    csi.bound(restored, "RES-018")
    csi.holds("DEL-014", trees.A, csi.read(restored, "DEL-014"), restored)


@pytest.mark.csi_clause("DEL-015")
def test_restored_volume_outlives_its_snapshot(csi: Scenario) -> None:
    """A driver may refuse instead; then the snapshot goes as soon as the restored volume is gone."""
    source = csi.volume()
    csi.write(source, trees.A)
    made = csi.taken(source)
    restored = csi.restore(made.snapshot)
    csi.bound(restored)
    csi.delete(made.snapshot)
    refusal = csi.gone_or_refused(made.content, "SnapshotDeleteError", "DEL-015")
    csi.holds("DEL-015", trees.A, csi.read(restored, "DEL-015"), restored)
    if refusal:
        csi.seen(made.snapshot, TERMINATING, "DEL-015")  # and may be gone: one call in many fails without a reason
        csi.delete(restored)
        csi.gone(restored)
        csi.nudge(made.content)
    csi.gone(made.snapshot, "DEL-015")
    csi.backend_keeps("DEL-015", made.handle, kept=False)
