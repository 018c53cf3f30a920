"""--csi-rerun: what failed or is open in an earlier report, and nothing else."""

from __future__ import annotations

import json

import pytest

from .conftest import Demo
from .test_report_folder import WORKERS, written
from .test_reports import EVERYTHING

FINDS = """
from dataclasses import dataclass

@dataclass
class Seen:
    clause: str = "STAT-007"
    about: str = ""
    expected: str = "ready stays true"
    observed: str = "ready became false"
    at: float = 1.25
    holds: bool = False
    blame: str = ""

@pytest.mark.csi_clause("DEL-003")
def test_finds(csi_recorder):
    csi_recorder.on_finish(lambda: csi_recorder.attach_violation(Seen()))
    csi_recorder.check("DEL-003", expected=1, observed=1)
"""


@WORKERS
def test_what_failed_or_is_open_is_run_again(demo: Demo, workers: tuple[str, ...]) -> None:
    demo.suite(test_one=EVERYTHING, test_two=FINDS)
    demo.run(*workers)
    result = demo.run("--csi-rerun=csi-report", *workers)
    document = written(demo)
    names = [each["id"].partition("::")[2] for each in document["tests"]]
    assert names == ["test_errs", "test_fails", "test_forgets", "test_finds"]
    assert document["run"]["partial"][0].startswith("--csi-rerun=")
    assert result.ret == 1


def test_nothing_to_run_again(demo: Demo) -> None:
    demo.run()
    result = demo.run("--csi-rerun=csi-report/report.json")
    assert result.ret == 5
    assert result.errlines == [
        f"Exit: --csi-rerun: nothing in {demo.path}/csi-report/report.json failed or is open"
    ]
    assert demo.log == ["create", "delete"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (None, "--csi-rerun: no file 'old.json'"),
        ("{}", "*old.json: is not a report: it has no format 'pytest-csi-snapshot/report'"),
    ],
)
def test_no_report(demo: Demo, text: str | None, line: str) -> None:
    if text:
        (demo.path / "old.json").write_text(text)
    result = demo.run("--csi-rerun=old.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {line}"])
    assert demo.log == []


def test_a_report_about_another_driver(demo: Demo) -> None:
    demo.suite(test_one=EVERYTHING)
    demo.run()
    path = demo.path / "csi-report/report.json"
    document = json.loads(path.read_text())
    document["implementation"]["driver"] = "other.example.org"
    path.write_text(json.dumps(document))
    result = demo.run("--csi-rerun=csi-report")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*is about driver other.example.org, this run is about driver.longhorn.io"])
