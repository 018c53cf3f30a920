"""Runs with workers: who gets what, what is remembered, how many workers ``-n auto`` means."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from bench import makespan, trials

from .conftest import QUIET, Demo

NOTES = """
import os
from pathlib import Path

def note(word):
    with Path(os.environ["STAND_IN_LOG"]).open("a") as log:
        log.write(f"{os.environ.get('PYTEST_XDIST_WORKER')}:{word}\\n")

@pytest.fixture(scope="module")
def source():
    note("source")

@pytest.mark.csi_exclusive
def test_alone(csi_recorder):
    note("alone")

@pytest.mark.parametrize("number", range(6))
def test_ordinary(source, number):
    note("ordinary")

def test_long():
    note("long")
"""
MEASURABLE = """
    begun = time.monotonic()
    while time.monotonic() - begun < 0.005:
        pass
"""
"""A test that takes no measurable time is on no path."""
PLACE = "stand-in driver.longhorn.io"


def kept(demo: Demo) -> dict[str, Any]:
    places: dict[str, Any] = json.loads((demo.path / "cache/pytest-csi-snapshot/durations.json").read_text())[
        "places"
    ]
    return places


def remember(demo: Demo, seconds: dict[str, float]) -> None:
    path = demo.path / "cache/pytest-csi-snapshot/durations.json"
    path.parent.mkdir(parents=True)
    head = {"format": "pytest-csi-snapshot/durations", "version": 1}
    path.write_text(json.dumps({**head, "places": {PLACE: seconds}}))


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "workers"])
def test_durations_are_remembered_by_driver_and_cluster(demo: Demo, workers: tuple[str, ...]) -> None:
    demo.run(*workers)
    assert list(kept(demo)) == [PLACE]
    assert list(kept(demo)[PLACE]) == ["demo/suites/test_one.py::test_gone"]


def test_what_a_fault_makes_last_is_not_remembered(demo: Demo) -> None:
    demo.run("--csi-fault=slow-cut")
    assert not (demo.path / "cache").exists()


def test_a_file_that_is_none_of_ours_is_told_and_changes_no_outcome(demo: Demo) -> None:
    remember(demo, {})
    (demo.path / "cache/pytest-csi-snapshot/durations.json").write_text("{")
    result = demo.run("-n2")
    result.stdout.fnmatch_lines(["csi-snapshot: how long tests take is not remembered: *durations.json*"])
    result.assert_outcomes(passed=1)
    assert list(kept(demo)) == [PLACE]


def test_the_longest_begins_first_and_who_runs_alone_is_last(demo: Demo) -> None:
    demo.suite(test_one=NOTES)
    ids = [f"demo/suites/test_one.py::test_ordinary[{number}]" for number in range(6)]
    demo.suite(test_two=NOTES.replace("test_long", "test_longest"))
    longest = "demo/suites/test_two.py::test_longest"
    remember(demo, {**dict.fromkeys(ids, 0.5), longest: 100.0})
    demo.env(REAL_SUITES="1")  # these are somebody's own files then, of which each may share a source
    result = demo.run("-n2", "demo/suites/test_one.py", "demo/suites/test_two.py", "--csi-report=none")
    result.assert_outcomes(passed=16)
    words = [line.partition(":") for line in demo.log if ":" in line]
    assert [word for _, _, word in words][-2:] == ["alone", "alone"]
    assert len({worker for worker, _, word in words if word == "alone"}) == 1
    assert [word for _, _, word in words].count("source") == 2


def test_who_asks_for_another_distribution_gets_it(demo: Demo) -> None:
    demo.suite(test_one=NOTES)
    result = demo.run("-n2", "--dist=loadfile", "-v")
    result.stdout.fnmatch_lines(["*LoadFileScheduling*"])
    demo.run("-n2", "-v").stdout.fnmatch_lines(["*LongestFirst*"])


def test_a_worker_that_crashes_costs_its_test_alone(demo: Demo) -> None:
    demo.suite(
        test_one="""
