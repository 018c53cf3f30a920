"""CPU seconds of all that a command starts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from bench.cpu_account import ROOT, account
from bench.troubles import BenchError

BURN = "import time; end = time.process_time() + 0.3\nwhile time.process_time() < end: pass"


@pytest.mark.skipif(not os.access(ROOT, os.W_OK), reason="control groups cannot be written here")
def test_what_nobody_waits_for_is_counted_too() -> None:
    orphan = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {BURN!r}], stdout=2)"
    with account() as cpu:
        command = cpu.inside([sys.executable, "-c", orphan])
        ended = subprocess.run(command, stderr=subprocess.PIPE)  # which the orphan has too: until both have ended
        assert ended.returncode == 0
        assert cpu.seconds() > 0.3
        folder = cpu.folder
    assert not folder.exists()


def test_without_control_groups_it_is_one_line(tmp_path: Path) -> None:
    told = pytest.raises(BenchError, match=r"CPU seconds cannot be counted: .*; run it as root")
    with told, account(tmp_path / "no"):
        pass


def test_a_group_of_version_two_is_read(tmp_path: Path) -> None:
    with account(tmp_path) as cpu:
        (cpu.folder / "cpu.stat").write_text("usage_usec 2500000\nuser_usec 1\n")
        assert cpu.seconds() == 2.5
        (cpu.folder / "cpu.stat").unlink()
    assert list(tmp_path.iterdir()) == []
