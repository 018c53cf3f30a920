"""The Tekton task, its steps run as its runner does, where there is no cluster to judge."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .steps import TaskRun

NOWHERE = {"KUBECONFIG": "/nonexistent"}


@pytest.mark.parametrize(("gate", "code"), [("verdict", 3), ("none", 0)])
def test_the_gate_decides_whether_trouble_fails_the_task(tmp_path: Path, gate: str, code: int) -> None:
    task = TaskRun(tmp_path, driver="disk.example.com", gate=gate)
    done = task.run(**NOWHERE)
    assert done.returncode == code, done.stdout
    assert "no usable kubeconfig" in done.stdout
    assert task.results["exit-code"] == "3"
    assert task.results["verdict"].startswith("nothing judged: ")


def test_arguments_reach_pytest_whole_and_the_report_lies_in_the_workspace(tmp_path: Path) -> None:
    task = TaskRun(tmp_path, driver="disk.example.com", arguments=["-k", "restore and not clone"])
    task.run(**NOWHERE)
    report = json.loads((task.workspaces["report"] / "report.json").read_text())
    assert report["implementation"]["driver"] == "disk.example.com"
    assert "'restore and not clone'" in report["run"]["command"]


def test_a_wrong_argument_is_told_by_its_code_and_leaves_no_verdict(tmp_path: Path) -> None:
    task = TaskRun(tmp_path, driver="disk.example.com", arguments=["--csi-clauses=NONE-001"])
    done = task.run(**NOWHERE)
    assert (done.returncode, task.results["exit-code"]) == (4, "4"), done.stdout
    assert task.results["verdict"].count("conformant") == 0
