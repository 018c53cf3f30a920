"""Faults before Kubernetes' own tests, without a cluster and without those tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import ClassVar

import pytest
from bench.e2e.cases import CASES, E2eCase
from bench.e2e.running import CaseResult, E2eRun
from bench.troubles import BenchError
from faults import e2e
from faults.cases import Case
from faults.tests import Tests

from pytest_csi_snapshot.cluster import Cluster

RESTORE = CASES[2]


def fault(name: str, clause: str) -> Case:
    return Case(name, "backend", "data", (clause,))


def test_asked_about_are_the_faults_of_what_the_cases_look_at() -> None:
    tests = Tests(
        [
            f"RES-001       MUST    pytest_csi_snapshot/suites/{RESTORE.ours[0]}",
            "GRP-001       MUST    pytest_csi_snapshot/suites/test_group.py::test_group",
        ]
    )
    cases = [fault("tail-lost", "RES-001"), fault("group-torn", "GRP-001")]
    assert [case.name for case in e2e.visible(cases, tests)] == ["tail-lost"]


TESTS = Tests(
    [
        f"RES-001       MUST    pytest_csi_snapshot/suites/{RESTORE.ours[0]}",
        f"DEL-001       MUST    pytest_csi_snapshot/suites/{CASES[0].ours[2]}",
    ]
)


class StandIn:
    """A cluster on which ``bad`` faults break the case of restores; ``dirty`` ones leave something behind."""

    log: ClassVar[list[str]] = []

    about = Cluster.from_plain(
        {"provider": "embedded", "kubeconfig": "k", "context": "c", "driver": "d", "storage_class": "s",
         "snapshot_class": "v", "image": "i"}
    )  # fmt: skip

    def __init__(self) -> None:
        self.on = ""

    def up(self) -> None:
        self.log.append("up")

    def down(self) -> None:
        self.log.append("down")

    def replace(self) -> None:
        self.log.append("replaced")
        self.on = ""

    def cleared(self) -> bool:
        return self.on != "dirty"

    def switch(self, faults: tuple[str, ...]) -> None:
        if faults == ("unable",):
            raise BenchError("the driver does not begin")
        (self.on,) = faults


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What the stand-in was asked: the fault, and how many cases."""
    seen: list[tuple[str, int]] = []

    def run(cluster: StandIn, cases: tuple[E2eCase, ...], _folder: Path) -> E2eRun:
        seen.append((cluster.on, len(cases)))
        clean = [
            CaseResult(case.name, "failed" if case is CASES[0] else "passed", 1.0, "always") for case in cases
        ]
        bad = [CaseResult(RESTORE.name, "failed", 1.0, "wrong data")] if cluster.on == "bad" else []
        return E2eRun(9.0, (*clean, *bad))

    StandIn.log = []
    monkeypatch.setattr(e2e, "_run", run)
    return seen


def test_a_fault_is_caught_by_a_case_that_passes_without_it(tmp_path: Path, asked: list[tuple[str, int]]) -> None:
    told: list[e2e.Judged] = []
    # The case that looks at DEL-001 cannot run here: nothing is said of that fault, and "missed" least of all.
    cases = [fault("harmless", "RES-001"), fault("out-of-sight", "DEL-001"), fault("bad", "RES-001")]
    found = e2e.judged_by_e2e(cases, TESTS, tmp_path, told.append, StandIn())
    assert [(each.fault, each.word) for each in found] == [("harmless", "missed"), ("bad", "caught")]
    assert found[1].by == ("restore (wrong data)",)
    # The first case fails without a fault as well: it says nothing about one.
    assert asked == [("", len(CASES)), ("harmless", len(CASES) - 1), ("bad", len(CASES) - 1)]
    assert told == found
    assert [each["fault"] for each in json.loads((tmp_path / "results.json").read_text())] == ["harmless", "bad"]
    assert StandIn.log == ["up", "down"]


def test_what_a_fault_leaves_is_no_matter_of_the_next(tmp_path: Path, asked: list[tuple[str, int]]) -> None:
    e2e.judged_by_e2e(
        [fault("dirty", "RES-001"), fault("next", "RES-001")], TESTS, tmp_path, lambda _told: None, StandIn()
    )
    assert StandIn.log == ["up", "replaced", "down"]


def test_a_fault_that_lets_no_cluster_come_up_is_told_and_the_next_asked(
    tmp_path: Path, asked: list[tuple[str, int]], capsys: pytest.CaptureFixture[str]
) -> None:
    cases = [fault("unable", "RES-001"), fault("bad", "RES-001")]
    found = e2e.judged_by_e2e(cases, TESTS, tmp_path, lambda _told: None, StandIn())
    assert [each.fault for each in found] == ["bad"]
    assert "no cluster with it comes up: unable: the driver does not begin" in capsys.readouterr().out


def test_the_cluster_goes_when_it_cannot_be_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    StandIn.log = []
    monkeypatch.setattr(e2e, "_run", lambda *_: E2eRun(1.0, (CaseResult("restore", "failed", 1.0, "why"),)))
    with pytest.raises(RuntimeError, match="no case of e2e passes without a fault"):
        e2e.judged_by_e2e([fault("any", "RES-001")], TESTS, tmp_path, lambda _told: None, StandIn())
    assert StandIn.log == ["up", "down"]
