"""Shards: every test in exactly one, the same division everywhere, what runs alone in the last."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_csi_snapshot.errors import UsageTrouble
from pytest_csi_snapshot.shards import Shard, owners, parse_shard

FILES = st.lists(
    st.tuples(st.sampled_from([f"test_{name}.py" for name in "abcdefgh"]), st.booleans()), max_size=60
)


@given(FILES, st.integers(1, 9), st.randoms())
def test_the_division_does_not_depend_on_the_order(tests: list[tuple[str, bool]], of: int, random: object) -> None:
    shuffled = list(tests)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    division = owners(tests, of)
    assert division == owners(shuffled, of)
    assert division.keys() == set(tests)
    assert all(1 <= number <= of for number in division.values())
    assert all(number == of for (_, alone), number in division.items() if alone)


def test_the_largest_file_goes_first_and_the_others_make_up_for_it() -> None:
    tests = [("big.py", False)] * 5 + [("a.py", False)] * 2 + [("b.py", False)] * 2 + [("c.py", False)]
    assert owners(tests, 2) == {
        ("big.py", False): 1,
        ("a.py", False): 2,
        ("b.py", False): 2,
        ("c.py", False): 2,
    }


def test_the_last_shard_has_less_of_the_others_for_what_runs_alone() -> None:
    tests = [("alone.py", True)] * 3 + [("a.py", False), ("b.py", False)]
    assert owners(tests, 2) == {("alone.py", True): 2, ("a.py", False): 1, ("b.py", False): 1}


def test_parse() -> None:
    assert parse_shard("") is None
    assert parse_shard("2/4") == Shard(2, 4)
    assert str(Shard(2, 4)) == "2/4"


@pytest.mark.parametrize("text", ["0/4", "5/4", "2", "2/", "a/b", "1/65", "-1/4"])
def test_what_is_no_shard(text: str) -> None:
    with pytest.raises(UsageTrouble, match="is not one of N shards"):
        parse_shard(text)
