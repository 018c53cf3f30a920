"""How what was seen adds up to caught, missed, blamed and unproven."""

from __future__ import annotations

import json

import pytest
from faults.observing import Catch, Observation, judged, unproven

from .examples import case, observed, row


def test_the_intended_clause_counts_whatever_else_is_red() -> None:
    found = judged(case(), observed(row("DEL-016"), row("DEL-001")))
    assert (found.catch, found.others) == (Catch.INTENDED, ("DEL-016",))
    assert found.row is not None
    assert found.row.clause == "DEL-001"


def test_another_clause_is_named_with_what_became_of_the_intended_one() -> None:
    found = judged(case(), observed(row("DEL-001", "unknown", reason="the test ended"), row("FIN-001")))
    assert found.catch is Catch.OTHER
    assert found.why == "DEL-001: unknown (the test ended)"


@pytest.mark.parametrize("outcome", ["passed", "unknown", "errored", "skipped", "not supported"])
def test_nothing_but_a_failure_catches(outcome: str) -> None:
    assert judged(case(), observed(row("DEL-001", outcome))).catch is Catch.MISSED


def test_a_case_that_could_not_be_tried_is_not_a_miss() -> None:
    found = judged(case(), observed(trouble="the role does not come up"))
    assert (found.catch, found.why) == (Catch.NOT_TRIED, "the role does not come up")
    assert judged(case(), observed(row("DEL-001"), trouble="ended after 150 s")).catch is Catch.INTENDED


@pytest.mark.parametrize(
    ("component", "blamed", "right", "alone"),
    [
        ("driver", ("driver",), True, True),
        ("backend", ("driver", "csi-snapshotter"), True, False),
        ("csi-snapshotter", ("driver",), False, False),
        ("csi-snapshotter", ("driver", "csi-snapshotter"), False, False),
        ("csi-provisioner", ("external-provisioner",), True, True),
    ],
)
def test_the_owner_is_right_where_the_faulty_component_is_blamed(
    component: str, blamed: tuple[str, ...], right: bool, alone: bool
) -> None:
    found = judged(case("late-delete", component), observed(row("DEL-001", "failed", *blamed)))
    assert (found.owner_right, found.owner_alone) == (right, alone)


def test_must_clauses_that_stay_green_are_told_with_the_reason() -> None:
    late = case("late-delete", "driver", "data", "DEL-001", "DEL-002", "DEL-016")
    found = unproven({"DEL-001"}, [late], {"DEL-001", "DEL-002", "DEL-016", "FIN-001", "API-PVC-001"})
    assert found == {
        "API-PVC-001": "Kubernetes itself keeps it, and no policy breaks it here",
        "DEL-002": "stayed green under late-delete",
        "FIN-001": "no fault breaks it",
    }


def test_an_observation_survives_a_trip_through_json() -> None:
    seen = observed(row("DEL-001"), row("DEL-016", "passed"))
    assert Observation.from_plain(json.loads(json.dumps(seen.as_plain()))) == seen
