"""Locks by name: who changes a volume holds it alone, who copies from it shares it.

Several are taken at once or not at all, so that two calls never wait for each other.
"""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator

from .errors import BackendError

WAIT = 2.0
"""Seconds a call waits for others before it answers Aborted; most are done in a few milliseconds."""


class Locks:
    """All locks of one backend."""

    def __init__(self, wait: float = WAIT) -> None:
        self._wait = wait
        self._changed = threading.Condition()
        self._alone: set[str] = set()
        self._shared: Counter[str] = Counter()

    @contextlib.contextmanager
    def hold(self, *alone: str, shared: tuple[str, ...] = (), wait: float | None = None) -> Iterator[None]:
        """Hold each of ``alone`` alone and each of ``shared`` with other sharers. Raises BackendError Aborted.

        ``wait`` in seconds is for who has no call to answer.
        """
        with self._changed:
            limit = self._wait if wait is None else wait
            if not self._changed.wait_for(lambda: not self._busy(alone, shared), limit):
                busy = ", ".join(self._busy(alone, shared))
                raise BackendError("Aborted", f"another operation on {busy} is still running")
            self._alone.update(alone)
            self._shared.update(shared)
        try:
            yield
        finally:
            with self._changed:
                self._alone.difference_update(alone)
                self._shared.subtract(shared)
                self._changed.notify_all()

    def _busy(self, alone: tuple[str, ...], shared: tuple[str, ...]) -> list[str]:
        taken = [name for name in alone if name in self._alone or self._shared[name] > 0]
        return taken + [name for name in shared if name in self._alone]
