"""Known bytes on a raw device: a few ranges, each line of which says whose it is and where it belongs.

As with trees, what is read back is compared with what is computed here. The ranges lie at both ends of the
device, in its middle, and across a boundary of the units in which backends copy. Bytes between them are
nobody's: a new device need not be zeroed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from pytest_csi_snapshot.quantities import MI

RANGE = 64 * 1024
LINE = 64
_FIRST = 10_000_000


@dataclass(frozen=True)
class Pattern:
    """Bytes that differ from those of any other ``seed``, for a device of at least ``size`` bytes."""

    seed: str
    size: int

    @property
    def offsets(self) -> tuple[int, ...]:
        """Where the ranges begin, in bytes."""
        last = self.size // RANGE - 1
        middle = self.size // RANGE // 2
        return (0, 2 * MI - RANGE // 2, middle * RANGE, last * RANGE)

    def write_script(self, device: str) -> str:
        """Shell that writes the ranges and flushes them."""
        lines = RANGE // LINE
        return "".join(
            f'i=0; while [ $i -lt {lines} ]; do echo "{self._head(offset)} $(({_FIRST}+i))"; i=$((i+1)); done |\n'
            f"  dd of={device} bs={RANGE // 2} seek={offset // (RANGE // 2)} conv=notrunc,fsync 2>/dev/null\n"
            for offset in self.offsets
        )

    def digests(self) -> dict[int, str]:
        """What ``read_script`` must print for these ranges: offset -> digest."""
        return {offset: _digest(self._bytes(offset)) for offset in self.offsets}

    def read_script(self, device: str, label: str, *, whole: bool = False) -> str:
        """Shell that prints the digest of each range, the device's size, and the sum of all ``size`` bytes."""
        script = [
            f'echo "{label} range {offset} $({_read(device, RANGE // 2, offset // (RANGE // 2), 2)})"'
            for offset in self.offsets
        ]
        if whole:
            script.append(f'echo "{label} whole {self.size} $({_sum(device, self.size // RANGE)})"')
        return "\n".join([*script, _size_script(device, label)])

    def _head(self, offset: int) -> str:
        """A line without its number: seed and offset, as long as all lines are."""
        return f"{self.seed} {offset} ".ljust(LINE - len(f" {_FIRST}\n"), "-")

    def _bytes(self, offset: int) -> bytes:
        head = self._head(offset)
        return "".join(f"{head} {_FIRST + i}\n" for i in range(RANGE // LINE)).encode()


@dataclass(frozen=True)
class Device:
    """What a reader found: the size in bytes, the digest of each range by its offset, and a sum of all."""

    size: int
    digests: dict[int, str]
    whole: str = ""


def read_device(answer: str, label: str) -> Device | None:
    """What ``Pattern.read_script`` printed in a pod's answer; None where it is not complete."""
    rows = [line.split() for line in answer.splitlines()]
    mine = [row[1:] for row in rows if len(row) == 4 and row[0] == label]
    sizes = [int(row[2]) for row in mine if row[0] == "size"]
    if not sizes:
        return None
    digests = {int(row[1]): row[2] for row in mine if row[0] == "range"}
    return Device(sizes[0], digests, next((row[2] for row in mine if row[0] == "whole"), ""))


def _sum(device: str, ranges: int) -> str:
    """MD5: of gigabytes SHA-256 takes twice as long. It is compared with that of another device, not computed."""
    return f'set -- $(dd if={device} bs={RANGE} count={ranges} 2>/dev/null | md5sum); echo "$1"'


def _read(device: str, unit: int, skip: int, count: int) -> str:
    reading = f"dd if={device} bs={unit} skip={skip} count={count} 2>/dev/null"
    return f'set -- $({reading} | sha256sum); echo "${{1%${{1#????????????????}}}}"'


def _size_script(device: str, label: str) -> str:
    """Shell that finds the end of a device by trying to read there: an image need not have ``blockdev``."""
    return f"""
there() {{ case "$(LC_ALL=C dd if={device} of=/dev/null bs=512 skip=$1 count=1 2>&1)" in
  *"1+0 records in"*) return 0;; *) return 1;; esac; }}
low=0; high=2048; while there $high; do low=$high; high=$((high*2)); done
while [ $((high-low)) -gt 1 ]; do mid=$(((low+high)/2)); if there $mid; then low=$mid; else high=$mid; fi; done
echo "{label} size bytes $((high*512))"
"""


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
