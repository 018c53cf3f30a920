"""Three drivers that are broken on purpose: each is failed by the clause meant for it, in words that help."""

from __future__ import annotations

from pathlib import Path

import pytest

from .runs import finished

BROKEN = {
    "snapshot-loses-data": ("SNAP-DYN-005", "driver"),
    "delete-leaves-snapshot": ("DEL-001", "driver"),
    "retain-deletes-snapshot": ("DEL-002", "csi-snapshotter"),
}
"""Fault -> the clause that must fail, and the component that must be named beside it."""


@pytest.mark.parametrize("fault", BROKEN)
def test_the_right_clause_fails(fault: str, tmp_path: Path) -> None:
    clause, component = BROKEN[fault]

    run = finished(tmp_path, f"--csi-fault={fault}", f"--csi-clauses={clause}")

    assert run.returncode == 1, run.stdout
    block = run.stdout[run.stdout.index(f"{clause}  ") :]
    for word in ("expected", "observed", "when", "blamed on", component, "run again with", f"--csi-fault={fault}"):
        assert word in block, f"{word!r} is missing in:\n{block}"
    assert "Traceback" not in run.stdout
