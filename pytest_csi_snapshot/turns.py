"""Turns between the processes of one run: ordinary tests side by side, exclusive ones alone.

A lock of the kernel on one file: a worker that crashes gives it back. Other runs and other machines are kept away
by a Lease, see ``exclusive``.
"""

from __future__ import annotations

import fcntl
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import pytest

from pytest_csi_snapshot.cluster import Cluster

EXCLUSIVE_MARK = "csi_exclusive"


@contextmanager
def turn(path: Path, *, exclusive: bool) -> Iterator[None]:
    """Hold the lock on ``path``: shared with other ordinary tests, or alone. Waits without a limit."""
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
        yield


def is_exclusive(item: pytest.Item) -> bool:
    """The test runs alone."""
    return item.get_closest_marker(EXCLUSIVE_MARK) is not None


def alone(item: pytest.Item, cluster: Cluster) -> AbstractContextManager[None]:
    """Keeps other runs away from an exclusive test, in a cluster that they can be in."""
    if not (is_exclusive(item) and cluster.shared):
        return nullcontext()
    from pytest_csi_snapshot.exclusive import alone_in

    return alone_in(cluster)


class Turns:
    """Takes a turn around setup, call and teardown of every test of a worker."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """The lock is held until the teardown is over."""
        with turn(self._path, exclusive=is_exclusive(item)):
            return (yield)
