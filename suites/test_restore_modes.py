"""RES: restores by volume mode: raw devices, and the conversion of one mode into the other."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.scenario import Scenario


@pytest.mark.csi_clause("RES-015")
def test_restored_device_equals_its_source_byte_for_byte(csi: Scenario) -> None:
    source = csi.block_volume("RES-015")
    alpha = csi.write_block(source, "alpha")
    restored = csi.restore(csi.ready_snapshot(source), mode="Block")
    csi.bound(restored, "RES-015")
    readers = [csi.start_read_block(claim, alpha, whole=True) for claim in (source, restored)]
    before, after = (csi.answer_block(reader, "RES-015") for reader in readers)
    csi.holds_block("RES-015", alpha, after, restored)
    csi.check("RES-015", expected=before.whole, observed=after.whole, about=f"all bytes of {restored}")