import os

@pytest.mark.parametrize("number", range(12))
def test_some(number):
    if number == 3:
        os._exit(1)

@pytest.mark.csi_exclusive
@pytest.mark.parametrize("number", range(3))
def test_alone(number):
    if number == 1:
        os._exit(1)
"""
    )
    demo.run("-n2").assert_outcomes(passed=13, failed=2)


MANY = """
@pytest.mark.parametrize("number", range(60))
def test_some(number):
    pass
"""


def test_auto_is_what_is_recommended_in_a_run_of_ours_alone(demo: Demo) -> None:
    wanted = max(2, min(2 * len(os.sched_getaffinity(0)), 32))
    demo.run("-nauto").stdout.fnmatch_lines([f"*{wanted}/{wanted} workers*"])
    theirs = demo.pytester.makepyfile("def test_theirs(): pass")
    plain = len(os.sched_getaffinity(0))
    demo.run("-nauto", str(theirs), driver="").stdout.fnmatch_lines([f"*{plain}/{plain} worker*"])
    demo.env(PYTEST_XDIST_AUTO_NUM_WORKERS="3")
    demo.run("-nauto").stdout.fnmatch_lines(["*3/3 workers*"])


def test_wrong_settings_are_told_once_with_auto_too(demo: Demo) -> None:
    result = demo.run("-nauto", driver="refrence")
    assert result.ret == 4
    assert "\n".join(result.errlines).count("did you mean 'reference'?") == 1


@pytest.mark.parametrize("workers", [(), ("-n1",)], ids=["alone", "workers"])
def test_who_asks_for_far_fewer_workers_is_told(demo: Demo, workers: tuple[str, ...]) -> None:
    demo.suite(test_one=MANY)
    told = "one test at a time; for this cluster and machine -n "
    assert demo.run(*workers, "--csi-report=none").stdout.str().count(told) == 1
    demo.suite(test_one=MANY.replace("60", "6"))
    assert told not in demo.run(*workers, "--csi-report=none").stdout.str()


def test_the_end_tells_where_the_time_went(demo: Demo) -> None:
    demo.suite(test_one=f"import time\n{NOTES}".replace('note("alone")', f'note("alone")\n{MEASURABLE}'))
    result = demo.run("-n2")
    result.stdout.re_match_lines([r"tests took .* s of 2 workers", r"critical path: \d+ of 8 tests, .*"])
    report = json.loads((demo.path / "csi-report/report.json").read_text())
    assert report["time"]["critical"][-1] == "demo/suites/test_one.py::test_alone"
    assert [test["id"] for test in report["tests"] if test["alone"]] == ["demo/suites/test_one.py::test_alone"]


def test_a_run_of_no_tests_ends(demo: Demo) -> None:
    assert demo.run("-n2", "-k", "nothing").ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_a_run_that_stops_at_the_first_failure_ends(demo: Demo) -> None:
    demo.suite(test_one=MANY.replace("pass", "assert number != 2"))
    result = demo.run("-n2", "-x")
    assert result.ret != 0
    assert "stopping after 1 failures" in result.stdout.str()


@pytest.mark.skipif(not os.access("/sys/fs/cgroup", os.W_OK), reason="control groups cannot be written here")
def test_the_bench_measures_a_run(demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "ROOT", demo.path)
    variables = {"PYTHONPATH": f"{demo.path}:{Path(__file__).resolve().parents[2]}"}
    words = ["--csi-driver=reference", "-n", "2", "-p", "stand_in", *QUIET]
    trial = trials.run(tmp_path / "run", words, environment=variables, cpu=True)
    assert trial.cpu > 0.0
    assert 0.0 < trial.to_first_test < trial.seconds
    assert makespan.ratio(trial.report, trial.cpu, 2) > 0.0
    parts, path = makespan.told(trial.report, trial.cpu, 2)
    assert "of 2 workers" in parts
    assert "1 tests, of which the longest:" in path
