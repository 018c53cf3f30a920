"""A queue of keys in which each key is at most once, and is worked on by one worker at a time.

A key says only "look at this object again"; what is to be done is read from the object. A key added
while it is being worked on is handed out once more afterwards. A failed key comes back after a back-off
that doubles (clause ERR-006); an ordinary ``add`` does not wait for it (clause ERR-007).
"""

from __future__ import annotations

import heapq
import threading
import time
from collections import deque
from collections.abc import Callable


class Backoff:
    """Seconds until the next try of each key: ``start``, doubled for each failure, at most ``limit``."""

    def __init__(self, start: float, limit: float) -> None:
        self._start = start
        self._limit = limit
        self._failures: dict[str, int] = {}

    def next(self, key: str) -> float:
        """Count one failure and return the pause after it."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        # 2**30 s is beyond any limit; larger powers would only cost arithmetic.
        return float(min(self._start * 2 ** min(failures, 30), self._limit))

    def forget(self, key: str) -> None:
        """Start anew with the next failure."""
        self._failures.pop(key, None)


class WorkQueue:
    """Keys to work on; ``clock`` gives monotonic seconds."""

    def __init__(self, backoff: Backoff, clock: Callable[[], float] = time.monotonic) -> None:
        self._backoff = backoff
        self._clock = clock
        self._ready: deque[str] = deque()
        self._waiting: set[str] = set()
        """Keys in ``_ready``, and keys to hand out again after ``done``."""
        self._active: set[str] = set()
        self._due: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []
        self._changed = threading.Condition()
        self._closed = False

    def add(self, key: str) -> None:
        """Hand the key out as soon as a worker is free, and drop its pause."""
        with self._changed:
            self._add(key)

    def add_after(self, key: str, seconds: float) -> None:
        """Hand the key out after a pause, unless it is added before; the earlier of two pauses counts."""
        with self._changed:
            due = self._clock() + seconds
            if key in self._waiting or self._due.get(key, due) < due:
                return
            self._due[key] = due
            heapq.heappush(self._heap, (due, key))
            self._changed.notify()

    def retry(self, key: str) -> float:
        """Hand the key out after its back-off; returns that pause in seconds."""
        with self._changed:
            pause = self._backoff.next(key)
        self.add_after(key, pause)
        return pause

    def forget(self, key: str) -> None:
        """The key is well: its next failure pauses for the shortest time again."""
        with self._changed:
            self._backoff.forget(key)

    def get(self) -> str | None:
        """The next key, blocking; None when the queue is closed. Each key needs a ``done``."""
        with self._changed:
            while not self._closed:
                self._wake_due()
                if self._ready:
                    key = self._ready.popleft()
                    self._waiting.discard(key)
                    self._active.add(key)
                    return key
                self._changed.wait(max(0.0, self._heap[0][0] - self._clock()) if self._heap else None)
            return None

    def done(self, key: str) -> None:
        """The worker is finished with the key."""
        with self._changed:
            self._active.discard(key)
            if key in self._waiting:
                self._ready.append(key)
            self._changed.notify_all()

    def close(self) -> None:
        """Hand out nothing any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def wait_idle(self, seconds: float) -> bool:
        """Wait until no key is being worked on; False if that took longer than ``seconds``."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._active, seconds)

    def _add(self, key: str) -> None:
        self._due.pop(key, None)
        if key in self._waiting:
            return
        self._waiting.add(key)
        if key not in self._active:
            self._ready.append(key)
        self._changed.notify()

    def _wake_due(self) -> None:
        now = self._clock()
        while self._heap and self._heap[0][0] <= now:
            due, key = heapq.heappop(self._heap)
            if self._due.get(key) == due:
                self._add(key)
