"""What the files of a replica directory are called."""

from __future__ import annotations

import re

HEAD = "volume-head"
"""The layer that is written to."""
VOLUME = "volume.meta"

_HEAD_FILE = re.compile(r"volume-head-(\d+)\.img")
_LAYER_FILE = re.compile(r"volume-snap-(.+)\.img")


def head_file(number: int) -> str:
    return f"{HEAD}-{number:03}.img"


def layer_file(snapshot: str) -> str:
    return f"volume-snap-{snapshot}.img"


def meta_file(file: str) -> str:
    """Of an image."""
    return f"{file}.meta"


def head_number(file: str) -> int | None:
    """None for what is no head; any number of digits is read."""
    match = _HEAD_FILE.fullmatch(file)
    return int(match[1]) if match else None


def snapshot_of(file: str) -> str:
    """The snapshot whose layer ``file`` is; "" for what is none."""
    match = _LAYER_FILE.fullmatch(file)
    return match[1] if match else ""
