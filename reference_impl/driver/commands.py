"""The programs of the host the node service needs: mount, mkfs, fsck and their kin."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Container

TIMEOUT = 120.0
"""Seconds; mkfs of a large volume is the longest."""


class CommandError(Exception):
    """A program failed; the text is its command line and what it said."""

    def __init__(self, argv: list[str], status: int, said: str) -> None:
        self.status = status
        super().__init__(f"{shlex.join(argv)} ended with {status}: {said.strip() or 'without a word'}")


def run(*argv: str, good: Container[int] = (0,)) -> subprocess.CompletedProcess[str]:
    """Run to the end; returns what it said. Raises CommandError for a status that is not ``good``."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    except FileNotFoundError as error:
        raise CommandError(list(argv), 127, f"{argv[0]} is not installed on this node") from error
    except subprocess.TimeoutExpired as error:
        raise CommandError(list(argv), -1, f"not done after {TIMEOUT:.0f} s") from error
    if done.returncode not in good:
        raise CommandError(list(argv), done.returncode, done.stderr or done.stdout)
    return done
