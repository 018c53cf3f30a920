"""The table of exit codes, row by row, and against every pair of its rows."""

from __future__ import annotations

from itertools import combinations

import pytest

from pytest_csi_snapshot.gating.precedence import PRECEDENCE, Fact, settle

CODES = {
    Fact.FOREIGN: 7,
    Fact.INTERRUPTED: 2,
    Fact.BROKEN: 3,
    Fact.FAILED: 1,
    Fact.EXPIRED: 1,
    Fact.OTHER: 1,
    Fact.UNJUDGED: 3,
    Fact.TROUBLE: 3,
    Fact.NOTHING: 5,
}
"""What the documentation says, in its order."""


def test_every_fact_has_a_row() -> None:
    assert [fact for fact, _ in PRECEDENCE] == list(Fact) == list(CODES)


@pytest.mark.parametrize("fact", Fact)
def test_a_fact_alone(fact: Fact) -> None:
    assert settle({fact: ["it is so"]}, foreign=7) == (CODES[fact], ("it is so",))


@pytest.mark.parametrize("pair", list(combinations(Fact, 2)), ids=lambda pair: f"{pair[0].name}-{pair[1].name}")
def test_the_upper_row_decides_and_the_lower_one_does_not_speak(pair: tuple[Fact, Fact]) -> None:
    upper, lower = pair
    code, lines = settle({lower: ["lower"], upper: ["upper"]}, foreign=7)
    assert code == CODES[upper]
    assert lines == (("upper", "lower") if CODES[upper] == CODES[lower] else ("upper",))


def test_no_fact_is_zero() -> None:
    assert settle({fact: [] for fact in Fact}) == (0, ())
