"""The report that a run writes: when, where, and what it says of a run that ends badly."""

from __future__ import annotations

import json
import os
import select
import subprocess
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pytest_csi_snapshot.report.document import SCHEMA

from .conftest import Demo
from .test_reports import EVERYTHING

WORKERS = pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "workers"])
FORM = json.loads(files("pytest_csi_snapshot").joinpath(SCHEMA).read_text("utf-8"))
OURS = '{"format": "pytest-csi-snapshot/report", "version": 1}'


def written(demo: Demo, folder: str = "csi-report") -> Any:
    """The report, which is of the published form."""
    document = json.loads((demo.path / folder / "report.json").read_text())
    jsonschema.validate(document, FORM)
    return document


def clauses(document: Any) -> dict[str, str]:
    return {each["id"]: each["outcome"] for each in document["clauses"] if each["outcome"] != "not run"}


@WORKERS
def test_what_a_run_came_to(demo: Demo, workers: tuple[str, ...]) -> None:
    demo.suite(test_one=EVERYTHING)
    assert demo.run("--csi-storage-class=fast", *workers).ret == 1
    document = written(demo)
    assert clauses(document) == {
        "SNAP-DYN-001": "unknown",
        "SNAP-DYN-002": "failed",
        "DEL-001": "passed",
        "DEL-002": "errored",
        "RES-001": "unknown",
        "RES-002": "skipped",
        "RES-006": "unknown",
        "CLN-001": "not supported",
    }
    assert {each["id"].partition("::")[2]: each["outcome"] for each in document["tests"]} == {
        "test_fails": "failed",
        "test_passes": "passed",
        "test_errs": "errored",
        "test_lacks": "not supported",
        "test_cannot_tell": "unknown",
        "test_forgets": "unknown",
        "test_skipped": "skipped",
    }
    broken = next(each for each in document["clauses"] if each["id"] == "SNAP-DYN-002")
    assert broken["blamed"] == [{"component": "snapshot-controller", "version": "v8.6.0"}]
    assert broken["failures"][0]["rerun"].endswith(
        "--csi-storage-class=fast 'demo/suites/test_one.py::test_fails'"
    )
    assert document["verdict"]["sentence"].startswith("not conformant: 1 of ")
    assert (document["verdict"]["exit_code"], document["run"]["partial"], document["missing"]) == (1, [], [])
    assert {"name": "csi_storage_class", "value": "fast", "source": "option"} in document["run"]["settings"]
    assert document["run"]["workers"] == (2 if workers else 1)
    assert {each["worker"] for each in document["tests"]} <= ({"gw0", "gw1"} if workers else {""})
    assert document["cluster"]["kubernetes"] == "v1.37.2"
    assert document["implementation"] == {"driver": "driver.longhorn.io", "version": "1.4.0", "reference": True}


@pytest.mark.parametrize(
    "arguments",
    [("--csi-report=none",), ("--csi-list",), ("--collect-only",), ("--csi-report=no/such/x", "--help")],
)
def test_where_nothing_is_written(demo: Demo, arguments: tuple[str, ...]) -> None:
    before = set(demo.path.iterdir())
    assert demo.run(*arguments).ret == 0
    names = {path.name for path in set(demo.path.iterdir()) - before}
    assert not names & {"csi-report", "none", "no"}


@WORKERS
@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("-k", "passes"), "-k passes"),
        (("--csi-clauses=DEL-001",), "--csi-clauses=DEL-001"),
        (("demo/suites/test_one.py",), "demo/suites/test_one.py"),
    ],
)
def test_a_part_says_which(demo: Demo, workers: tuple[str, ...], arguments: tuple[str, ...], reason: str) -> None:
    demo.suite(test_one=EVERYTHING)
    demo.run(*arguments, *workers)
    document = written(demo)
    assert document["run"]["partial"] == document["run"]["selected"] == [reason]
    assert document["verdict"]["result"] != "conformant"


