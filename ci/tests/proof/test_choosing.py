"""Which faults are tried, and by which tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from faults.__main__ import main
from faults.choosing import chosen_tests, in_order, tenth, wanted
from faults.standing import OURS, SANITY, is_proven, is_tried, note

from .examples import case

MANY = [
    case(f"{component}-{kind}-{number}", component, kind)
    for component in ("driver", "backend", "csi-snapshotter")
    for kind in ("data", "state", "errors", "flaky")
    for number in range(10)
]


def test_a_tenth_is_a_tenth_with_every_kind_and_component_and_always_the_same() -> None:
    chosen = tenth(MANY)
    assert len(chosen) == 12
    assert {each.kind for each in chosen} == {"data", "state", "errors", "flaky"}
    assert {each.component for each in chosen} == {"driver", "backend", "csi-snapshotter"}
    assert set(tenth(MANY[::-1])) == set(chosen)


def test_of_few_faults_there_is_more_than_a_tenth_where_a_kind_would_be_missing() -> None:
    few = [case("a", "driver", "data"), case("b", "driver", "data"), case("c", "driver", "state")]
    assert {each.kind for each in tenth(few)} == {"data", "state"}
    assert len(tenth(few)) == 2


def test_a_new_fault_leaves_the_others_where_they_were() -> None:
    before, after = set(tenth(MANY)), set(tenth([*MANY, case("another-fault", "driver", "data")]))
    assert len(before - after) <= 1


def test_faults_of_one_component_are_neighbours() -> None:
    components = [each.component for each in in_order(MANY)]
    assert components == sorted(components)


def test_tests_of_the_intended_clause_come_first_and_the_cheapest_of_each() -> None:
    prices = {"dear": 9, "cheap": 1, "both": 5, "other": 2}
    tests_of = {"DEL-001": ["dear", "both", "cheap"], "DEL-016": ["other", "both"]}
    found = chosen_tests(("DEL-001", "DEL-016"), tests_of, prices.__getitem__)
    assert found == ["cheap", "both", "dear", "other"]
    assert chosen_tests(("RES-001",), tests_of, prices.__getitem__) == []


def test_what_looks_in_another_way_comes_before_further_variants_of_a_test() -> None:
    tests_of = {"DEL-001": ["matrix[a]", "matrix[b]", "matrix[c]", "other[a]", "other[b]", "plain"]}
    found = chosen_tests(("DEL-001",), tests_of, lambda test: len(test))
    assert found == ["plain", "other[a]", "matrix[a]", "other[b]", "matrix[b]", "matrix[c]"]


def test_only_what_its_own_clause_has_found_counts_as_proven(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    assert not is_proven("a", file)
    note({"a": {OURS: "intended"}, "b": {OURS: "another"}}, {"a", "b"}, file)
    assert (is_proven("a", file), is_proven("b", file), is_proven("c", file)) == (True, False, False)


def test_tried_is_what_a_judge_has_judged_however(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    note({"a": {OURS: "missed"}}, {"a", "b"}, file)
    note({"b": {SANITY: "caught"}}, {"a", "b"}, file)
    assert [is_tried(name, file=file) for name in "abc"] == [True, False, False]
    assert [is_tried(name, SANITY, file) for name in "abc"] == [False, True, False]


def test_wanted_are_the_intended_clause_and_those_that_no_other_fault_intends() -> None:
    late = case("late-delete", "driver", "data", "DEL-001", "DEL-016", "DEL-017")
    assert wanted(late, frozenset({"DEL-001", "DEL-016"})) == ("DEL-001", "DEL-017")


@pytest.mark.parametrize("number", ["0", "-3", "many"])
def test_a_portion_that_is_no_number_is_told(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([f"--portion={number}"])
    assert f"{number!r} is no number of faults: give 1 or more" in capsys.readouterr().err
