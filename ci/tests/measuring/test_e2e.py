"""The nine cases: found under their names on both sides, and read from what e2e.test reports."""

from __future__ import annotations

import os
import re
import select
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import BinaryIO

import pytest
import yaml
from bench.e2e import programs, running
from bench.e2e.cases import CASES, E2eCase
from bench.e2e.running import Driver, result_of
from bench.troubles import BenchError
from faults.tests import planned

from pytest_csi_snapshot.testdriver import from_testdriver

NAMES = Path(__file__).with_name("e2e_names.txt").read_text().splitlines()
"""What e2e.test v1.37.2 calls its cases of snapshots, sources of data and expansion, in its JUnit report."""

CASE = CASES[3]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_is_exactly_one_of_theirs(case: E2eCase) -> None:
    found = [name for name in NAMES if re.search(case.pattern(), name)]
    assert len(found) == 1, found


def test_the_focus_finds_a_case_without_its_labels_too() -> None:
    """ginkgo looks for it in the text of a case, which they are no part of."""
    bare = [name.rpartition(" [Driver: ")[0] for name in NAMES]
    for case in CASES:
        assert sum(bool(re.search(case.pattern(), name)) for name in bare) == 1


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_of_another_driver_is_not_meant(case: E2eCase) -> None:
    """e2e.test brings the same cases for drivers that it installs by itself."""
    (ours,) = (name for name in NAMES if re.search(case.pattern(), name))
    other = ours.replace("External Storage [Driver: driver.longhorn.io]", "CSI Volumes [Driver: csi-hostpath]")
    assert not re.search(case.pattern(), other)


def test_our_tests_for_them_are_there(tmp_path: Path) -> None:
    plan = planned(tmp_path)
    missing = [
        test for case in CASES for test in case.ours if not re.search(rf"/{re.escape(test)}(\\s|$)", plan, re.M)
    ]
    assert missing == []


@contextmanager
def _reader(pipe: Path) -> Iterator[BinaryIO]:
    """The end of a named pipe that reads: it is at its end when the last who had it open to write is gone."""
    with os.fdopen(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        yield file


def report(*cases: tuple[str, str, str]) -> str:
    inside = "".join(
        f'<testcase name="{escape(name)}" status="{status}" time="1.5">{within}</testcase>'
        for name, status, within in cases
    )
    return f"<testsuites><testsuite>{inside}</testsuite></testsuites>"


def named(status: str, within: str = "") -> tuple[str, str, str]:
    (name,) = (each for each in NAMES if re.search(CASE.pattern(), each))
    return name, status, within


@pytest.fixture
def ginkgo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What stands in its place: a script that tells its process id, and what it started."""
    script = tmp_path / "ginkgo"
    monkeypatch.setattr(programs, "ginkgo", lambda: script)
    monkeypatch.setattr(programs, "e2e_test", lambda: tmp_path / "e2e.test")
    return script


def scripted(ginkgo: Path, text: str) -> None:
    ginkgo.write_text(f"#!/bin/sh\n{text}\n")
    ginkgo.chmod(0o755)


DRIVER = Driver("driver.example.org", "fast", "snaps")


def test_a_run_reads_what_was_reported(tmp_path: Path, ginkgo: Path) -> None:
    (tmp_path / "made.xml").write_text(report(named("passed")))
    scripted(ginkgo, f'echo "$@" >words; cp {tmp_path}/made.xml report.xml; exit 1')
    run = running.run(CASES, DRIVER, "/the/kubeconfig", tmp_path / "out", processes=4)
    assert [each.name for each in run.results if each.outcome == "passed"] == [CASE.name]
    words = (tmp_path / "out" / "words").read_text()
    assert "-procs=4" in words
    assert "-kubeconfig=/the/kubeconfig" in words


def test_a_run_that_tells_nothing_is_an_error(tmp_path: Path, ginkgo: Path) -> None:
    scripted(ginkgo, "exit 7")
    with pytest.raises(BenchError, match="ended with 7 and told nothing"):
        running.run(CASES, DRIVER, "", tmp_path / "out")


def test_a_run_that_hangs_leaves_no_process(tmp_path: Path, ginkgo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "PATIENCE", 0.5)
    os.mkfifo(tmp_path / "alive")
    # Both ignore what asks them to end; who writes to the pipe lives.
    scripted(ginkgo, f"trap '' TERM; (trap '' TERM; exec sleep 600) >{tmp_path}/alive & exec sleep 600")
    with _reader(tmp_path / "alive") as pipe:
        with pytest.raises(BenchError, match="did not end within"):
            running.run(CASES, DRIVER, "", tmp_path / "out", limit=0.5)
        readable, _, _ = select.select([pipe], [], [], 10.0)
        assert readable, "somebody lives who was started"


OTHER = ("[It] something else", "failed", '<failure message="not ours"/>')


def test_a_case_that_passed() -> None:
    result = result_of(CASE, report(OTHER, named("passed")))
    assert (result.outcome, result.seconds, result.said) == ("passed", 1.5, "")


def test_a_case_that_failed_tells_why_in_one_line() -> None:
    result = result_of(CASE, report(OTHER, named("failed", '<failure message="timed out&#10;  waiting"/>')))
    assert (result.outcome, result.said) == ("failed", "timed out waiting")


@pytest.mark.parametrize(
    ("within", "outcome"),
    [('<skipped message="skipped"/>', "not run"), ('<skipped message="skipped - no nodes"/>', "skipped")],
)
def test_left_out_by_the_focus_is_not_skipped_by_the_case(within: str, outcome: str) -> None:
    assert result_of(CASE, report(named("skipped", within))).outcome == outcome


def test_a_case_that_is_not_there_was_not_run() -> None:
    assert result_of(CASE, report(OTHER)).outcome == "not run"


def test_the_file_for_e2e_is_one_that_our_own_reader_has_no_remark_on() -> None:
    """e2e.test takes no notice of what it does not know: a typing error would turn a case off."""
    driver = Driver("driver.example.org", "fast", "snaps", {"PodStart": "60s"})
    profile = from_testdriver(yaml.safe_load(driver.description()), "file")
    assert profile.remarks == ()
    assert (profile.driver, profile.storage_class, profile.snapshot_class) == (
        "driver.example.org",
        "fast",
        "snaps",
    )
    assert profile.timeouts["pod"] == 60.0
