"""What the start of every role has in common: its log, and the options that choose a fault or a Longhorn.

The faults are loaded only where one is asked for: a sidecar must not pay for them.
"""

from __future__ import annotations

import argparse
import logging
import queue
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

    Not in the handler: it interrupts the main thread, which may just hold the lock that setting an event takes.
    """
    told: queue.SimpleQueue[int] = queue.SimpleQueue()  # the one kind that may be put into at any moment
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: told.put(number))

    def pass_on() -> None:
        told.get()
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
