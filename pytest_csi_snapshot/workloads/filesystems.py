"""The size of a mounted filesystem, and whether it is the volume's own."""

from __future__ import annotations

from dataclasses import dataclass


def size_script(root: str, label: str) -> str:
    """Shell that prints the filesystem at ``root`` and that of the pod's own root."""
    return f"""
df -P -k {root} | while read -r device size rest; do echo "{label} df $device $size"; done
df -P -k / | while read -r device size rest; do echo "{label} rootdf $device $size"; done
"""


@dataclass(frozen=True)
class Filesystem:
    """``size`` is in bytes. A ``shared`` one is the host's: its size says nothing about the volume."""

    size: int
    shared: bool


def read_size(answer: str, label: str) -> Filesystem | None:
    """What ``size_script`` printed in a pod's answer; None where it is missing."""
    found = {row[1]: (row[2], row[3]) for row in (line.split() for line in answer.splitlines())
             if len(row) == 4 and row[0] == label and row[3].isdigit()}  # fmt: skip
    if "df" not in found:
        return None
    return Filesystem(size=int(found["df"][1]) * 1024, shared=found["df"] == found.get("rootdf"))
