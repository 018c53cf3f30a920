"""What a run can leave on a machine, read from the kernel, so that two moments can be compared."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

RUNS = user_cache_path("pytest-csi-snapshot") / "runs"
OURS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "pytest_csi_snapshot")
"""Words of a command line that only programs of an embedded cluster have."""


@dataclass(frozen=True)
class Traces:
    """Processes, loop devices, mounts, interfaces, superblocks and run directories of one moment."""

    processes: frozenset[str]
    loops: frozenset[str]
    mounts: frozenset[str]
    interfaces: frozenset[str]
    superblocks: frozenset[str]
    runs: frozenset[str]

    def since(self, before: Traces) -> dict[str, list[str]]:
        """What is here now and was not then, by sort; empty where nothing was left behind."""
        added = {name: sorted(getattr(self, name) - getattr(before, name)) for name in vars(self)}
        return {name: what for name, what in added.items() if what}


def traces() -> Traces:
    """The traces of this moment."""
    return Traces(
        processes=frozenset(_processes()),
        loops=frozenset(_loops()),
        mounts=frozenset(Path("/proc/self/mounts").read_text().splitlines()),
        interfaces=frozenset(entry.name for entry in Path("/sys/class/net").iterdir()),
        superblocks=frozenset(
            f"{kind}/{entry.name}"
            for kind in ("ext4", "xfs")
            if Path("/sys/fs", kind).is_dir()
            for entry in Path("/sys/fs", kind).iterdir()
        ),
        runs=frozenset(entry.name for entry in RUNS.iterdir()) if RUNS.is_dir() else frozenset(),
    )


def _processes() -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # ended while we looked
        if any(word in command for word in OURS):
            found.append(f"{entry.name} {command}")
    return found


def _loops() -> list[str]:
    return [
        f"{loop.parent.parent.name} {loop.read_text().strip()}"
        for loop in Path("/sys/block").glob("loop*/loop/backing_file")
    ]
