"""Which faults of the driver and of the backend csi-sanity sees; run by ``python -m faults --sanity``.

It asserts nothing: what it finds goes into a file. A fault is caught where a spec fails that passes without it.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from ..driver.machine import Machine
from .test_csi_sanity import TIMEOUT, run

ASKED: dict[str, str] = json.loads(os.environ.get("CSI_SANITY_FAULTS", "{}"))
"""Fault -> role that has it."""

GOOD = ("passed", "skipped", "pending")


@pytest.mark.parametrize("fault", sorted(ASKED))
def test_whether_it_is_seen(stopped: Machine, tmp_path: Path, fault: str) -> None:
    told = complaints(stopped, tmp_path, ["--fault", fault], ASKED[fault])
    path = Path(os.environ["CSI_SANITY_RESULTS"])
    before = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**before, fault: told}))


def test_without_a_fault_nothing_is_seen(stopped: Machine, tmp_path: Path) -> None:
    assert complaints(stopped, tmp_path, [], "") == []


def complaints(machine: Machine, folder: Path, words: list[str], role: str) -> list[str]:
    """The specs that fail, each with the first line of why; or that the driver does not come up, or hangs."""
    machine.backend.start(*(words if role == "backend" else []))
    machine.driver.start(*(words if role == "driver" else []))
    try:
        machine.ready()
        specs = run(machine, folder, "mount", "snap")
    except AssertionError as error:
        return [f"it does not come up: {str(error)[:100]}"]
    except subprocess.TimeoutExpired:
        return [f"it hangs: csi-sanity is not done after {TIMEOUT} s"]
    failed = [spec for spec in specs if spec.state not in GOOD]
    return [f"{spec.name}: {next(iter(spec.why.splitlines()), spec.state)}" for spec in failed]
