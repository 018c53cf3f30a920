"""Doing the same to many blocks in a few threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
Progress = Callable[[int, int], None]
"""Called with the number of blocks done, and of all."""


def for_each(items: Sequence[T], work: Callable[[T], None], workers: int, tell: Progress) -> None:
    """``work`` for each of ``items``; the first exception ends it and is raised when every thread has stopped.

    Only as many items as there are threads are under way, so that memory stays the same however many there are.
    The threads end with the process.
    """
    run = _Run(items, work, tell)
    threads = [threading.Thread(target=run.go, name="blocks", daemon=True) for _ in items[:workers]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if run.failure is not None:
        raise run.failure


class _Run(Generic[T]):
    """What the threads share."""

    def __init__(self, items: Sequence[T], work: Callable[[T], None], tell: Progress) -> None:
        self.failure: Exception | None = None
        self._all = len(items)
        self._left = iter(items)
        self._work = work
        self._tell = tell
        self._done = 0
        self._changing = threading.Lock()

    def go(self) -> None:
        try:
            for item in self._items():
                self._work(item)
                with self._changing:
                    self._done += 1
                    self._tell(self._done, self._all)
        except Exception as error:
            self.failure = error

    def _items(self) -> Iterator[T]:
        while self.failure is None:
            with self._changing:
                try:
                    item = next(self._left)
                except StopIteration:
                    return
            yield item
