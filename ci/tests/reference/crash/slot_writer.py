"""A process that writes numbered records to a block device, each durable before the next.

    python -m reference.crash.slot_writer FD CALM

FD is the device. After CALM writes it says "calm"; it goes on until its standard input closes, and then says in
JSON how long the writes took before and after that word.
"""

from __future__ import annotations

import itertools
import json
import os
import select
import statistics
import sys
import time

from .slots import SIZE, record, slot_of


def main(device: int, calm: int) -> int:
    slots = os.lseek(device, 0, os.SEEK_END) // SIZE
    fd = os.open(f"/proc/self/fd/{device}", os.O_WRONLY | os.O_DSYNC)
    seconds: list[float] = []
    for number in itertools.count(1):
        content = record(number)
        begun = time.perf_counter()
        os.pwrite(fd, content, slot_of(number, slots) * SIZE)
        seconds.append(time.perf_counter() - begun)
        if number == calm:
            print("calm", flush=True)
        if number > calm and select.select([sys.stdin], [], [], 0)[0]:
            break
    print(json.dumps({"before": _figures(seconds[:calm]), "after": _figures(seconds[calm:])}))
    return 0


def _figures(seconds: list[float]) -> dict[str, float]:
    """In milliseconds."""
    return {
        "writes": len(seconds),
        "median": statistics.median(seconds) * 1000,
        "p99": statistics.quantiles(seconds, n=100)[98] * 1000,
        "worst": max(seconds) * 1000,
    }


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