LOOKS = """
import json

def report(): return json.load(open("csi-report/report.json"))

@pytest.mark.parametrize("number", range(25))
def test_of_many(number): pass

def test_zlast():
    seen = report()
    assert seen["verdict"]["sentence"] == "partial: the run has not ended"
    assert seen["missing"] == ["the run has not ended"]
    assert sum(each["outcome"] == "passed" for each in seen["tests"]) == 20
    assert sum(each["outcome"] == "not run" for each in seen["tests"]) == 6
"""


def test_a_run_that_goes_on_says_so_and_what_it_has_seen(demo: Demo) -> None:
    demo.suite(test_one=LOOKS)
    demo.run().assert_outcomes(passed=26)
    assert written(demo)["missing"] == []


BLOCKS = """
@pytest.mark.csi_clause("DEL-001")
def test_first(csi_recorder):
    csi_recorder.check("DEL-001", expected=1, observed=1)

def test_second(csi_cluster):
    import stand_in
    stand_in.block()
"""


def test_a_killed_run_leaves_a_report_without_a_verdict(demo: Demo) -> None:
    demo.suite(test_one=BLOCKS)
    (demo.path / "csi-report").mkdir()
    (demo.path / "csi-report/report.json").write_text(OURS)
    fifo = demo.path / "fifo"
    os.mkfifo(fifo)
    demo.env(FIFO=str(fifo))
    reading = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    process = demo.start()
    select.select([reading, os.pidfd_open(process.pid)], [], [])
    process.kill()
    process.communicate()
    os.close(reading)
    document = written(demo)
    assert (document["verdict"]["result"], document["run"]["ended"]) == ("partial", "")
    assert document["run"]["partial"] == document["missing"] == ["the run has not ended"]


@WORKERS
def test_an_interrupted_run_is_a_part(demo: Demo, workers: tuple[str, ...]) -> None:
    demo.suite(test_one="def test_a(): pass\ndef test_b(): raise KeyboardInterrupt\ndef test_c(): pass\n")
    assert demo.run(*workers).ret == 2
    document = written(demo)
    assert document["verdict"]["exit_code"] == 2
    assert document["run"]["partial"][0] == "interrupted"
    if not workers:  # with workers it is one of them that dies, and the others go on
        assert document["run"]["partial"][1:] == ["2 of 3 tests did not run"]
        assert [each["outcome"] for each in document["tests"]] == ["passed", "not run", "not run"]


def test_what_x_kept_from_running_is_named(demo: Demo) -> None:
    demo.suite(test_one=EVERYTHING)
    demo.run("-x")
    document = written(demo)
    assert document["run"]["partial"] == ["stopping after 1 failures", "6 of 7 tests did not run"]
    assert [each["outcome"] for each in document["tests"]].count("not run") == 6


def test_a_crashed_worker_is_missing(demo: Demo) -> None:
    demo.suite(
        test_one="""
import os

@pytest.mark.csi_clause("DEL-001")
def test_dies(): os._exit(9)
"""
    )
    assert demo.run("-n1").ret == 3
    document = written(demo)
    crash = "worker gw0 crashed in demo/suites/test_one.py::test_dies"
    assert document["missing"] == [f"{crash}; its evidence is lost"]
    assert document["run"]["partial"] == [crash]
    assert clauses(document) == {"DEL-001": "errored"}


def test_a_start_that_fails_does_not_leave_the_report_of_an_earlier_run(demo: Demo) -> None:
    demo.run()
    demo.env(BREAK="create")
    assert demo.run().ret == 3
    document = written(demo)
    assert (document["tests"], document["verdict"]["exit_code"]) == ([], 3)
    assert document["run"]["partial"] == ["the run ended before its first test"]


def test_a_cluster_that_stays_changes_the_exit_code_of_the_report_too(demo: Demo) -> None:
    demo.env(BREAK="delete")
    assert demo.run().ret == 3
    verdict = written(demo)["verdict"]
    assert (verdict["exit_code"], verdict["reasons"][0]) == (3, "what was made could not be removed")


