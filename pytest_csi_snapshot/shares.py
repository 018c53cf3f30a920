"""Shares: of volumes and pods only so many exist at one time, over all workers of a run.

A test takes what it needs at most (``prices``) before it begins and gives it back when it is over, so that no test
waits while it holds something. What the tests of a file share is not given back in between: that much is set aside
for each worker from the start. The shares are bytes of one file, locked by the kernel: a worker that crashes gives
its own back. Knows no cluster.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from pytest_csi_snapshot.bounds import Bounds
from pytest_csi_snapshot.prices import Price, price_list
from pytest_csi_snapshot.recorder import OutOfBounds
from pytest_csi_snapshot.session import cluster_of

_GATE = 0
_FIRST = {"volumes": 1, "pods": 1_000_001}
"""Resource -> the byte that is its first share."""


@contextmanager
def taken(path: Path, wanted: Mapping[str, tuple[int, int]]) -> Iterator[None]:
    """Hold shares: resource -> (how many, of how many). Waits without a limit until so many are free."""
    with path.open("r+b") as file:  # closing it gives all of them back
        with _locked(file.fileno(), _GATE):  # one process at a time gathers its shares
            for resource, (number, of) in wanted.items():
                _gather(file.fileno(), range(_FIRST[resource], _FIRST[resource] + of), number)
        yield


def _gather(file: int, shares: range, number: int) -> None:
    free = [share for share in shares if number > 0]
    while number > 0:
        for share in list(free):
            if number > 0 and _try(file, share):
                free.remove(share)
                number -= 1
        if number > 0:  # none is free now: whoever holds this one does not wait for anything of ours
            fcntl.lockf(file, fcntl.LOCK_EX, 1, free[0], os.SEEK_SET)
            del free[0]
            number -= 1


def _try(file: int, share: int) -> bool:
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, share, os.SEEK_SET)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _locked(file: int, byte: int) -> Iterator[None]:
    fcntl.lockf(file, fcntl.LOCK_EX, 1, byte, os.SEEK_SET)
    try:
        yield
    finally:
        fcntl.lockf(file, fcntl.LOCK_UN, 1, byte, os.SEEK_SET)


def demand(price: Price | None, bounds: Bounds, workers: int) -> dict[str, tuple[int, int]]:
    """What a test takes, where there are bounds; one of unknown price takes all. Raises OutOfBounds."""
    shared = price_list().shared.values()
    aside = {"volumes": max((each.volumes for each in shared), default=0),
             "pods": max((each.pods_at_once for each in shared), default=0)}  # fmt: skip
    needed = {"volumes": price.volumes_at_once, "pods": price.pods_at_once} if price else {"volumes": 0, "pods": 0}
    wanted = {}
    for resource, allowed in (("volumes", bounds.volumes), ("pods", bounds.pods)):
        if not allowed:
            continue
        left = allowed - workers * aside[resource]
        number = needed[resource] if price else max(left, 1)
        if number > left:
            told = (
                f"it takes {number} beside {aside[resource]} that each of {workers} workers may keep, of {allowed}"
            )
            raise OutOfBounds(f"atOnce.{resource}: {told}")
        wanted[resource] = (number, left)
    return wanted


class Shares:
    """Takes shares around setup, call and teardown of every test; ``path`` None where nobody runs beside us."""

    def __init__(self, path: Path | None, workers: int) -> None:
        self._path = path
        self._workers = workers

    def _demand(self, item: pytest.Item) -> dict[str, tuple[int, int]]:
        cluster = cluster_of(item.config)
        return demand(price_list().of(item.nodeid), cluster.bounds, self._workers) if cluster else {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """The shares are held until the teardown is over."""
        try:
            wanted = self._demand(item)
        except OutOfBounds:
            wanted = {}  # the setup ends the test
        if not (wanted and self._path):
            return (yield)
        with taken(self._path, wanted):
            return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """End a test that takes more than there may be."""
        self._demand(item)
