"""Two volumes written in order: a counter goes to the first, is flushed there, and only then to the second.

Cut at one moment, the second is what the first is, or one behind; a second that is ahead, or further behind, was
cut at another moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_csi_snapshot.workloads.pods import READY_FILE


def write_script(roots: Sequence[str]) -> str:
    """Shell that counts on the two volumes until it is ended; ready once both hold a number.

    It goes as fast as the volumes flush: the less there is between two writes, the less can hide between two cuts.
    """
    first, second = roots
    return f"""
put() {{ echo "count $((10000000+n)) " | dd of=$1/count conv=notrunc,fsync 2>/dev/null; }}
stop=; trap 'stop=1' TERM
n=0; put {first}; put {second}; : > {READY_FILE}
while [ -z "$stop" ]; do n=$((n+1)); put {first}; put {second}; done
"""


def read_script(roots: Sequence[str], label: str) -> str:
    """Shell that prints how far each of the two volumes has counted."""
    first, second = roots
    return f'echo "{label} counts $(cat {first}/count) $(cat {second}/count)"\n'


@dataclass(frozen=True)
class Counts:
    """How far the two volumes had counted when they were cut."""

    first: int
    second: int

    @property
    def at_one_moment(self) -> bool:
        """The second is equal to the first, or one behind."""
        return 0 <= self.first - self.second <= 1


def read_counts(answer: str, label: str) -> Counts | None:
    """The line of ``read_script`` in a pod's answer; None where it is missing or a count is torn."""
    for line in answer.splitlines():
        words = line.split()
        if words[:2] == [label, "counts"] and len(words) == 6 and all(each.isdigit() for each in words[3::2]):
            return Counts(int(words[3]), int(words[5]))
    return None