def test_a_folder_that_others_use_keeps_what_is_theirs(demo: Demo) -> None:
    folder = demo.path / "out"
    (folder / "evidence").mkdir(parents=True)
    (folder / "notes.txt").write_text("mine")
    (folder / "evidence/mine.json").write_text("{}")
    demo.run("--csi-report=out")
    assert {path.name for path in folder.iterdir()} >= {"notes.txt", "report.json"}
    assert (folder / "evidence/mine.json").exists()
    # Now it is a folder of ours: what an earlier run has left there goes, and nothing else.
    (folder / "evidence/picture.png").write_text("")
    demo.run("--csi-report=out")
    assert not (folder / "evidence/mine.json").exists()
    assert (folder / "evidence/picture.png").exists()
    assert (folder / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "made", "line"),
    [
        ("out", "out", "--csi-report: *out cannot be written to; *; name another folder"),
        ("/proc/out", "", "--csi-report: /proc/out cannot be written to; *; name another folder"),
        ("out", "out/report.json", "--csi-report: *out/report.json is not a report of this program; *"),
        ("out", "out/report.html", "--csi-report: *out/report.html is not a report of this program; *"),
    ],
)
def test_a_folder_that_cannot_be_is_said_before_there_is_a_cluster(
    demo: Demo, name: str, made: str, line: str
) -> None:
    if made:
        (demo.path / made).parent.mkdir(exist_ok=True)
        (demo.path / made).write_text("something")
    result = demo.run(f"--csi-report={name}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {line}"])
    assert demo.log == []


@pytest.fixture
def full(demo: Demo) -> Iterator[Path]:
    """A folder on a file system that is too small for a report."""
    if os.geteuid() != 0:
        pytest.skip("mounts a file system")
    folder = demo.path / "csi-report"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@WORKERS
def test_a_full_disk_is_one_line_and_spoils_nothing(demo: Demo, full: Path, workers: tuple[str, ...]) -> None:
    (full / "report.json").write_text(OURS)
    result = demo.run(*workers)
    assert result.ret == 3
    told = [line for line in result.outlines if "the report cannot be written" in line]
    assert told == [f"csi-snapshot: the report cannot be written to {full}: No space left on device"] * len(told)
    assert len(told) == 2  # before the first test, and at the end
    assert (full / "report.json").read_text() == OURS
    assert sorted(path.name for path in full.iterdir()) == ["evidence", "report.json"]  # and nothing half written


FAILS = """
@pytest.mark.csi_clause("DEL-001")
def test_gone(csi_recorder):
    csi_recorder.check("DEL-001", expected=1, observed=2)
"""


@WORKERS
def test_a_failure_on_a_full_disk_keeps_its_code_and_the_last_lines_tell_of_the_report(
    demo: Demo, full: Path, workers: tuple[str, ...]
) -> None:
    (full / "report.json").write_text(OURS)
    demo.suite(test_one=FAILS)
    result = demo.run(*workers)
    assert result.ret == 1
    assert f"csi-snapshot: the report cannot be written to {full}: No space left on device" in result.outlines[-6:]
    assert (full / "report.json").read_text() == OURS


HINDERS = """
from pathlib import Path

@pytest.mark.csi_clause("DEL-001")
def test_gone(csi_recorder):
    Path("csi-report/report.html/full").mkdir(parents=True)  # no file takes the place of that
    csi_recorder.check("DEL-001", expected=1, observed=1)
"""


def test_a_page_that_cannot_be_written_is_trouble_and_stands_in_the_report(demo: Demo) -> None:
    demo.suite(test_one=HINDERS)
    result = demo.run()
    assert result.ret == 3
    line = f"the page of the report cannot be written to {demo.path}/csi-report: Is a directory"
    assert result.outlines.count(f"csi-snapshot: {line}") == 1
    verdict = written(demo)["verdict"]
    assert (verdict["exit_code"], verdict["reasons"][0]) == (3, line)
