"""Doing the same to many blocks in a few threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
Progress = Callable[[int, int], None]
"""Called with the number of blocks done, and of all."""


def for_each(items: Sequence[T], work: Callable[[T], None], workers: int, tell: Progress) -> None:
    """``work`` for each of ``items``; the first exception ends it and is raised when every thread has stopped.

    Only as many items as there are threads are under way, so that memory stays the same however many there are.
    """
    left = iter(items)
    taking = threading.Lock()
    done = 0
    failed = threading.Event()

    def run() -> None:
        nonlocal done
        while not failed.is_set():
            with taking:
                item = next(left, None)
            if item is None:
                return
            try:
                work(item)
            except BaseException:
                failed.set()
                raise
            with taking:
                done += 1
                tell(done, len(items))

    with ThreadPoolExecutor(workers, "blocks") as threads:
        runs = [threads.submit(run) for _ in range(min(workers, len(items)))]
    for each in runs:
        each.result()
