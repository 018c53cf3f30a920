"""The process that holds a freeze, so that no freeze outlives who asked for it.

    python -m …linux.guard NUMBER DEVICE INODE FSTYPE

It says "ready" when only the freeze is left to do, waits for a line, freezes, says "frozen", holds until its
standard input closes or ``HOLD`` seconds have passed, thaws, and says "thawed" or "expired". A frozen
filesystem blocks each of its writers beyond the reach of signals: freezing the wrong one, or for ever, takes
the machine down. Hence: the filesystem is opened through the loop device, never through a mount point that may
be gone; the loop must serve the file it is said to; and what was opened must lie on that loop.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import select
import signal
import sys
from collections.abc import Iterator

from . import loops, syscalls

HOLD = 5.0
"""Seconds a freeze lasts at most; a clone takes less than one millisecond."""


def main(argv: list[str]) -> int:
    """Returns the exit code: 0 when the filesystem is thawed at the end."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)  # only the pipe and the clock end a freeze
    loop_number, device, inode, fstype = argv
    loop = loops.Loop(int(loop_number), loops.Backing(int(device), int(inode)))
    try:
        with opened(loop, fstype) as fd:
            say("ready")
            if not os.read(sys.stdin.fileno(), 16):
                return 0  # whoever started us has given up
            outcome = freeze(fd)
    except OSError as error:
        say(f"freezing {loop.path} failed: {error}")
        return 1
    say(outcome)
    return 0


@contextlib.contextmanager
def opened(loop: loops.Loop, fstype: str) -> Iterator[int]:
    """The root of the filesystem on ``loop``, proven to be that one. Raises OSError."""
    device = loops.open_device(loop.number)
    try:
        if loops.serving(device) != loop.backing:
            raise OSError(errno.ENXIO, f"{loop.path} serves another file by now")
        fd = _open_filesystem(loop, fstype)
        try:
            if os.fstat(fd).st_dev != loop.rdev:
                raise OSError(errno.EXDEV, f"what was opened does not lie on {loop.path}")
            yield fd
        finally:
            os.close(fd)
    finally:
        os.close(device)


def freeze(fd: int) -> str:
    """Freeze until the pipe closes or the time is over; returns which: "thawed" or "expired"."""
    try:
        fcntl.ioctl(fd, syscalls.FIFREEZE, 0)
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        thaw(fd)  # a guard before us was killed: its freeze is nobody's
        fcntl.ioctl(fd, syscalls.FIFREEZE, 0)
    try:
        say("frozen")
        released, _, _ = select.select([sys.stdin], [], [], HOLD)
    finally:
        fcntl.ioctl(fd, syscalls.FITHAW, 0)
    return "thawed" if released else "expired"


def thaw(fd: int) -> None:
    """Thaw; a filesystem that is not frozen is as good."""
    try:
        fcntl.ioctl(fd, syscalls.FITHAW, 0)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise


def say(word: str) -> None:
    """One line to whoever started us; they may be dead."""
    with contextlib.suppress(BrokenPipeError):
        os.write(sys.stdout.fileno(), f"{word}\n".encode())


def _open_filesystem(loop: loops.Loop, fstype: str) -> int:
    try:
        return syscalls.open_filesystem(loop.path, fstype)
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        return syscalls.open_filesystem(loop.path, fstype, read_only=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
