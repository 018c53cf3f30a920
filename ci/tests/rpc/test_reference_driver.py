"""The reference driver and its backend as processes of their own, judged at the driver's socket."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from reference.driver.conftest import machine, stopped
from reference.driver.machine import Machine
from reference.private_mounts import private_mounts

from .test_runs import run

__all__ = ["machine", "private_mounts", "stopped"]


def test_the_reference_driver_keeps_every_clause(
    machine: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also the limit of 250 snapshots for one volume, which costs most of the time."""
    parameters = tmp_path / "snapshot-class.yaml"
    parameters.write_text("type: snap\n")
    began = time.monotonic()
    done = run(
        tmp_path,
        f"--csi-endpoint=unix://{machine.socket}",
        "--csi-allow=mount",
        f"--csi-snapshot-parameters={parameters}",
        "--csi-snapshot-limit=250",
    )
    with capsys.disabled():
        print(f"\nthe clauses at the socket took {time.monotonic() - began:.1f} s")
    assert done.returncode == 0, done.stdout + machine.driver.said()
    assert "Result: conformant: 21 of 21 MUST clauses passed, none failed" in done.stdout
