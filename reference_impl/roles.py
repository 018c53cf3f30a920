"""What the start of every role has in common: its log, and the options that choose a fault or a Longhorn.

The faults are loaded only where one is asked for: a sidecar must not pay for them.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from typing import Any

from .profiles import DEFAULT, PROFILES


def start_logging(*quiet: str, detail: str = "%(name)s") -> None:
    """One line a record on standard error, in the form of Kubernetes' own programs; ``quiet`` only warn.

    ``detail`` is what a line tells of its origin.
    """
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format=f"%(levelname).1s%(asctime)s.%(msecs)03d {detail}] %(message)s",
        datefmt="%m%d %H:%M:%S",
    )
    for name in quiet:
        logging.getLogger(name).setLevel(logging.WARNING)


def end_on_signals(ended: threading.Event) -> None:
    """Set ``ended`` on SIGTERM and SIGINT. Called in the main thread.

    Python runs a handler in the main thread, and only when that gets to its next bytecode: one that waits for a
    lock is not always interrupted. What C does at the signal, in whichever thread it meets, is to write into a
    pipe; a thread reads that.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: None)  # the pipe is told only of signals with a handler

    def pass_on() -> None:
        os.read(reader, 1)
        ended.set()

    threading.Thread(target=pass_on, name="signals", daemon=True).start()


def add_fault(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--fault", action="append", default=[], metavar="NAME", help="switch a fault of this role on"
    )


def add_profile(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--profile", choices=PROFILES, default=DEFAULT, help="which Longhorn to be like")


def refuse_unknown(role: str, faults: Sequence[str]) -> None:
    """Raise ValueError for a fault that the role lacks."""
    if faults:
        from .faults import registry

        registry.check(role, faults)


def activate(role: str, faults: Sequence[str], target: Any) -> None:
    """Switch faults on in the object that the role hands over. Raises ValueError as ``refuse_unknown``."""
    if faults:
        from .faults import registry

        registry.activate(role, faults, target)
