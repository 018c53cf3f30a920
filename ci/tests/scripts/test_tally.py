"""Counting clean runs of what is committed."""

from __future__ import annotations

import argparse
import subprocess
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


@pytest.mark.parametrize(("version", "args"), [("deadbeef", []), ("c0ffee", ["-k", "clone"])])
def test_another_version_and_other_arguments_begin_anew(tmp_path: Path, version: str, args: list[str]) -> None:
    tally.Tally(tmp_path, "c0ffee", []).add(run(4))
    assert tally.Tally(tmp_path, version, args).runs == []


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


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with a folder that runs are made of, and a page."""
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    keep(tmp_path, "suites/test_one.py", "one")
    keep(tmp_path, "docs/page.md", "one")
    return tmp_path


def keep(tree: Path, path: str, text: str) -> None:
    (tree / path).parent.mkdir(exist_ok=True)
    (tree / path).write_text(text)
    author = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org"]
    subprocess.run(["git", "add", "."], cwd=tree, check=True)
    subprocess.run(["git", *author, "commit", "-q", "-m", text], cwd=tree, check=True)


def test_a_version_is_that_of_what_runs_are_made_of(tree: Path) -> None:
    before = tally.version(["suites"], tree)
    keep(tree, "docs/page.md", "two")
    assert tally.version(["suites"], tree) == before
    keep(tree, "suites/test_one.py", "two")
    assert tally.version(["suites"], tree) != before


def test_a_tree_with_changes_has_no_version(tree: Path) -> None:
    (tree / "suites/test_one.py").write_text("two")
    with pytest.raises(SystemExit, match="commit or stash"):
        tally.version(["suites"], tree)
