"""One call at a time per object; a second one waits a little, then is told to come again."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import grpc

from .refusals import Refusal

WAIT = 10.0
"""Seconds a call waits for another of the same object; several pods may publish one volume at once."""


class InFlight:
    """The objects with a call under way."""

    def __init__(self, wait: float = WAIT) -> None:
        self._wait = wait
        self._changed = threading.Condition()
        self._busy: set[str] = set()

    @contextlib.contextmanager
    def one(self, what: str) -> Iterator[None]:
        """``what`` is e.g. "volume pvc-a". Raises Refusal ABORTED (RPC-ALL-001)."""
        with self._changed:
            if not self._changed.wait_for(lambda: what not in self._busy, self._wait):
                raise Refusal(grpc.StatusCode.ABORTED, f"an operation on {what} is still running")
            self._busy.add(what)
        try:
            yield
        finally:
            with self._changed:
                self._busy.remove(what)
                self._changed.notify_all()
