"""Faults before Kubernetes' own tests, without a cluster and without those tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from bench.e2e.cases import CASES
from bench.e2e.running import CaseResult
from faults import e2e
from faults.cases import Case
from faults.e2e_workers import Answer, Question
from faults.tests import Tests

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
    """Workers whose first case always fails; ``bad`` faults break the one of restores, ``unable`` ones all."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def try_all(
        self, questions: Sequence[Question], tell: Callable[[Answer], None], lost: Callable[[Question], Answer]
    ) -> None:
        for question in questions:
            self.asked.append((question.name, len(question.cases)))
            tell(lost(question) if question.name == "deadly" else self._answer(question))

    def _answer(self, question: Question) -> Answer:
        if question.name == "unable":
            return Answer(question.name, trouble="the driver does not begin")
        bad = {CASES[0].name: "always", **({RESTORE.name: "wrong data"} if question.name == "bad" else {})}
        results = [
            CaseResult(case.name, "failed" if case.name in bad else "passed", 1.0, bad.get(case.name, ""))
            for case in question.cases
        ]
        return Answer(question.name, tuple(results), 9.0)


def judged(names: dict[str, str], folder: Path, crew: Any, tell: Callable[[e2e.Judged], None]) -> list[e2e.Judged]:
    return e2e.judged_by_e2e([fault(*each) for each in names.items()], TESTS, folder, tell, crew)


def test_a_fault_is_caught_by_a_case_that_passes_without_it(tmp_path: Path) -> None:
    told: list[e2e.Judged] = []
    crew = StandIn()
    # The case that looks at DEL-001 cannot run here: nothing is said of that fault, and "missed" least of all.
    found = judged(
        {"harmless": "RES-001", "out-of-sight": "DEL-001", "bad": "RES-001"}, tmp_path, crew, told.append
    )
    assert [(each.fault, each.word) for each in found] == [("harmless", "missed"), ("bad", "caught")]
    assert found[1].by == ("restore (wrong data)",)
    # The first case fails without a fault as well: it says nothing about one.
    assert crew.asked == [("clean", len(CASES)), ("harmless", len(CASES) - 1), ("bad", len(CASES) - 1)]
    assert told == found
    assert [each["fault"] for each in json.loads((tmp_path / "results.json").read_text())] == ["harmless", "bad"]


def test_a_fault_that_nothing_is_said_of_is_told_and_the_next_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {"unable": "RES-001", "deadly": "RES-001", "bad": "RES-001"}
    found = judged(names, tmp_path, StandIn(), lambda _told: None)
    assert [each.fault for each in found] == ["bad"]
    said = capsys.readouterr().out
    assert "not asked about: unable: the driver does not begin" in said
    assert "not asked about: deadly: its worker died" in said


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer("clean", (CaseResult("restore", "failed", 1.0, "why"),)), "no case of e2e passes without a fault"),
        (Answer("clean", trouble="no cluster"), "e2e cannot be asked: no cluster"),
    ],
)
def test_without_a_case_that_passes_nothing_is_asked(tmp_path: Path, answer: Answer, why: str) -> None:
    class Crew(StandIn):
        def _answer(self, _question: Question) -> Answer:
            return answer

    with pytest.raises(RuntimeError, match=why):
        judged({"any": "RES-001"}, tmp_path, Crew(), lambda _told: None)
