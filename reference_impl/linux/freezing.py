"""Freezing the filesystem on a loop device, from the side of whoever wants it quiet.

A freeze is held by a guard process for each filesystem, see ``guard``; thawing needs none.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from . import guard, syscalls
from .loops import Loop

FREEZABLE = ("ext4", "xfs")

_SYS_FS = Path("/sys/fs")
_TRIM_RANGE = struct.Struct("=QQQ")


class FreezeError(Exception):
    """The filesystem could not be frozen, or not for as long as it was needed."""


def live_filesystem(number: int) -> str | None:
    """The type of the filesystem on /dev/loopN if it is mounted now, in whatever mount namespace; else None."""
    return next((fstype for fstype in FREEZABLE if (_SYS_FS / fstype / f"loop{number}").exists()), None)


@contextlib.contextmanager
def frozen(*filesystems: tuple[Loop, str]) -> Iterator[None]:
    """While the body runs no write reaches any of these loops, and all that was written before has.

    Each is given with the type of its filesystem. All are frozen at about the same time, so that the writers of
    the first do not wait for the guards of the others to start. Raises FreezeError before the body if one cannot
    be frozen, and after it if a freeze did not last until its end (guard.HOLD, or a killed guard): what
    the body made is then worth nothing.
    """
    with contextlib.ExitStack() as running:
        guards = [running.enter_context(_Guard(loop, fstype)) for loop, fstype in filesystems]
        for each in guards:
            each.expect("ready")
        for each in guards:
            each.freeze()
        for each in guards:
            each.expect("frozen")
        yield
        for each in guards:
            each.release()


def thaw(loop: Loop, fstype: str) -> None:
    """End any freeze of the filesystem on ``loop``. Raises FreezeError."""
    try:
        with guard.opened(loop, fstype) as fd:
            guard.thaw(fd)
    except OSError as error:
        raise FreezeError(f"thawing {loop.path} failed: {error}") from error


def trim(loop: Loop, fstype: str) -> None:
    """Tell the device which space the mounted filesystem on it does not use. Raises OSError."""
    with guard.opened(loop, fstype) as fd:
        fcntl.ioctl(fd, syscalls.FITRIM, _TRIM_RANGE.pack(0, (1 << 64) - 1, 0))


class _Guard:
    """A guard process from its start to its end."""

    def __init__(self, loop: Loop, fstype: str) -> None:
        self._loop, self._fstype = loop, fstype
        identity = [str(loop.number), str(loop.backing.device), str(loop.backing.inode), fstype]
        self._process = subprocess.Popen(
            [sys.executable, "-m", guard.__name__, *identity], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._let_go()
        with self._process:
            status = self._process.wait()
        if status < 0:  # killed: the freeze may still be on
            thaw(self._loop, self._fstype)

    def freeze(self) -> None:
        """Tell it to; whether it did is for ``expect``."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it died, and will say nothing either
            os.write(self._process.stdin.fileno(), b"freeze\n")

    def expect(self, word: str) -> None:
        """Raises FreezeError with what it said instead."""
        said = self._said()
        if said != word:
            raise FreezeError(said or f"the guard of {self._loop.path} died")

    def release(self) -> None:
        """Thaw. Raises FreezeError if it was thawed before."""
        self._let_go()
        said = self._said()
        if said != "thawed":
            raise FreezeError(f"the freeze of {self._loop.path} ended early: {said or 'its guard died'}")

    def _said(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().decode().strip()

    def _let_go(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
