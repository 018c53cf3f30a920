"""How outcomes add up: phases of a test, tests of a clause, clauses of a profile."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.outcomes import ClauseResult, Ending, Failure, Outcome, judge, worst
from pytest_csi_snapshot.requirements import Catalogue, Clause
from pytest_csi_snapshot.verdict import ProfileResult, TestResult, Verdict

PASSED, FAILED, ERRORED = Outcome.PASSED, Outcome.FAILED, Outcome.ERRORED
SKIPPED, NOT_SUPPORTED, UNKNOWN = Outcome.SKIPPED, Outcome.NOT_SUPPORTED, Outcome.UNKNOWN
BROKEN = Failure("B-001", "one", "two", 0.5, "2026-01-01T00:00:00.000+00:00", timeline=("0.1 s  seen",))


def _judged(ending: Ending, kept: tuple[str, ...] = ()) -> dict[str, Outcome]:
    return {result.clause: result.outcome for result in judge(ending, ("A-001", "B-001"), kept)}


@pytest.mark.parametrize(
    ("ending", "kept", "judged"),
    [
        (Ending("call", PASSED), ("A-001", "B-001"), {"A-001": PASSED, "B-001": PASSED}),
        (Ending("call", PASSED), ("A-001", "C-001"), {"A-001": PASSED, "B-001": UNKNOWN}),
        (Ending("call", FAILED, failures=[BROKEN]), ("A-001",), {"A-001": UNKNOWN, "B-001": FAILED}),
        (Ending("call", ERRORED, "boom"), ("A-001", "B-001"), {"A-001": ERRORED, "B-001": ERRORED}),
        (Ending("call", ERRORED, "boom", [BROKEN]), (), {"A-001": ERRORED, "B-001": FAILED}),
        (Ending("call", NOT_SUPPORTED, "no"), ("A-001",), {"A-001": NOT_SUPPORTED, "B-001": NOT_SUPPORTED}),
        (Ending("call", PASSED, doubts={"A-001": "gap"}), ("A-001", "B-001"), {"A-001": UNKNOWN, "B-001": PASSED}),
        (Ending("call", PASSED, doubts={"X-001": "gap"}), ("A-001", "B-001"),
         {"A-001": PASSED, "B-001": PASSED, "X-001": UNKNOWN}),
        (Ending("setup", PASSED), (), {}),
        (Ending("setup", SKIPPED, "asked"), (), {"A-001": SKIPPED, "B-001": SKIPPED}),
        (Ending("setup", ERRORED, "boom"), (), {"A-001": ERRORED, "B-001": ERRORED}),
        (Ending("teardown", PASSED), ("A-001",), {}),
        (Ending("teardown", FAILED, failures=[BROKEN]), ("A-001",), {"B-001": FAILED}),
        (Ending("teardown", ERRORED, "boom"), ("A-001",), {"A-001": ERRORED, "B-001": ERRORED}),
    ],
)  # fmt: skip
def test_what_a_phase_says(ending: Ending, kept: tuple[str, ...], judged: dict[str, Outcome]) -> None:
    assert _judged(ending, kept) == judged


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([PASSED, FAILED, ERRORED], FAILED),
        ([PASSED, ERRORED, UNKNOWN], ERRORED),
        ([PASSED, UNKNOWN], UNKNOWN),
        ([PASSED, SKIPPED], SKIPPED),
        ([PASSED, NOT_SUPPORTED], PASSED),
        ([NOT_SUPPORTED], NOT_SUPPORTED),
    ],
)
def test_the_worst_of_several_tests_counts(outcomes: list[Outcome], expected: Outcome) -> None:
    assert worst(outcomes) is expected
    assert worst(reversed(outcomes)) is expected


def test_a_result_survives_the_way_through_json() -> None:
    import json

    result = ClauseResult("B-001", FAILED, "observed two", BROKEN)
    assert ClauseResult.from_plain(json.loads(json.dumps(result.as_plain()))) == result


def _clause(clause_id: str, level: str) -> Clause:
    return Clause(clause_id, level, "contract", ("DRV",), "It is so.", (), "spec", "api")


CATALOGUE = Catalogue((_clause("A-001", "MUST"), _clause("A-002", "MUST"), _clause("A-003", "SHOULD")))


def _verdict(*outcomes: Outcome, selected: bool = False, trouble: int = 0, other_failures: int = 0) -> Verdict:
    results = [TestResult("t", ClauseResult(c.id, o)) for c, o in zip(CATALOGUE.clauses, outcomes, strict=False)]
    return Verdict(CATALOGUE, results, selected, trouble, other_failures)


@pytest.mark.parametrize(
    ("verdict", "result"),
    [
        (_verdict(PASSED, PASSED), ProfileResult.CONFORMANT),
        (_verdict(PASSED, NOT_SUPPORTED), ProfileResult.CONFORMANT),
        (_verdict(PASSED, PASSED, SKIPPED), ProfileResult.CONFORMANT),
        (_verdict(PASSED, PASSED, FAILED), ProfileResult.CONFORMANT),
        (_verdict(PASSED, PASSED, UNKNOWN), ProfileResult.CONFORMANT),
        (_verdict(PASSED, PASSED, selected=True), ProfileResult.PARTIAL),
        (_verdict(PASSED), ProfileResult.PARTIAL),
        (_verdict(PASSED, SKIPPED), ProfileResult.PARTIAL),
        (_verdict(PASSED, UNKNOWN), ProfileResult.PARTIAL),
        (_verdict(PASSED, ERRORED), ProfileResult.PARTIAL),
        (_verdict(PASSED, PASSED, trouble=1), ProfileResult.PARTIAL),
        (_verdict(PASSED, PASSED, other_failures=1), ProfileResult.CONFORMANT),
        (_verdict(PASSED, FAILED), ProfileResult.NOT_CONFORMANT),
        (_verdict(ERRORED, FAILED), ProfileResult.NOT_CONFORMANT),
        (_verdict(), ProfileResult.NOTHING_JUDGED),
        (_verdict(SKIPPED, NOT_SUPPORTED), ProfileResult.NOTHING_JUDGED),
        (_verdict(UNKNOWN), ProfileResult.NOTHING_JUDGED),
    ],
)
def test_the_result(verdict: Verdict, result: ProfileResult) -> None:
    assert verdict.result is result
