"""The workers: every order is answered, whoever dies over it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from faults.crew import Crew, given
from faults.observing import Observation
from faults.running import Order


def work(_name: str, _folder: Path, pipe: Any) -> None:
    """Answers every order but those that kill."""
    for order in given(pipe):
        if order.name.startswith("deadly"):
            os._exit(9)
        pipe.send(Observation(order.name, seconds=1.0))


def orders(*names: str) -> list[Order]:
    return [Order(name, (), (), ()) for name in names]


def test_every_order_is_answered_once_over_several_rounds(tmp_path: Path) -> None:
    seen: list[str] = []
    with Crew(2, tmp_path, work) as crew:
        crew.try_all(orders("a", "b", "c", "d", "e"), lambda told: seen.append(told.name))
        crew.try_all(orders("f"), lambda told: seen.append(told.name))
        crew.finish()
    assert sorted(seen) == ["a", "b", "c", "d", "e", "f"]


def test_an_order_that_a_worker_dies_over_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    seen: dict[str, str] = {}
    with Crew(2, tmp_path, work) as crew:
        crew.try_all(orders("deadly", "b", "c"), lambda told: seen.update({told.name: told.trouble}))
        crew.finish()
    assert seen == {"deadly": "its worker died, see above", "b": "", "c": ""}


def test_without_any_worker_left_that_is_said(tmp_path: Path) -> None:
    with Crew(1, tmp_path, work) as crew, pytest.raises(RuntimeError, match="2 of 3 cases are not tried"):
        crew.try_all(orders("deadly", "b", "c"), lambda _told: None)
