"""What changed from one report to another."""

from __future__ import annotations

from pytest_csi_snapshot.html.comparing import RANK, changes, slower
from pytest_csi_snapshot.outcomes import Outcome


def clauses(**outcomes: str) -> list[dict[str, object]]:
    return [{"id": name, "outcome": outcome} for name, outcome in outcomes.items()]


def test_every_outcome_has_a_rank() -> None:
    assert {*RANK} == {*map(str, Outcome), "not run"}


def test_clauses_by_what_became_of_them() -> None:
    before = clauses(A="passed", B="failed", C="passed", D="passed", E="skipped")
    now = clauses(A="passed", B="passed", C="unknown", E="not run", F="failed")
    found = changes(now, before)
    assert {name: [each["id"] for each in group] for name, group in found.items()} == {
        "worse": ["C"],
        "better": ["B"],
        "new": ["F"],
        "gone": ["D"],
    }
    assert found["worse"] == [{"id": "C", "before": "passed", "now": "unknown"}]


def test_slower_is_told_beyond_noise_alone() -> None:
    before = {"bound": [1.0] * 5, "ready": [0.1] * 5, "few": [1.0] * 4, "same": [1.0] * 5, "gone": [1.0] * 5}
    now = {"bound": [2.0] * 5, "ready": [0.14] * 5, "few": [9.0] * 5, "same": [1.2] * 9}
    assert slower(now, before) == [{"phase": "bound", "before": 1.0, "now": 2.0}]
