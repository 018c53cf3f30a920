"""The workers of the proof, side by side: each is given one order after the other and tells what it saw."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

from .clusters import name_of
from .hand import Hand

_SPAWN = multiprocessing.get_context("spawn")

Asked = TypeVar("Asked")
Told = TypeVar("Told")

Pipe = Any
"""A duplex Connection; what goes through it is an order, or None for the end, and what came of it back."""


def work(name: str, folder: Path, pipe: Pipe) -> None:
    """The main function of a worker process; it ends too where the other end of the pipe does."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        Hand(name, folder).work(given(pipe), pipe.send)


def given(pipe: Pipe) -> Iterator[Any]:
    """The orders that come through a pipe."""
    with suppress(EOFError):
        while (order := pipe.recv()) is not None:
            yield order


class Crew(Generic[Asked, Told]):
    """So many workers with a cluster each; use it as a context, so that no cluster is left."""

    def __init__(self, size: int, folder: Path, work: Callable[[str, Path, Pipe], None] = work) -> None:
        self._workers: list[Any] = []
        self._pipes: list[Pipe] = []
        for number in range(size):
            ours, theirs = _SPAWN.Pipe()
            worker = _SPAWN.Process(target=work, args=(name_of(os.getpid(), number), folder, theirs))
            worker.start()
            theirs.close()  # so that the end of the worker is the end of the pipe
            self._workers.append(worker)
            self._pipes.append(ours)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            if worker.is_alive():
                worker.terminate()
        for worker in self._workers:
            worker.join()

    def try_all(
        self, orders: Sequence[Asked], tell: Callable[[Told], None], lost: Callable[[Asked], Told]
    ) -> None:
        """Have all of them tried; of what a worker was at when it died, ``lost`` says what is told.

        Raises RuntimeError where no worker is left to do the rest.
        """
        waiting, at_work = deque(orders), dict[Pipe, Asked]()
        for pipe in self._pipes:
            _hand_out(pipe, waiting, at_work)
        while at_work:
            for pipe in wait(list(at_work)):
                assert isinstance(pipe, Connection)
                order = at_work.pop(pipe)
                try:
                    seen: Told = pipe.recv()
                except (EOFError, OSError):
                    self._pipes.remove(pipe)
                    seen = lost(order)
                else:
                    _hand_out(pipe, waiting, at_work)
                tell(seen)
        if waiting:
            raise RuntimeError(f"no worker is left, and {len(waiting)} of {len(orders)} cases are not tried")

    def finish(self) -> None:
        """Let the workers end in order: there is nothing more to do."""
        for pipe in self._pipes:
            with suppress(OSError):
                pipe.send(None)
        for worker in self._workers:
            worker.join()


def _hand_out(pipe: Pipe, waiting: deque[Asked], at_work: dict[Pipe, Asked]) -> None:
    if waiting:
        at_work[pipe] = order = waiting.popleft()
        with suppress(OSError):  # of a dead worker the end of the pipe is read next
            pipe.send(order)
