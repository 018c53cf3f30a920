"""The workers of the proof, side by side: each takes the next order from one queue and tells what it saw."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable, Iterable, Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Self

from .clusters import name_of
from .hand import Hand
from .observing import Observation
from .running import Order

_PR_SET_PDEATHSIG = 1
_SPAWN = multiprocessing.get_context("spawn")


class Crew:
    """So many workers with a cluster each; use it as a context, so that no cluster is left."""

    def __init__(self, size: int, folder: Path) -> None:
        self._orders = _SPAWN.SimpleQueue()
        self._told: list[Connection] = []
        self._workers: list[Any] = []
        for number in range(size):
            mine, theirs = _SPAWN.Pipe(duplex=False)
            worker = _SPAWN.Process(
                target=_work, args=(name_of(os.getpid(), number), folder, self._orders, theirs)
            )
            worker.start()
            theirs.close()  # so that the end of the worker is the end of the pipe
            self._told.append(mine)
            self._workers.append(worker)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            if worker.is_alive():
                worker.terminate()
        for worker in self._workers:
            worker.join()

    def try_all(self, orders: Sequence[Order], tell: Callable[[Observation], None]) -> None:
        """Have all of them tried. Raises RuntimeError where no worker is left to do it."""
        for order in orders:
            self._orders.put(order)
        left = len(orders)
        while left:
            if not self._told:
                raise RuntimeError(f"no worker is left, and {left} of {len(orders)} cases are not tried")
            for pipe in wait(self._told):
                assert isinstance(pipe, Connection)
                try:
                    told = pipe.recv()
                except EOFError:
                    self._told.remove(pipe)
                    continue
                if isinstance(told, str):
                    print(told, flush=True)
                    continue
                tell(told)
                left -= 1

    def finish(self) -> None:
        """Let the workers end in order: there is nothing more to do."""
        for _ in self._workers:
            self._orders.put(None)
        for worker in self._workers:
            worker.join()


def _work(name: str, folder: Path, orders: Any, told: Connection) -> None:
    """The main function of a worker process."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)  # also where the one who hands out orders is killed
    try:
        Hand(name, folder).work(_taken(orders), told.send)
    except KeyboardInterrupt:
        pass
    except Exception:
        told.send(f"the worker of {name} ends:\n{traceback.format_exc()}")


def _taken(orders: Any) -> Iterable[Order]:
    while (order := orders.get()) is not None:
        yield order
