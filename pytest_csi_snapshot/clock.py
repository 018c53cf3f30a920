"""How long ago the command was typed: the age of this process, with the start of the interpreter in it."""

from __future__ import annotations

import os
import time
from pathlib import Path

_IMPORTED = time.monotonic()


def since_command() -> float:
    """Seconds since this process was started; where /proc does not tell, since the run of ours began."""
    try:
        # Fields after the command's closing bracket; the 22nd of all is the start in clock ticks since boot.
        start = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    except (OSError, IndexError, ValueError):
        return time.monotonic() - _IMPORTED
    return time.clock_gettime(time.CLOCK_BOOTTIME) - start / os.sysconf("SC_CLK_TCK")
