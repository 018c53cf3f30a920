"""SNAP and RES: what a restore holds, by volume mode and by what was going on with the source at the cut."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.verbs.sources import MODES, STATES


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.csi_clause("SNAP-DYN-005", "RES-001")
def test_restore_holds_what_was_flushed(csi: Scenario, mode: str, state: str) -> None:
    source = csi.filled(mode, state, "SNAP-DYN-005")
    restored = csi.restore(csi.ready_snapshot(source.claim), mode=mode)
    csi.bound(restored, "RES-001")
    csi.same_data("SNAP-DYN-005", source, restored)
