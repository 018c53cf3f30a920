"""CPU seconds of a command and of all that it starts, those of processes too that nobody waited for.

What a process waits for is added to its own account, but the processes of a cluster end with their namespace, and
nobody waits for them there. A control group counts them all: cpuacct of version 1, or any group of version 2.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import tenacity

from .troubles import BenchError

ROOT = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Account:
    """One group. ``version`` is that of control groups."""

    folder: Path
    version: int

    def inside(self, command: Sequence[str]) -> list[str]:
        """The command that does the same inside the group, from its first moment."""
        enter = 'echo $$ >"$0" && exec "$@"'
        return ["sh", "-c", enter, str(self.folder / "cgroup.procs"), *command]

    def seconds(self) -> float:
        """What was used until now."""
        if self.version == 1:
            return int((self.folder / "cpuacct.usage").read_text()) / 1e9
        fields = dict(line.split() for line in (self.folder / "cpu.stat").read_text().splitlines())
        return int(fields["usage_usec"]) / 1e6


@contextlib.contextmanager
def account(root: Path = ROOT) -> Iterator[Account]:
    """A group of its own, removed at the end. Raises BenchError where none can be made."""
    version, parent = (1, root / "cpuacct") if (root / "cpuacct" / "cpuacct.usage").exists() else (2, root)
    folder = parent / f"csi-snapshot-bench-{os.getpid()}"
    try:
        folder.mkdir()
    except OSError as error:
        why = f"{folder}: {error.strerror}; run it as root, where control groups can be written"
        raise BenchError(f"CPU seconds cannot be counted: {why}") from error
    try:
        yield Account(folder, version)
    finally:
        _remove(folder)


@tenacity.retry(
    retry=tenacity.retry_if_exception_type(OSError),
    wait=tenacity.wait_fixed(0.05),
    stop=tenacity.stop_after_delay(10.0),
    reraise=True,
)
def _remove(folder: Path) -> None:
    folder.rmdir()  # the last process of a run may still be ending, and keeps it so long
