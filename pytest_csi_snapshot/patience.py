"""Patience for the next of many things: a thousand may take as long as they take, as long as some of them move."""

from __future__ import annotations


class Patience:
    """``within`` seconds in which nothing moves. Moments are those of one clock, in seconds, whichever it is."""

    def __init__(self, within: float, now: float) -> None:
        self._within = within
        self._moved = now

    def moved(self, at: float) -> None:
        """Something moved: it begins anew."""
        self._moved = at

    def left(self, now: float) -> float:
        """Seconds until it is over; 0 from then on."""
        return max(0.0, self._moved + self._within - now)
