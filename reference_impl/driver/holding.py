"""Keeps the devices of published block volumes open.

A loop device goes with its last opener, and a bind mount of its node opens nothing: without this a
restart of the backend would take a block volume away from a pod that has it closed at that moment. What
to hold after a restart of the driver is read from the mount table, and only what the backend says is ours:
other drivers on the node publish devices there too, and a device that is held can be neither detached nor deleted.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Collection
from pathlib import Path

from ..linux import loops, mountinfo
from .mounting import device_root


class Holding:
    """The open devices of one driver process, by the path that each is published at."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[Path, int] = {}

    def hold(self, target: Path, device: str) -> None:
        """Keep ``device`` open while it is mounted on ``target``."""
        with self._lock:
            self._hold(target, device)

    def adopt(self, devices: Collection[str]) -> None:
        """Hold those of ``devices`` that are published already: by a driver process before this one."""
        with self._lock:
            for mount in mountinfo.mounts():
                if device_root(mount) in devices:
                    self._hold(mount.point, device_root(mount))

    def let_go(self) -> None:
        """Close what is published no longer."""
        with self._lock:
            mounts = mountinfo.mounts()
            for target in [path for path in self._open if mountinfo.mount_at(path, mounts) is None]:
                os.close(self._open.pop(target))

    def _hold(self, target: Path, device: str) -> None:
        if target not in self._open:
            with contextlib.suppress(OSError):  # a device that is gone cannot be held
                self._open[target] = loops.open_device(loops.number_of(device))
