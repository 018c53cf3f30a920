"""Patience for the next of many things."""

from __future__ import annotations

from pytest_csi_snapshot.patience import Patience


def test_it_begins_anew_with_each_thing_that_moves_and_ends_where_none_does() -> None:
    patience = Patience(60, now=100)
    assert patience.left(110) == 50
    patience.moved(150)
    assert patience.left(160) == 50
    assert patience.left(210) == patience.left(300) == 0
