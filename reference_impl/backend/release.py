"""The role ``release``: gives back what a killed backend left in the kernel.

    python -m … release --data DIR

Thaw first: a frozen filesystem holds its writers, and they cannot even be killed. Then unmount, then detach.
What is ours is known by device and inode of the backing file: the path a loop device shows is the one
of a mount namespace that may be gone, and another cluster may use the same.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from pathlib import Path

from ..linux import freezing, loops, mountinfo, syscalls

log = logging.getLogger("release")

PATIENCE = 1.0
"""Seconds a detached device may take to go."""


def main(argv: list[str]) -> int:
    """Returns the exit code: 0 if nothing is left, 1 if something could not be released."""
    parser = argparse.ArgumentParser(prog="release", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the data directory of the backend that is gone")
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    left = release(options.data)
    for trouble in left:
        print(trouble, file=sys.stderr)
    return 1 if left else 0


def release(data: Path) -> list[str]:
    """Release everything that serves files of ``data``; returns what is left, in words. May be repeated."""
    pool = _pool_loop(data)
    volumes = _volume_loops(data, pool)
    for loop in volumes:
        _thaw(loop)
    for loop in [*volumes, *([pool] if pool else [])]:
        _unmount(loop)
        _detach(loop)
    return [_who(loop) for loop in _left(data, pool)]


def _left(data: Path, pool: loops.Loop | None) -> list[loops.Loop]:
    """What is still there after a while: the kernel tells nobody when a device is gone.

    Another backend on this machine that looks for its own devices has ours open for a moment.
    """
    end = time.monotonic() + PATIENCE
    while True:
        image = _pool_loop(data)
        left = [*_volume_loops(data, pool), *([image] if image else [])]
        if not left or time.monotonic() > end:
            return left
        time.sleep(0.02)


def _pool_loop(data: Path) -> loops.Loop | None:
    image = data / "pool.img"
    return loops.find(image) if image.exists() else None


def _volume_loops(data: Path, pool: loops.Loop | None) -> list[loops.Loop]:
    """Those over a file in the pool: all of its filesystem if it is an image, else those of the files there."""
    if pool is not None:
        return [loop for loop in loops.bound() if loop.backing.device == pool.rdev]
    folder = data / "pool" / "live"
    if not folder.is_dir():
        return []
    ours = {loops.Backing.of(path) for path in folder.iterdir()}
    return [loop for loop in loops.bound() if loop.backing in ours]


def _thaw(loop: loops.Loop) -> None:
    fstype = freezing.live_filesystem(loop.number)
    if fstype is not None:
        try:
            freezing.thaw(loop, fstype)
        except freezing.FreezeError as error:
            log.warning("%s", error)


def _unmount(loop: loops.Loop) -> None:
    """What this process sees of it; a mount in another namespace goes with that namespace."""
    for mount in mountinfo.of_device(loop.rdev):
        try:
            syscalls.unmount(mount.point)
            log.info("unmounted %s", mount.point)
        except OSError as error:
            log.warning("cannot unmount %s: %s", mount.point, error.strerror)


def _detach(loop: loops.Loop) -> None:
    try:
        fd = loops.open_device(loop.number)
    except OSError as error:
        log.info("%s went by itself: %s", loop.path, error.strerror)
        return
    try:
        if loops.serving(fd) == loop.backing:
            loops.detach(fd)
            log.info("detached %s", loop.path)
    finally:
        os.close(fd)


def _who(loop: loops.Loop) -> str:
    fstype = freezing.live_filesystem(loop.number)
    use = f"its {fstype} is mounted in another mount namespace" if fstype else "a process has it open"
    return f"{loop.path} is still there: {use}; end that and run this again"
