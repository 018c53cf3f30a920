"""What counts, by gate and baseline, and the words that an exit code comes with."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_csi_snapshot.gating import Baseline, Gate, Subject, judge
from pytest_csi_snapshot.gating.telling import exit_lines, gate_lines

from .subjects import TODAY, outcomes, run, said


def code(subject: Subject, gate: Gate = Gate.MUST, **more: Any) -> int:
    return judge(subject, gate, today=TODAY, **more).exit_code


@pytest.mark.parametrize(
    ("subject", "must", "should"),
    [
        (outcomes(DEL_001="passed"), 0, 0),
        (outcomes(DEL_001="failed"), 1, 1),
        (outcomes(DEL_001="errored"), 3, 3),
        (outcomes(DEL_001="unknown", DEL_002="passed"), 3, 3),
        (outcomes(DEL_001="unknown", DEL_002="failed"), 1, 1),
        (outcomes(DEL_001="not supported", DEL_002="passed"), 0, 0),
        (outcomes(DEL_001="skipped", DEL_002="passed"), 0, 0),
        (outcomes(DEL_001="passed", EXP_023="failed"), 0, 1),
        (outcomes(DEL_001="passed", EXP_023="unknown"), 0, 3),
        (outcomes(DEL_001="passed", SNAP_DYN_013="failed"), 0, 0),
        (outcomes(EXP_023="passed"), 5, 0),
        (outcomes(EXP_023="failed"), 5, 1),
        (outcomes(SNAP_DYN_013="passed"), 5, 5),
        (outcomes(DEL_001="skipped"), 5, 5),
        (outcomes(DEL_001="not supported"), 5, 5),
        (outcomes(DEL_001="unknown"), 3, 3),
        (run(), 5, 5),
        (run(said("DEL-001", "passed"), said("DEL-001", "failed", excuse="a release of it")), 0, 0),
        (run(said("DEL-001", "failed", excuse="a release of it")), 0, 0),
        (run(said("DEL-001", "failed", excuse="x"), said("DEL-001", "unknown")), 3, 3),
        (run(said("DEL-001", "passed"), trouble=["a.py::test_x: errored"]), 3, 3),
        (run(said("DEL-001", "passed"), other_failures=["mine.py::test_x: failed"]), 1, 1),
        (run(said("DEL-001", "passed"), interrupted="interrupted"), 2, 2),
        (run(said("DEL-001", "failed"), interrupted="interrupted"), 2, 2),
        (run(said("DEL-001", "failed"), broken="INTERNALERROR"), 3, 3),
        (run(said("DEL-001", "passed"), interrupted="pytest.exit: no", foreign=7), 7, 7),
        (run(said("UNHEARD-001", "failed")), 1, 1),
    ],
)
def test_the_exit_code(subject: Subject, must: int, should: int) -> None:
    assert (code(subject, Gate.MUST), code(subject, Gate.SHOULD)) == (must, should)


@pytest.mark.parametrize(
    ("before", "now", "worse"),
    [
        ("passed", "failed", 1),
        ("passed", "errored", 3),
        ("passed", "unknown", 3),
        ("passed", "not supported", 1),
        ("passed", "skipped", 0),
        ("failed", "failed", 0),
        ("failed", "unknown", 0),
        ("unknown", "failed", 1),
        ("unknown", "unknown", 0),
        ("unknown", "errored", 0),
        ("not supported", "failed", 1),
        ("not supported", "not supported", 0),
        ("not run", "failed", 1),
        ("not run", "unknown", 0),
        ("failed", "passed", 0),
    ],
)
@pytest.mark.parametrize("clause", ["DEL-001", "EXP-023", "SNAP-DYN-013"])
def test_against_a_baseline_counts_what_is_worse(clause: str, before: str, now: str, worse: int) -> None:
    baseline = Baseline({clause: before, "DEL-002": "passed"})
    subject = run(said(clause, now), said("DEL-002", "passed"))
    assert code(subject, Gate.BASELINE, baseline=baseline) == worse


def test_a_clause_that_the_baseline_does_not_have_is_new() -> None:
    assert code(outcomes(DEL_001="failed"), Gate.BASELINE, baseline=Baseline({})) == 1


def test_a_baseline_beside_another_gate_is_told_and_decides_nothing() -> None:
    baseline = Baseline(
        {"DEL-001": "failed", "DEL-002": "failed", "EXP-023": "passed", "SNAP-DYN-013": "passed"}, "old"
    )
    judgement = judge(
        outcomes(DEL_001="failed", DEL_002="passed", EXP_023="failed"), baseline=baseline, today=TODAY
    )
    assert judgement.exit_code == 1
    told = [line for line, _ in gate_lines(judgement, baseline)]
    assert told == [
        "baseline old (): 1 worse, 1 better, 1 as bad as then and 1 clause that passed then not run now",
        "  worse: EXP-023 passed -> failed",
        "  better: DEL-002 failed -> passed",
        "does not count for the gate must: EXP-023 (SHOULD) failed",
    ]


@pytest.mark.parametrize("outcome", ["unknown", "errored"])
def test_unknown_may_be_allowed_and_is_told(outcome: str) -> None:
    judgement = judge(outcomes(DEL_001=outcome, DEL_002="passed"), allow_unknown=True, today=TODAY)
    assert judgement.exit_code == 0
    assert judgement.beside[0].startswith("DEL-001 (MUST)")
    assert outcome in judgement.beside[0]


def test_allowed_unknown_is_still_not_judged() -> None:
    assert code(outcomes(DEL_001="unknown"), allow_unknown=True) == 5


def test_allowed_unknown_does_not_allow_trouble() -> None:
    subject = run(said("DEL-001", "passed"), trouble=["worker gw0 crashed"])
    assert code(subject, allow_unknown=True) == 3


def test_the_words_of_an_exit_code() -> None:
    many = {f"DEL-{number:03}": "MUST" for number in range(1, 10)}
    judgement = judge(Subject(many, [said(clause, "failed") for clause in many]), today=TODAY)
    assert list(exit_lines(judgement)) == [
        "Exit code 1: DEL-001 (MUST) failed",
        *(f"             DEL-{number:03} (MUST) failed" for number in range(2, 6)),
        "             … and 4 more",
    ]


@pytest.mark.parametrize(
    ("subject", "gate", "words"),
    [
        (outcomes(DEL_001="passed"), Gate.MUST, "no MUST clause counts as failed or open"),
        (
            run(said("DEL-001", "passed"), partial=["-k x"]),
            Gate.SHOULD,
            "no MUST or SHOULD clause counts as failed or open, this was only a part",
        ),
        (outcomes(EXP_023="failed"), Gate.MUST,
         "no MUST clause was judged, only 1 SHOULD clause, which the gate must does not count"),
        (run(), Gate.MUST, "nothing was judged"),
        (outcomes(DEL_001="unknown"), Gate.MUST, "DEL-001 (MUST) is unknown: because"),
    ],
)  # fmt: skip
def test_the_reason(subject: Subject, gate: Gate, words: str) -> None:
    assert judge(subject, gate, today=TODAY).reasons == (words,)
