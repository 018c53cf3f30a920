"""Runs the command of a stage: ends it where it hangs, and keeps what it says."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

TOO_LONG = 124
"""Exit code of a command that was ended because it hung; that of timeout(1)."""
LAST_SECONDS = 60  # that a command has to end after the signal, and what it said to be copied
TAIL = 40  # lines that are told again of a command that failed


def execute(
    command: Sequence[str], limit: float, further: Mapping[str, str], *, cwd: Path, log: Path | None = None
) -> int:
    """Run a command, with ``further`` environment variables, for at most ``limit`` seconds; its exit code.

    What it says is copied to ``log`` where one is given; without, it has this program's terminal to itself.
    """
    if log is None:
        with subprocess.Popen(command, cwd=cwd, env={**os.environ, **further}) as process:
            return _end_of(process, limit)
    log.parent.mkdir(parents=True, exist_ok=True)
    reading, writing = os.pipe()
    copying = threading.Thread(target=_copy, args=(reading, log), daemon=True)
    copying.start()
    try:
        process = subprocess.Popen(
            command, cwd=cwd, env={**os.environ, **further}, stdout=writing, stderr=subprocess.STDOUT
        )
    finally:
        os.close(writing)
    with process:
        code = _end_of(process, limit)
    # A child that it left behind may hold the pipe: that is not waited for, the command itself has ended.
    copying.join(LAST_SECONDS)
    return code


def last_words(log: Path) -> str:
    """The last lines of what a command said."""
    with log.open(errors="replace") as lines:
        return "".join(deque(lines, TAIL)).rstrip()


def _end_of(process: subprocess.Popen[bytes], limit: float) -> int:
    try:
        return process.wait(limit)
    except subprocess.TimeoutExpired:
        print(f"not done after {limit} s", flush=True)
        process.send_signal(signal.SIGINT)  # as Ctrl-C: it says where it was, and takes down what it made
        try:
            process.wait(LAST_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
        return TOO_LONG


def _copy(source: int, log: Path) -> None:
    with open(source, "rb", buffering=0) as said, log.open("wb", buffering=0) as file:
        while piece := said.read(1 << 16):
            file.write(piece)
            sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
