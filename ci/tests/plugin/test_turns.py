"""Exclusive tests run alone, ordinary ones side by side."""

from __future__ import annotations

import threading
from pathlib import Path

from pytest_csi_snapshot.turns import turn

from .conftest import Demo


def test_shared_turns_are_held_together(tmp_path: Path) -> None:
    together = threading.Barrier(2, timeout=30)

    def take() -> None:
        with turn(tmp_path / "lock", exclusive=False):
            together.wait()

    other = threading.Thread(target=take)
    other.start()
    take()
    other.join()
    assert not together.broken


def test_exclusive_tests_meet_nobody(demo: Demo) -> None:
    demo.suite(
        test_one="""
import os
from pathlib import Path

HERE = Path(os.environ["STAND_IN_LOG"]).with_name("here")

def among():
    HERE.mkdir(exist_ok=True)
    mine = HERE / str(os.getpid())
    mine.touch()
    others = len(list(HERE.iterdir())) - 1
    for _ in range(200000):
        pass
    mine.unlink()
    return others

@pytest.mark.parametrize("number", range(12))
def test_ordinary(number):
    among()

@pytest.mark.csi_exclusive
@pytest.mark.parametrize("number", range(12))
def test_alone(number):
    assert among() == 0
"""
    )
    demo.run("-n4").assert_outcomes(passed=24)
