"""Turns between the processes of one run: ordinary tests side by side, exclusive ones alone.

A lock of the kernel on one file: a worker that crashes gives it back. Other runs and other machines are kept away
by a Lease, see ``exclusive``.
"""

from __future__ import annotations

import fcntl
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
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
    """Takes turns for the tests of a worker."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ordinary = ExitStack()
        self._among_others = False

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        """The lock is held until the teardown is over, and by ordinary tests from one to the next.

        So one that runs alone waits until nobody has ordinary ones left: between two of them it would stop the
        others, who have something to do.
        """
        if is_exclusive(item):
            with turn(self._path, exclusive=True):
                return (yield)
        if not self._among_others:
            self._ordinary.enter_context(turn(self._path, exclusive=False))
            self._among_others = True
        try:
            return (yield)
        finally:
            if nextitem is None or is_exclusive(nextitem):
                self._ordinary.close()
                self._among_others = False
