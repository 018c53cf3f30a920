"""The workers: every order is answered, whoever dies over it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from faults.crew import Crew, given


def work(_name: str, _folder: Path, pipe: Any) -> None:
    """Answers every order but those that kill."""
    for order in given(pipe):
        if order.startswith("deadly"):
            os._exit(9)
        pipe.send(f"{order} done")


def lost(order: str) -> str:
    return f"{order} lost"


def crew_of(size: int, folder: Path) -> Crew[str, str]:
    return Crew(size, folder, work)


def test_every_order_is_answered_once_over_several_rounds(tmp_path: Path) -> None:
    seen: list[str] = []
    with crew_of(2, tmp_path) as crew:
        crew.try_all(["a", "b", "c", "d", "e"], seen.append, lost)
        crew.try_all(["f"], seen.append, lost)
        crew.finish()
    assert sorted(seen) == [f"{order} done" for order in "abcdef"]


def test_an_order_that_a_worker_dies_over_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    seen: list[str] = []
    with crew_of(2, tmp_path) as crew:
        crew.try_all(["deadly", "b", "c"], seen.append, lost)
        crew.finish()
    assert sorted(seen) == ["b done", "c done", "deadly lost"]


def test_without_any_worker_left_that_is_said(tmp_path: Path) -> None:
    with crew_of(1, tmp_path) as crew, pytest.raises(RuntimeError, match="2 of 3 cases are not tried"):
        crew.try_all(["deadly", "b", "c"], lambda _told: None, lost)
