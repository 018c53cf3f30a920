"""The time of a run: the critical path, the bound, and what is said of them."""

from __future__ import annotations

from dataclasses import replace

from pytest_csi_snapshot.report.model import Phases, ReportedTest, RunTime, Seconds
from pytest_csi_snapshot.report.pacing import lines_about, time_of
from pytest_csi_snapshot.report.showing import shown

from .samples import report


def ran(
    name: str, worker: str, began: float, ended: float, *, harness: float = 0.0, alone: bool = False
) -> ReportedTest:
    whole = ended - began
    return ReportedTest(
        f"s/{name}", "passed", began=began, phases=Phases(0.0, whole, 0.0), worker=worker, alone=alone,
        seconds=Seconds(total=whole, driver=whole - harness, harness=harness),
    )  # fmt: skip


TESTS = [
    ran("a", "gw0", 1.0, 5.0),
    ran("b", "gw0", 5.5, 9.0, harness=0.5),
    ran("c", "gw1", 1.0, 11.0, harness=1.0),
    ran("d", "gw0", 11.2, 12.0, alone=True),
    ran("e", "gw0", 12.0, 14.0, alone=True),
]


def test_the_path_leads_from_who_ran_alone_to_whom_it_waited_for() -> None:
    found = time_of(TESTS, 2)
    assert found.critical == ("s/c", "s/d", "s/e")
    assert found.on_path.total == 12.8
    assert found.makespan == 13.0
    assert found.longest == "s/c"
    assert found.seconds == Seconds(total=20.3, driver=18.8, harness=1.5)


def test_an_ordinary_test_follows_the_one_before_it_on_its_worker() -> None:
    tests = [ran("a", "gw0", 0.5, 2.002), ran("b", "gw0", 2.0, 9.0), ran("c", "gw1", 0.5, 3.0)]
    assert time_of(tests, 2).critical == ("s/a", "s/b")


def test_the_cluster_allows_no_less_than_it_was_waited_for() -> None:
    assert time_of(TESTS, 2).least == round(0.8 + 2.0 + 9.0, 3)  # those alone, and the longest without its harness
    assert time_of(TESTS[:3], 1).least == round(4.0 + 3.0 + 9.0, 3)


def test_a_run_without_tests_has_no_time() -> None:
    assert time_of([ReportedTest("s/a", "not run")], 2) == RunTime()
    assert lines_about(RunTime(), [], 2) == []


def test_what_the_terminal_says() -> None:
    took, path = lines_about(time_of(TESTS, 2), TESTS, 2)
    shares = "driver 93%, controller 0%, kubelet 0%, cluster 0%, harness 7%"
    assert took == f"tests took 13.0 s of 2 workers; of all that they waited and worked: {shares}"
    bound = "the cluster allows no less than 11.8 s"
    assert path == f"critical path: 3 of 5 tests, 12.8 s; {bound}; longest: 10.0 s s/c"


def test_a_report_shows_it_again() -> None:
    whole = replace(report(), tests=tuple(TESTS), time=time_of(TESTS, 2))
    assert "critical path: 3 of 5 tests, 12.8 s" in "\n".join(shown(whole))
    assert "critical path" not in "\n".join(shown(report()))
