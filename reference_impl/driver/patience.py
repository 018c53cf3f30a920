"""Waiting for what the backend does by itself: it has no call that answers when a copy is done."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import grpc

T = TypeVar("T")

TICK = 0.05
"""Seconds between two looks."""
MARGIN = 1.0
"""Seconds before the caller's own limit: an answer with a reason beats a DEADLINE_EXCEEDED without."""
DEFAULT = 60.0


class Patience:
    """``seconds`` is the longest one call waits."""

    def __init__(self, seconds: float = DEFAULT) -> None:
        self._seconds = seconds

    def until(self, context: grpc.ServicerContext, read: Callable[[], T], done: Callable[[T], bool]) -> T:
        """The first of what ``read`` returns that is ``done``; when the time is up, the last."""
        left = context.time_remaining()
        end = time.monotonic() + (self._seconds if left is None else min(self._seconds, left - MARGIN))
        while True:
            found = read()
            if done(found) or time.monotonic() >= end or not context.is_active():
                return found
            time.sleep(TICK)
