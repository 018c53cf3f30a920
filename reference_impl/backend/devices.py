"""Volumes as devices: the loop device that serves a volume's live file, and making it hold still for a cut.

Whether a device is there is asked of the kernel, not remembered: it outlives this process. While
the process lives it holds each device open, because an unused loop device goes with its last opener.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator

from ..linux import freezing, loops
from .errors import BackendError
from .pool import Pool

PATIENCE = 1.0
"""Seconds a device without a mounted filesystem may take to go."""


class Devices:
    """The loop devices of one pool."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._held: dict[str, tuple[loops.Loop, int]] = {}

    def of(self, volume: str) -> loops.Loop | None:
        """The device that serves ``volume`` now, also if another process set it up."""
        try:
            backing = loops.Backing.of(self._pool.live(volume))
            held = self._held.get(volume)
            if held is not None and loops.serving(held[1]) == backing:
                return held[0]
            return loops.find(self._pool.live(volume))
        except FileNotFoundError:
            return None

    def attach(self, volume: str, prefer: int | None = None) -> loops.Loop:
        """Serve ``volume`` by a device and hold it; one that does so already is taken over."""
        loop = self.of(volume)
        if loop is not None and volume in self._held and self._held[volume][0] == loop:
            return loop
        if loop is not None:
            fd = loops.open_device(loop.number, os.O_RDWR)
        else:
            loop, fd = loops.attach(self._pool.live(volume), prefer)
        self._let_go(volume)
        self._held[volume] = loop, fd
        return loop

    def detach(self, volume: str) -> loops.Loop | None:
        """End the device of ``volume``. Returns it if a mount or an opener still keeps it, else None."""
        loop = self.of(volume)
        if loop is not None:
            fd = loops.open_device(loop.number)
            self._let_go(volume)
            try:
                loops.detach(fd)
            finally:
                os.close(fd)
        self._let_go(volume)
        return self._left(volume)

    def grow(self, volume: str) -> None:
        """Show the present size of the live file to whoever uses the device, if there is one."""
        loop = self.of(volume)
        if loop is not None:
            fd = loops.open_device(loop.number)
            try:
                loops.grow(fd)
            finally:
                os.close(fd)

    @contextlib.contextmanager
    def quiet(self, *volumes: str) -> Iterator[None]:
        """While the body runs the live files hold all that was written, and filesystems in them are consistent.

        Mounted filesystems are frozen, all together. A device without one is flushed: its writers are not held
        up, and what they flushed before is in the file. Raises BackendError Aborted when the freeze fails or does
        not last.
        """
        mounted: list[tuple[loops.Loop, str]] = []
        for loop in filter(None, map(self.of, volumes)):
            fstype = freezing.live_filesystem(loop.number)
            if fstype is None:
                _flush(loop)
            else:
                mounted.append((loop, fstype))
        try:
            with freezing.frozen(*mounted):
                yield
        except freezing.FreezeError as error:
            raise BackendError("Aborted", f"volume {', '.join(volumes)} could not be quiesced: {error}") from error

    def thaw(self, volume: str) -> None:
        """End a freeze that a killed process left on ``volume``."""
        loop = self.of(volume)
        fstype = freezing.live_filesystem(loop.number) if loop else None
        if loop is not None and fstype is not None:
            freezing.thaw(loop, fstype)

    def _left(self, volume: str) -> loops.Loop | None:
        """The device if it stays: the kernel tells nobody when it goes, and a passing look at it delays that."""
        end = time.monotonic() + PATIENCE
        while True:
            loop = self.of(volume)
            if loop is None or freezing.live_filesystem(loop.number) or time.monotonic() > end:
                return loop
            time.sleep(0.01)

    def _let_go(self, volume: str) -> None:
        held = self._held.pop(volume, None)
        if held is not None:
            os.close(held[1])


def _flush(loop: loops.Loop) -> None:
    fd = loops.open_device(loop.number)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
