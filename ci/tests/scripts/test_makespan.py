"""The bench of the makespan: from a report and CPU seconds to figures."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from bench.cpu_account import ROOT, account
from bench.makespan import judged, lines
from library.report.samples import report as sample

from pytest_csi_snapshot.report.model import Phases, ReportedTest, RunTime, Seconds


def figures(cpu: float, *, makespan: float = 12.0, harness: float = 1.0) -> dict[str, tuple[float, bool]]:
    time = RunTime(Seconds(total=20.0, harness=harness), makespan, "s/a", 9.0, ("s/a",))
    report = replace(sample(), time=time, tests=(ReportedTest("s/a", "passed", phases=Phases(1.0, 8.0, 1.0)),))
    return {each.name: (each.value, each.kept) for each in judged(report, cpu, 2).figures}


RATIO, SHARE = "makespan / max(longest, CPU by cores)", "harness's share of the tests"


def test_the_longest_test_is_the_bound_where_little_is_computed() -> None:
    assert figures(4.0)[RATIO] == (1.2, True)


def test_what_is_computed_is_the_bound_where_that_is_more() -> None:
    assert figures(24.0)[RATIO] == (1.0, True)
    assert figures(24.0, makespan=16.0)[RATIO] == (16 / 12, False)


def test_the_harness_has_a_budget() -> None:
    assert figures(4.0)[SHARE] == (0.05, True)
    assert figures(4.0, harness=3.0)[SHARE] == (0.15, False)


def test_the_table_says_what_is_broken() -> None:
    time = RunTime(Seconds(total=20.0), 40.0, "s/a", 9.0, ("s/a",))
    report = replace(sample(), time=time, tests=(ReportedTest("s/a", "passed", phases=Phases(1.0, 8.0, 1.0)),))
    told = "\n".join(lines(judged(report, 4.0, 2)))
    assert "1.30 broken" in told
    assert "10.0 s  s/a" in told


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
    told = pytest.raises(SystemExit, match=r"CPU seconds cannot be counted: .*; run it as root")
    with told, account(tmp_path / "no"):
        pass


def test_a_group_of_version_two_is_read(tmp_path: Path) -> None:
    with account(tmp_path) as cpu:
        (cpu.folder / "cpu.stat").write_text("usage_usec 2500000\nuser_usec 1\n")
        assert cpu.seconds() == 2.5
        (cpu.folder / "cpu.stat").unlink()
    assert list(tmp_path.iterdir()) == []
