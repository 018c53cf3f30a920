"""Counting clean runs of a commit."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
import tally


def run(workers: int, code: int = 0) -> tally.Run:
    return tally.Run(workers, code, 1.0, "1 passed")


def test_it_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    goals = [tally.Goal(2, 4), tally.Goal(1, 1)]
    first = tally.Tally(tmp_path, "c0ffee", [])
    assert first.missing(goals) == [4, 4, 1]
    first.add(run(4))
    assert tally.Tally(tmp_path, "c0ffee", []).missing(goals) == [4, 1]


@pytest.mark.parametrize(("commit", "args"), [("deadbeef", []), ("c0ffee", ["-k", "clone"])])
def test_another_commit_and_other_arguments_begin_anew(tmp_path: Path, commit: str, args: list[str]) -> None:
    tally.Tally(tmp_path, "c0ffee", []).add(run(4))
    assert tally.Tally(tmp_path, commit, args).runs == []


def test_a_run_that_is_not_clean_is_named_and_counts_for_nothing(tmp_path: Path) -> None:
    kept = tally.Tally(tmp_path, "c0ffee", [])
    kept.add(run(4))
    assert kept.broken == 0
    kept.add(run(4, code=1))
    assert kept.broken == 2
    assert kept.missing([tally.Goal(2, 4)]) == [4]


@pytest.mark.parametrize("text", ["10", "x4", "ax4", "3x0", "3x-1"])
def test_a_goal_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="RUNSxWORKERS"):
        tally.Goal.parse(text)
