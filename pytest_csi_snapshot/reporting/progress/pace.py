"""How long the rest of a run takes: by how long its tests took earlier, else by the pace until now. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

ENOUGH = 5
"""Tests that must have ended before their pace says anything."""


def seconds_left(
    rest: Iterable[str], done: Mapping[str, float], earlier: Mapping[str, float], elapsed: float, lanes: int
) -> float | None:
    """Seconds until the tests of ``rest`` are through; None while nothing is known.

    ``done`` and ``earlier`` are the seconds of tests now and in an earlier run, ``elapsed`` the seconds since the
    first test began, ``lanes`` how many tests run at one time.
    """
    known = earlier or (done if len(done) >= ENOUGH else {})
    if not known:
        return None
    usual = sum(known.values()) / len(known)
    left = sum(known.get(test, usual) for test in rest)
    behind = sum(known.get(test, usual) for test in done)
    pace = elapsed / behind if len(done) >= ENOUGH and behind else 1 / lanes
    return left * pace


def left_in_words(seconds: float | None) -> str:
    """``about 40 s left``: an estimate, and rounded like one; "" where there is none."""
    if seconds is None:
        return ""
    if seconds < 5:
        return "a few seconds left"
    if seconds < 95:
        return f"about {max(10, round(seconds, -1)):.0f} s left"
    if seconds < 95 * 60:
        return f"about {round(seconds / 60)} min left"
    return f"about {round(seconds / 3600)} h left"
