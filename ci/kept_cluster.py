"""An embedded cluster that is kept for several runs, brought up and taken down by command, as a user does it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FIXTURES = (sys.executable, "-m", "pytest_csi_snapshot.fixtures")


@contextmanager
def kept(purpose: str, *options: str) -> Iterator[Path]:
    """Its kubeconfig, which lies in its run directory. ``options`` are those of ``up``; it goes at the end.

    Raises CalledProcessError where it does not come up.
    """
    name = f"{purpose}-{os.getpid()}"
    up = subprocess.run([*FIXTURES, "up", "--name", name, *options], stdout=subprocess.PIPE, text=True, check=True)
    try:
        yield Path(up.stdout.strip().rpartition("=")[2])
    finally:
        subprocess.run([*FIXTURES, "down", "--name", name], stdout=subprocess.DEVNULL, check=True)
