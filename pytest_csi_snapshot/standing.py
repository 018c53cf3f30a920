"""What this process is doing right now: its test, and what that waits for; for whoever shows the progress.

A worker of xdist publishes it in a small file of its own, which the controller reads when it likes. A file rather
than a message: writing it costs microseconds and wakes nobody, and what a worker was waiting for when it hung is
still there, although it sends nothing any more. Times are of the monotonic clock, which all processes of a machine
share.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from pytest_csi_snapshot.redacting import REDACTOR

RECORD = 2048
"""Bytes of the file, always: what is overwritten in one piece is read in one piece, or does not parse."""

LONGEST = 160
"""Characters of a text."""


@dataclass(frozen=True)
class Doing:
    """A test, and what it waits for since when; ``awaited`` "" where it waits for nothing that has a name.

    ``since`` is monotonic, in seconds; ``within`` is the limit of the wait in seconds, 0 for none.
    """

    test: str
    since: float
    awaited: str = ""
    about: str = ""
    within: float = 0.0


class Standing:
    """Safe to use from the threads of a test: of several waits the one that began first is told."""

    def __init__(self) -> None:
        self._test: Doing | None = None
        self._waits: dict[int, Doing] = {}
        self._file: int | None = None
        self._guard = threading.Lock()

    def publish_in(self, path: Path) -> None:
        """Write every change to ``path`` from now on; ``read_standing`` reads it."""
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)

    @property
    def now(self) -> Doing | None:
        """None between two tests."""
        with self._guard:
            return self._current()

    def test(self, doing: Doing | None) -> None:
        """A test began, or the last one ended."""
        with self._guard:
            self._test = doing
            self._tell()

    @contextmanager
    def awaiting(self, about: str, awaited: str, within: float = 0.0) -> Iterator[None]:
        """The test waits for something until the block is left."""
        with self._guard:
            doing = Doing(self._test.test if self._test else "", time.monotonic(), awaited, about, within)
            self._waits[id(doing)] = doing
            self._tell()
        try:
            yield
        finally:
            with self._guard:
                del self._waits[id(doing)]
                self._tell()

    def _current(self) -> Doing | None:
        return next(iter(self._waits.values()), self._test)

    def _tell(self) -> None:
        if self._file is None:
            return
        doing = self._current()
        record = json.dumps(asdict(_shown(doing)) if doing else None, ensure_ascii=False).encode()
        os.pwrite(self._file, record.ljust(RECORD), 0)


STANDING = Standing()
"""That of this process."""


def read_standing(path: Path) -> Doing | None:
    """What a process has published; None where that is nothing, or half of it is written."""
    try:
        plain = json.loads(path.read_bytes() or b"null")
    except (OSError, ValueError):  # not there yet, or just being overwritten: the next look finds it
        return None
    return Doing(**plain) if plain else None


def _shown(doing: Doing) -> Doing:
    awaited, about = (REDACTOR.clean(text)[:LONGEST] for text in (doing.awaited, doing.about))
    return Doing(doing.test[-LONGEST:], doing.since, awaited, about, doing.within)
