"""Freezing the filesystem on a loop device, from the side of whoever wants it quiet.

A freeze is held by a guard process, see ``guard``; thawing needs none.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from . import guard
from .loops import Loop

FREEZABLE = ("ext4", "xfs")

_SYS_FS = Path("/sys/fs")


class FreezeError(Exception):
    """The filesystem could not be frozen, or not for as long as it was needed."""


def live_filesystem(number: int) -> str | None:
    """The type of the filesystem on /dev/loopN if it is mounted now, in whatever mount namespace; else None."""
    return next((fstype for fstype in FREEZABLE if (_SYS_FS / fstype / f"loop{number}").exists()), None)


@contextlib.contextmanager
def frozen(loop: Loop, fstype: str) -> Iterator[None]:
    """While the body runs no write reaches ``loop``, and all that was written before has.

    Raises FreezeError before the body if it cannot be frozen, and after it if the freeze did not last
    until its end (guard.HOLD, or a killed guard): what the body made is then worth nothing.
    """
    process = _start_guard(loop, fstype)
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        try:
            said = process.stdout.readline().strip()
            if said != "frozen":
                raise FreezeError(said or f"the guard of {loop.path} died")
            yield
            process.stdin.close()
            said = process.stdout.readline().strip()
            if said != "thawed":
                raise FreezeError(f"the freeze of {loop.path} ended early: {said or 'its guard died'}")
        finally:
            if not process.stdin.closed:
                process.stdin.close()
            if process.wait() < 0:  # killed: the freeze may still be on
                thaw(loop, fstype)


def thaw(loop: Loop, fstype: str) -> None:
    """End any freeze of the filesystem on ``loop``. Raises FreezeError."""
    try:
        with guard.opened(loop, fstype) as fd:
            guard.thaw(fd)
    except OSError as error:
        raise FreezeError(f"thawing {loop.path} failed: {error}") from error


def _start_guard(loop: Loop, fstype: str) -> subprocess.Popen[str]:
    identity = [str(loop.number), str(loop.backing.device), str(loop.backing.inode), fstype]
    return subprocess.Popen(
        [sys.executable, "-m", guard.__name__, *identity],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
