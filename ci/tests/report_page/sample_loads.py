"""What a stress test measured, made up: one phase that grows and one that does not, and one object too few."""

from __future__ import annotations

from typing import Any

from pytest_csi_snapshot.report.loads import Account, Load
from pytest_csi_snapshot.report.plain import to_plain
from pytest_csi_snapshot.stress.measuring import Batch, phase_of

NAME = "snapshots of a few volumes"


def loads(found: int = 1000) -> list[dict[str, Any]]:
    """Plain, as a test in a report has them; ``found`` is how many of a thousand objects were seen in the end."""
    batches = [
        Batch(
            at,
            at + 100,
            10.0,
            {"ready": [0.3 + 0.01 * each for each in range(20)], "deleted": [0.001 * (at + 50)]},
        )
        for at in range(0, 1000, 100)
    ]
    phases = (phase_of("ready", "asked", batches), phase_of("deleted", "deletion asked", batches))
    accounts = (Account("ready, of those created", 1000, 1000), Account("gone, of those created", 1000, found))
    load = Load(
        NAME, "VolumeSnapshot", 1000, 1000, 16, 50.0, 100.0, 12.5, 25.0, phases, {"Aborted": 3}, accounts
    )  # fmt: skip
    return [to_plain(load)]
