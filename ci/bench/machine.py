"""Whether the machine was quiet: a figure that was taken beside other work says little about us."""

from __future__ import annotations

import os
import resource
import time
from dataclasses import dataclass
from pathlib import Path

SAMPLE = 2.0
"""Seconds for which the machine is looked at before a measurement."""

BUSY = 0.15
"""Share of the processors' time from which others are in the way."""

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Surroundings:
    """Shares of all processors' time: ``before``, when we did nothing, and that of others meanwhile.

    What a Docker engine does for us cannot be told from what it does for others: ``during`` counts it as others'.
    """

    before: float
    during: float
    load_before: float
    load_after: float

    @property
    def loaded(self) -> bool:
        """Whether others worked when we began: whatever was measured then is not to be trusted."""
        return self.before > BUSY

    def words(self) -> str:
        told = (
            f"others used {self.before:.0%} of the processors before and {self.during:.0%} meanwhile; "
            f"load {self.load_before:.1f} -> {self.load_after:.1f}"
        )
        return f"LOADED: {told}" if self.loaded else told


class Watcher:
    """Looks at the machine for ``SAMPLE`` seconds when it is made, and again when it is asked."""

    def __init__(self, stat: Path = Path("/proc/stat"), sample: float = SAMPLE) -> None:
        self._stat = stat
        began, busy = time.monotonic(), self._busy()
        time.sleep(sample)  # nothing is waited for: this is the measurement of the others
        self._before = self._share(self._busy() - busy, time.monotonic() - began)
        self._load = os.getloadavg()[0]
        self._began, self._others = time.monotonic(), self._busy() - _own()

    def seen(self) -> Surroundings:
        """What it was like from the beginning until now."""
        elapsed = time.monotonic() - self._began
        others = self._busy() - _own() - self._others
        return Surroundings(self._before, self._share(others, elapsed), self._load, os.getloadavg()[0])

    def _busy(self) -> float:
        """Seconds in which a processor was not idle, of all of them, since the machine started."""
        user, nice, system, _idle, _wait, irq, softirq, steal = map(
            int, self._stat.read_text().split("\n", 1)[0].split()[1:9]
        )
        return (user + nice + system + irq + softirq + steal) / _TICK

    @staticmethod
    def _share(seconds: float, elapsed: float) -> float:
        return min(1.0, max(0.0, seconds / (elapsed * (os.cpu_count() or 1))))


def _own() -> float:
    """Processor seconds of this process, and of its children that have ended, with theirs."""
    mine, theirs = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return mine.ru_utime + mine.ru_stime + theirs.ru_utime + theirs.ru_stime


def described() -> dict[str, object]:
    """The machine, for whoever reads the figures later."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    model = next(
        (line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
         if line.startswith("model name")), "")  # fmt: skip
    return {"processors": os.cpu_count(), "model": model, "memory GiB": round(memory / 2**30, 1),
            "kernel": os.uname().release}  # fmt: skip
