"""Runs of ``pytest --csi-driver=reference`` as a user starts them: another process, another directory."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PYTEST = Path(sys.executable).parent / "pytest"
LIMIT = 300  # seconds; a run that hangs is a failure, not a wait for ever


def command(*args: str) -> list[str]:
    """A run of the reference driver; from a directory without settings of its own, so as a stranger's."""
    return [str(PYTEST), "-p", "no:cacheprovider", "--csi-driver=reference", *args]


def finished(cwd: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """Run to the end; output as text, errors and all."""
    return subprocess.run(
        command(*args),
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT,
        check=False,
    )


@contextmanager
def running(cwd: Path, *args: str) -> Iterator[subprocess.Popen[str]]:
    """A run that the caller ends; killed where the caller did not."""
    with subprocess.Popen(
        command(*args),
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def read_until(process: subprocess.Popen[str], word: str) -> list[str]:
    """Lines up to the first that holds ``word``; fails with all of them where the output ends before."""
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if word in line:
            return seen
    raise AssertionError(f"the output ended before {word!r}:\n{''.join(seen)}")
