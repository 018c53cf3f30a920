"""What is mounted where, as /proc/self/mountinfo says: the kernel's own answer, not a file someone keeps."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

MOUNTINFO = Path("/proc/self/mountinfo")


@dataclass(frozen=True)
class Mount:
    """One line of proc(5) mountinfo. ``device`` is ``st_dev`` of the files in it, as os.makedev makes it."""

    device: int
    root: str
    point: Path
    options: frozenset[str]
    fstype: str
    source: str
    super_options: frozenset[str]


def parse(text: str) -> list[Mount]:
    """The mounts in ``text``, oldest first."""
    return [_parse_line(line) for line in text.splitlines()]


def mounts() -> list[Mount]:
    """All mounts this process sees, oldest first."""
    return parse(MOUNTINFO.read_text())


def mount_at(point: Path, among: Iterable[Mount] | None = None) -> Mount | None:
    """The mount whose mount point is exactly ``point``; the topmost of several."""
    wanted = Path(os.path.realpath(point))
    found = [mount for mount in (mounts() if among is None else among) if mount.point == wanted]
    return found[-1] if found else None


def of_device(device: int) -> list[Mount]:
    """The mounts of the filesystem on ``device``, newest first: the order to unmount them in."""
    return [mount for mount in reversed(mounts()) if mount.device == device]


def _parse_line(line: str) -> Mount:
    left, _, right = line.partition(" - ")
    _, _, device, root, point, options, *_ = left.split(" ")
    fstype, source, super_options = right.split(" ")[:3]
    major, _, minor = device.partition(":")
    return Mount(
        device=os.makedev(int(major), int(minor)),
        root=_unescape(root),
        point=Path(_unescape(point)),
        options=frozenset(options.split(",")),
        fstype=fstype,
        source=_unescape(source),
        super_options=frozenset(super_options.split(",")),
    )


def _unescape(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
