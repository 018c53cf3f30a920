"""Keeps the devices of published block volumes open.

A loop device goes with its last opener, and a bind mount of its node opens nothing: without this a
restart of the backend would take a block volume away from a pod that has it closed at that moment. What
to hold is read from the mount table, so a restart of the driver changes nothing either.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading

from ..linux import loops, mountinfo
from .mounting import device_root

log = logging.getLogger("driver")


class Holding:
    """The open devices of one driver process, by loop number."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[int, int] = {}

    def refresh(self) -> None:
        """Open what is published now, let go of what no longer is."""
        with self._lock:
            wanted = {
                int(device.removeprefix("/dev/loop"))
                for mount in mountinfo.mounts()
                if (device := device_root(mount)).removeprefix("/dev/loop").isdecimal()
            }
            for number in set(self._open) - wanted:
                os.close(self._open.pop(number))
            for number in wanted - set(self._open):
                with contextlib.suppress(OSError):  # a device that is gone cannot be held
                    self._open[number] = loops.open_device(number)
