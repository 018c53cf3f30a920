"""What a condition takes for an answer."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.conditions import ANSWERED


@pytest.mark.parametrize(
    ("message", "answered"),
    [
        ('failed to list snapshot: "rpc error: code = NotFound desc = no such snapshot"', True),
        ('failed to list snapshot: "rpc error: code = Internal desc = its disk is gone"', True),
        ("failed to get secret default/s", True),
        ('failed to list snapshot: "rpc error: code = Unavailable desc = not now, ask again"', False),
        ('failed to list snapshot: "rpc error: code = DeadlineExceeded desc = Deadline Exceeded"', False),
    ],
)
def test_a_call_that_will_be_made_again_is_no_answer_yet(message: str, answered: bool) -> None:
    assert ANSWERED.holds({"metadata": {}, "status": {"error": {"message": message}}}) is answered


def test_no_error_is_no_answer() -> None:
    assert not ANSWERED.holds({"metadata": {}, "status": {"readyToUse": False}})
