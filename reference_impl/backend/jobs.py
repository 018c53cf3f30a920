"""What goes on after its call was answered: jobs, each in a thread, so many at a time; the rest wait in order."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

log = logging.getLogger("backend")


class Jobs:
    """Jobs of one kind. ``limit`` is asked each time how many may run. A job tells of its own failure.

    The threads end with the process: a job must be such that it can be killed.
    """

    def __init__(self, kind: str, limit: Callable[[], int]) -> None:
        self._kind = kind
        self._limit = limit
        self._waiting: deque[Callable[[], None]] = deque()
        self._running = 0
        self._changed = threading.Condition()

    def start(self, work: Callable[[], None]) -> None:
        """At once, or when others are done."""
        with self._changed:
            self._waiting.append(work)
            if self._running < self._limit():
                self._running += 1
                threading.Thread(target=self._work, name=self._kind, daemon=True).start()

    def idle(self, timeout: float) -> bool:
        """Whether all jobs are done within ``timeout`` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._running, timeout)

    def _work(self) -> None:
        while (work := self._next()) is not None:
            try:
                work()
            except Exception:
                log.exception("%s job failed", self._kind)

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            if self._waiting and self._running <= self._limit():
                return self._waiting.popleft()
            self._running -= 1
            self._changed.notify_all()
            return None
