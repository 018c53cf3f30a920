"""Evidence of runs: written by whoever ran the test, told by its last report, and never a reason to fail."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_csi_snapshot.evidence.model import Evidence
from pytest_csi_snapshot.evidence.writing import read_evidence

from .conftest import ONE, Demo

TOLD = """
import json
from pathlib import Path

def pytest_runtest_logreport(report):
    text = getattr(report, "csi_payload", None)
    if text and report.when == "teardown":
        with Path({path!r}).open("a") as told:
            told.write(text + "\\n")
"""

FAILS = """
@pytest.mark.csi_clause("DEL-001")
def test_stays(csi_recorder):
    csi_recorder.check("DEL-001", expected="gone", observed="there", about="VolumeSnapshot a")
"""

BY_THE_WAY = """
def test_by_the_way():
    pass
"""

workers = pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])


def evidence_in(demo: Demo) -> dict[str, Evidence]:
    found = [read_evidence(path) for path in (demo.path / "csi-report/evidence").iterdir()]
    return {each.test.rpartition("::")[2]: each for each in found}


def payloads(demo: Demo, *args: str) -> dict[str, dict[str, object]]:
    """Run, and the payloads of the last reports of the tests, by the names of their clauses' outcomes."""
    path = demo.path / "told.jsonl"
    demo.pytester.makeconftest(TOLD.format(path=str(path)))
    demo.run(*args)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return {str(line["outcome"]): line for line in lines}


@workers
def test_every_test_leaves_its_evidence(demo: Demo, workers: tuple[str, ...]) -> None:
    demo.suite(test_two=FAILS, test_three=BY_THE_WAY)
    told = payloads(demo, *workers)
    found = evidence_in(demo)
    assert {name: each.outcome for name, each in found.items()} == {"test_gone": "passed", "test_stays": "failed"}
    assert [(check.clause, check.holds) for check in found["test_gone"].checks] == [("DEL-001", True)]
    assert [each.text for each in found["test_stays"].violations] == ["expected gone, observed there"]
    for each in found.values():
        payload = told[each.outcome]
        assert payload["evidence"] == f"evidence/{path_of(demo, each)}"
        assert payload["began"] == each.began
        assert set(payload["phases"]) == {"setup", "call", "teardown"}  # type: ignore[call-overload]
        parts = payload["seconds_by"]
        assert isinstance(parts, dict)
        assert sum(parts.values()) - parts["total"] == pytest.approx(parts["total"], abs=0.005)


def path_of(demo: Demo, evidence: Evidence) -> str:
    return next(
        path.name
        for path in (demo.path / "csi-report/evidence").iterdir()
        if read_evidence(path).test == evidence.test
    )


def test_without_a_report_there_is_no_evidence_and_the_times_are_told(demo: Demo) -> None:
    payload = payloads(demo, "--csi-report=none")["passed"]
    assert payload["evidence"] == ""
    assert payload["seconds_by"]
    assert not (demo.path / "csi-report").exists()


@pytest.fixture
def tiny(demo: Demo) -> Iterator[Path]:
    """The folder of evidence on a file system of one page."""
    if os.geteuid():
        pytest.skip("only root can mount a file system that is full")
    folder = demo.path / "csi-report/evidence"
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "none", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


@workers
def test_a_full_disk_is_told_once_and_changes_no_outcome(demo: Demo, tiny: Path, workers: tuple[str, ...]) -> None:
    (tiny / "all").write_bytes(b"x" * 4096)
    demo.suite(test_two=ONE.replace("test_gone", "test_gone_too"))
    result = demo.run(*workers)
    assert result.ret == 0
    lines = [line for line in result.outlines if "could not be written" in line]
    assert lines == [
        "csi-snapshot: the evidence of 2 tests could not be written: No space left on device: csi-report"
    ]
    assert [path.name for path in tiny.iterdir()] == ["all"]
    report = json.loads((demo.path / "csi-report/report.json").read_text())
    assert report["notes"] == [lines[0].removeprefix("csi-snapshot: ")]
    lost = "No space left on device: csi-report"
    assert [(each["evidence"], each["evidence_lost"]) for each in report["tests"]] == [("", lost)] * 2


def test_a_folder_that_cannot_be_made_is_told_and_changes_no_outcome(demo: Demo) -> None:
    (demo.path / "csi-report").mkdir()
    (demo.path / "csi-report/evidence").touch()
    result = demo.run()
    assert result.ret == 0
    result.stdout.fnmatch_lines(["csi-snapshot: the evidence of 1 test could not be written: *exists: csi-report"])


def test_a_test_of_ones_own_whose_teardown_fails_is_a_failure_of_its_own(demo: Demo) -> None:
    demo.suite(test_one="""
@pytest.fixture
def fails_late():
    yield
    raise RuntimeError("late")

def test_ours(csi_recorder, fails_late):
    pass
""" + ONE)  # fmt: skip
    assert demo.run().ret == 1
    assert evidence_in(demo)["test_ours"].outcome == "errored"
