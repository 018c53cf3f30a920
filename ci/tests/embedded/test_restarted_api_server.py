"""The API server ends in the middle of a test, and begins again: the test passes, and it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from .runs import finished

PLUGIN = """
import os
from pathlib import Path

from pytest_csi_snapshot.fixtures import linux
from pytest_csi_snapshot.fixtures.embedded import provider
from pytest_csi_snapshot.fixtures.embedded.rundir import RunDir
from pytest_csi_snapshot.scenario import Scenario

provider.restarts = lambda faults: {"kube-apiserver": [10.0, 20.0]}
clean = Scenario.restore


def restore(self, *given, **named):
    log = RunDir(Path(self.cluster.run_dir)).restarts
    news = linux.inotify(str(log.parent), linux.IN_CLOSE_WRITE)
    before = ends(log)
    while ends(log) == before:
        os.read(news, 64 * 1024)
    os.close(news)
    return clean(self, *given, **named)


def ends(log):
    return log.read_text().count("has ended") if log.exists() else 0


Scenario.restore = restore
"""
"""A snapshot is restored only once the API server has ended after it was cut."""


def test_a_restore_that_is_asked_for_while_there_is_no_api_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.joinpath("restarting.py").write_text(PLUGIN)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    run = finished(
        tmp_path,
        *("-p", "restarting", "--csi-fault=jitter-kube-apiserver"),
        *("--csi-clauses=RES-001", "-k", "test_restored_volume_holds_the_data_of_the_cut"),
    )
    assert run.returncode in (0, 3), run.stdout  # 3: what is true of all versions is unknown over a gap in a watch
    assert "1 passed" in run.stdout, run.stdout
    assert "none failed" in run.stdout, run.stdout
    assert "kube-apiserver was restarted on purpose" in run.stdout, run.stdout
