"""Wakes those who wait for any change. What has changed they see by looking: a wake-up carries nothing.

Changes are made in threads, waiting is done in an event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator


class Changes:
    """The changes of one backend."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}

    @property
    def listeners(self) -> int:
        """How many wait now."""
        return len(self._listeners)

    def poke(self) -> None:
        """Something was changed, and can be read. From any thread."""
        with self._lock:
            for event, loop in self._listeners.items():
                loop.call_soon_threadsafe(event.set)

    @contextlib.contextmanager
    def listen(self) -> Iterator[asyncio.Event]:
        """The event is set by each poke, and cleared by the listener before it looks. In a running event loop."""
        event = asyncio.Event()
        with self._lock:
            self._listeners[event] = asyncio.get_running_loop()
        try:
            yield event
        finally:
            with self._lock:
                del self._listeners[event]
