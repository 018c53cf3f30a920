"""However a run ends, the machine is afterwards as it was before."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from .runs import finished, read_until, running
from .traces import traces

ONE = "--csi-clauses=SNAP-DYN-001,SNAP-DYN-005"
"""Few clauses, but with a pod and a mounted volume, so that there is something to leave behind."""


def test_a_normal_end(tmp_path: Path) -> None:
    before = traces()
    run = finished(tmp_path, ONE)
    assert run.returncode == 0, run.stdout
    assert traces().since(before) == {}


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=lambda how: how.name)
def test_a_signal_in_the_middle(how: signal.Signals, tmp_path: Path) -> None:
    before = traces()
    with running(tmp_path, "-v", ONE) as run:
        read_until(run, "PASSED")
        run.send_signal(how)
        rest, _ = run.communicate(timeout=60)
    assert run.returncode == 2, rest
    assert traces().since(before) == {}


CRASHER = """
import os, signal

def pytest_runtest_teardown(item):
    os.kill(os.getpid(), signal.SIGKILL)
"""
"""A plugin under which every process that runs a test dies right after it."""


def test_a_worker_that_crashes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.joinpath("crasher.py").write_text(CRASHER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    before = traces()
    run = finished(tmp_path, "-p", "crasher", "-n", "1", "--max-worker-restart=0", ONE)
    assert "crashed" in run.stdout, run.stdout
    assert run.returncode == 3, run.stdout
    assert traces().since(before) == {}


def test_kill_9_and_the_next_run(tmp_path: Path) -> None:
    before = traces()
    with running(tmp_path, "-v", ONE) as run:
        read_until(run, "PASSED")
        os.kill(run.pid, signal.SIGKILL)
        run.communicate(timeout=60)
    again = finished(tmp_path, "--csi-clauses=API-VS-001")
    assert again.returncode == 0, again.stdout
    assert traces().since(before) == {}
