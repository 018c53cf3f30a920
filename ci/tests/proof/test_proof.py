"""In which order the faults are tried."""

from __future__ import annotations

from faults import standing
from faults.proof import dear_first

from .examples import case


def test_faults_that_took_long_are_tried_first() -> None:
    cases = [case("new"), case("quick"), case("slow"), case("slower")]
    known = {
        "quick": {standing.SECONDS: "9"},
        "slow": {standing.SECONDS: "61"},
        "slower": {standing.SECONDS: "200"},
    }
    assert [each.name for each in dear_first(cases, known)] == ["slow", "slower", "new", "quick"]
