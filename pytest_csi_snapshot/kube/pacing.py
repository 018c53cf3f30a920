"""How fast requests follow each other: so many a second, and none before a busy server wants to be asked again."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable

BURST = 10
"""Requests that may come at once after a pause."""


class Pace:
    """Gives every request its moment; safe to use from several threads, which queue in the order they come.

    ``rate`` is in requests a second. ``refusals`` counts what the server has refused, by HTTP code.
    """

    def __init__(
        self,
        rate: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.rate = rate
        self.refusals: Counter[int] = Counter()
        self._clock = clock
        self._sleep = sleep
        self._guard = threading.Lock()
        self._full_at = clock()
        """When a request would be due without bursts: the generic cell rate algorithm (ITU-T I.371)."""
        self._held_until = 0.0

    def wait(self) -> None:
        """Return when the next request may be sent."""
        step = 1 / self.rate
        with self._guard:
            now = self._clock()
            due = max(now, self._held_until, self._full_at - (BURST - 1) * step)
            self._full_at = max(self._full_at, due) + step
        if due > now:
            self._sleep(due - now)

    def refused(self, status: int, retry_after: float) -> None:
        """Note a refusal. For ``retry_after`` seconds after a 429 nobody who keeps this pace sends anything."""
        with self._guard:
            self.refusals[status] += 1
            if status == 429:
                self._held_until = max(self._held_until, self._clock() + retry_after)
