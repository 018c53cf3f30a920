"""What happened to volumes and snapshots, for people to read. The latest are kept, and none across a restart."""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

KEPT = 1000


@dataclass(frozen=True)
class Event:
    """``kind`` and ``subject`` are what it is about; ``time`` in seconds since the epoch."""

    name: str
    kind: str
    subject: str
    reason: str
    message: str
    time: float


class Events:
    """The latest events of one backend."""

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self._changed = changed
        self._numbers = itertools.count(1)
        self._latest: deque[Event] = deque(maxlen=KEPT)

    def add(self, kind: str, subject: str, reason: str, message: str) -> None:
        name = f"{subject}.{next(self._numbers):016x}"
        self._latest.append(Event(name, kind, subject, reason, message, time.time()))
        self._changed()

    def all(self) -> list[Event]:
        """Oldest first."""
        return list(self._latest)
