"""Runs of the suites: when one says nothing, and what is made of what it says."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace as Told

import pytest
from bench import trials
from bench.e2e.cases import CASES
from bench.e2e.running import CaseResult, E2eRun
from bench.figure import Order, figures_of
from bench.figures import beside, large, suite, whole
from bench.large_cluster import Crowded
from bench.troubles import BenchError
from library.report.samples import report as sample

from pytest_csi_snapshot.report.model import Phases, ReportedTest, RunTime, Seconds


def ending_with(monkeypatch: pytest.MonkeyPatch, code: int, *lines: str) -> list[Sequence[str]]:
    """Have runs end so, after they have said this; the commands are kept."""
    commands: list[Sequence[str]] = []

    def run(command: Sequence[str], variables: Mapping[str, str], log: int) -> int:
        commands.append(command)
        Path(variables["CSI_BENCH_PROBES"], "gw0.json").write_text(
            json.dumps({"tests": 2, "first": 5.0, "peak": 80.0, "asked": {}})
        )
        Path(variables["CSI_BENCH_PROBES"], "main.json").write_text(
            json.dumps({"tests": 0, "first": 0.0, "peak": 90.0, "asked": {}})
        )
        with open(log, "w", closefd=False) as file:
            file.write("\n".join(lines))
        return code

    monkeypatch.setattr(trials, "_run", run)
    return commands


def test_a_run_has_its_probe_and_a_report_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = ending_with(monkeypatch, 1)
    trial = trials.run(tmp_path / "one", ["--csi-driver=reference"])
    assert commands[0][3:5] == ["-p", "bench.probe"]
    assert f"--csi-report={tmp_path}/one/report" in commands[0]
    assert trial.code == 1
    assert [process.name for process in trial.workers] == ["gw0"]  # the other one ran no test
    assert trial.to_first_test == 5.0 - trial.began


def test_a_run_that_could_not_judge_measures_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ending_with(monkeypatch, 3, "starting", "csi-snapshot: no etcd here", "=======")
    with pytest.raises(BenchError, match=r"pytest --csi-driver=reference ended with 3: .*no etcd here$"):
        trials.run(tmp_path / "one", ["--csi-driver=reference"])


def wait(*, began: float, ended: float, late: float, came: bool = True) -> Told:
    return Told(began=began, ended=ended, late=late, came=came)


def test_figures_of_a_run() -> None:
    worker = trials.Process(
        "gw0", 2, 1.0, 80.0, {"": {"list": 9}, "a": {"get": 2, "watch": 3}, "b": {"create": 4}}
    )
    waits = [
        wait(began=1.0, ended=2.0, late=0.004),
        wait(began=1.0, ended=1.001, late=0.001),  # what it waited for was there
        wait(began=1.0, ended=9.0, late=0.0, came=False),
    ]
    tests = [Told(seconds=Seconds(total=10.0, harness=0.5)), Told(seconds=Seconds(total=10.0, harness=0.7))]
    trial = Told(workers=(worker,), report=Told(tests=tests), evidence=lambda: [Told(waits=waits)])
    taken = suite.taken([trial])  # type: ignore[list-item]
    values = {name: list(found) for name, found in taken.values.items()}
    assert values["worker memory"] == [80.0]
    assert values["harness share"] == [pytest.approx(6.0)]
    assert values["late"] == values["late p99"] == [pytest.approx(4.0)]
    assert values["requests"] == [2.0, 4.0]
    assert values["watches"] == [3.0, 0.0]
    assert taken.details["requests by verb"] == {"create": 2.0, "watch": 1.5, "get": 1.0}


class Group:
    """Takes the place of a control group in which 12 s of CPU were used."""

    def inside(self, command: Sequence[str]) -> list[str]:
        return ["in-group", *command]

    def seconds(self) -> float:
        return 12.0


def test_cpu_is_that_of_a_control_group_around_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "account", lambda: contextlib.nullcontext(Group()))
    commands = ending_with(monkeypatch, 0)
    assert trials.run(tmp_path / "uncounted", []).cpu == 0.0
    assert trials.run(tmp_path / "counted", [], cpu=True).cpu == 12.0
    assert [command[0] == "in-group" for command in commands] == [False, True]


def test_the_whole_suite_is_held_against_the_work_of_all_its_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    time = RunTime(Seconds(total=9.0, harness=0.5), 12.0, "s/a", 9.0, ("s/a",))
    tests = (ReportedTest("s/a", "passed", phases=Phases(1.0, 3.0, 1.0), seconds=Seconds(total=5.0)),)
    ran = replace(sample(), time=time, tests=tests)

    def run(_folder: Path, _words: Sequence[str], *, cpu: bool = False) -> Told:
        asked.append(cpu)
        return Told(seconds=20.0, cpu=20.0, code=0, report=ran, workers=(), evidence=list)

    monkeypatch.setattr(trials, "run", run)
    monkeypatch.setattr(whole, "cores", lambda: 2)
    taken = whole.take(Order(1, tmp_path, lambda _text: None))
    assert asked == [True] * len(whole.WORKERS)
    assert taken.values["makespan"] == [1.2]
    assert any("CPU of all processes 20.0 s on 2 cores" in note for note in taken.notes)


def test_figures_of_a_large_cluster() -> None:
    def trial(start: float, peak: float, first: float) -> Told:
        worker, main = Told(tests=2, peak=peak), Told(tests=0, peak=first)
        return Told(to_first_test=start, seconds=60.0, workers=(worker,), processes=(worker, main))

    sweep = Told(seconds=3.0, processes=(Told(tests=0, peak=90.0),))
    found = Crowded(80_000, 30.0, 12.0, trial(4.0, 100.0, 80.0), trial(9.0, 120.0, 95.0), sweep)  # type: ignore[arg-type]
    taken = large.taken([found])
    figures = {figure.budget.name: figure for figure in figures_of(large.MEASUREMENT, taken)}
    assert {name: figure.judged for name, figure in figures.items()} == {
        "large start": 9.0,
        "large memory": 120.0,
        "large first process": 95.0,
        "large whole": 60.0,
        "large answered": 12.0,
        "large sweep": 3.0,
        "large sweep memory": 90.0,
    }
    assert all(figure.kept for figure in figures.values())
    (note,) = taken.notes
    assert note.startswith("80000 objects; in the empty cluster: command typed to first test 4.0 s")


def test_our_tests_for_a_case_add_up() -> None:
    names = [test for case in CASES for test in case.ours]
    tests = [Told(id=f"x/suites/{name}", phases=Phases(0.5, 1.0, 0.5)) for name in names]
    ours = beside.seconds_of(Told(report=Told(tests=tests)))  # type: ignore[arg-type]
    assert ours["snapshot, Delete"] == 6.0
    assert ours["restore"] == 2.0
    theirs = E2eRun(90.0, tuple(CaseResult(case.name, "passed", 10.0) for case in CASES))
    rows = beside.compared(ours, theirs)
    assert list(rows) == [case.name for case in CASES]
    assert (rows["restore"]["ours"], rows["restore"]["e2e"]) == (2.0, 10.0)
