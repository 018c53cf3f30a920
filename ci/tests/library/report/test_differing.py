"""What is other in a second report."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from pytest_csi_snapshot.report.differing import by_chance, difference, kind_of, told

from .samples import RUN, report

NONE: tuple[dict[str, list[float]], dict[str, list[float]]] = ({}, {})


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        ("passed", "passed", ""),
        ("passed", "failed", "broken"),
        ("not run", "failed", "broken"),
        ("errored", "failed", "broken"),
        ("failed", "failed", ""),
        ("passed", "unknown", "worse"),
        ("passed", "errored", "worse"),
        ("passed", "not supported", "worse"),
        ("unknown", "errored", "worse"),
        ("failed", "passed", "better"),
        ("failed", "errored", "better"),
        ("skipped", "passed", "new"),
        ("not run", "unknown", "new"),
        ("passed", "not run", "gone"),
        ("failed", "skipped", "gone"),
        ("not run", "skipped", ""),
    ],
)
def test_kinds(before: str, now: str, kind: str) -> None:
    assert kind_of(before, now) == kind


def test_a_clause_that_broke_is_worse_and_named() -> None:
    found = difference(report(), report({"DEL-001": "failed", "DEL-002": "unknown", "CLN-001": "not run"}), NONE)
    assert [(change.clause, change.kind) for change in found.changes] == [
        ("CLN-001", "gone"),
        ("DEL-001", "broken"),
        ("DEL-002", "worse"),
    ]
    assert found.is_worse
    assert "  DEL-001       MUST   passed -> failed" in list(told(found))


def test_what_is_better_new_or_gone_is_not_worse() -> None:
    before = report({"DEL-001": "failed", "DEL-002": "not run"})
    found = difference(before, report({"CLN-001": "not run"}), NONE)
    assert {change.kind for change in found.changes} == {"better", "new", "gone"}
    assert not found.is_worse


def test_a_clause_that_one_catalogue_lacks() -> None:
    whole = report()
    less = replace(whole, clauses=whole.clauses[1:])
    first = whole.clauses[0].id
    assert [(each.clause, each.kind) for each in difference(whole, less, NONE).changes] == [(first, "gone")]
    assert [(each.clause, each.kind) for each in difference(less, whole, NONE).changes] == [(first, "new")]


def test_equal_reports() -> None:
    assert list(told(difference(report(), report(), NONE))) == ["no clause is other than before"]


def test_what_makes_them_less_comparable_is_said() -> None:
    part = replace(report(), run=replace(RUN, partial=("-k clone",)))
    assert next(told(difference(part, report(), NONE))) == "the first is only a part: -k clone"


def spread(around: float, number: int) -> list[float]:
    draw = Random(around * 1000 + number)
    return [around * draw.uniform(0.8, 1.2) for _ in range(number)]


@pytest.mark.parametrize(
    ("old", "new", "slower"),
    [
        (spread(1.0, 20), spread(1.5, 20), True),
        (spread(1.0, 20), spread(1.0, 21), False),
        (spread(1.5, 20), spread(1.0, 20), False),
        (spread(1.0, 9), spread(1.5, 20), False),  # too few
        (spread(1.0, 20), spread(1.5, 9), False),
        (spread(1.0, 20), spread(1.1, 20), False),  # less than a fifth
        (spread(0.01, 20), spread(0.04, 20), False),  # nobody would notice
        ([1.0] * 6 + [2.0] * 5, [1.0] * 5 + [2.0] * 6, False),  # as likely as not by chance
    ],
)
def test_slower_beyond_noise(old: list[float], new: list[float], slower: bool) -> None:
    found = difference(report(), report(), ({"snapshot ready": old}, {"snapshot ready": new}))
    assert [each.phase for each in found.slower] == (["snapshot ready"] if slower else [])
    assert not found.is_worse


def test_chance_is_that_of_the_tables() -> None:
    # Two samples without overlap: U is greatest, z = 50 / sqrt(175) = 3.780.
    old, new = [float(each) for each in range(10)], [float(each) for each in range(10, 20)]
    assert by_chance(old, new) == pytest.approx(7.85e-5, rel=0.01)
    assert by_chance([1.0] * 10, [1.0] * 10) == 1.0
