"""The status line of a terminal: redrawn in place, and gone whenever something else is written.

It goes to a descriptor of its own, because that of the process leads into pytest's capture while a test runs.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pytest_csi_snapshot.reporting.progress.telling import cut, width

if TYPE_CHECKING:
    from _pytest._io import TerminalWriter

WIDTH = 80
"""Columns of a terminal that does not say how many it has."""


class Screen:
    """Made while pytest does not capture. Raises OSError where the writer has no descriptor."""

    def __init__(self, writer: TerminalWriter, file: Any) -> None:
        self._writer = writer
        self._descriptor = os.dup(file.fileno())
        self._drawn = 0
        self._midline = False
        self._write: Callable[..., None] = writer.write
        self._lock = threading.RLock()
        self._paused = 0
        vars(writer)["write"] = self._passed_on

    def close(self) -> None:
        """Erase the line and let go of the writer."""
        with self._lock:
            self._erase()
            self._paused += 1
            vars(self._writer).pop("write", None)
            os.close(self._descriptor)

    @property
    def midline(self) -> bool:
        """The last line that was written is not at its end."""
        return self._midline

    def draw(self, line: str) -> None:
        """Put the line where it was, unless something unfinished stands there."""
        with self._lock:
            if self._midline or self._paused:
                return
            shown = cut(line, self._columns() - 1)  # a full row would make the terminal go on to the next
            self._put(f"{self._way_back()}{shown}")
            self._drawn = width(shown)

    def say(self, line: str) -> None:
        """Write a line that stays, from any thread."""
        with self._lock:
            if self._paused:
                return
            self._erase()
            self._put(("\n" if self._midline else "") + line + "\n")
            self._midline = False

    def pause(self) -> None:
        """Erase the line and draw none until ``resume``: somebody else has the terminal."""
        with self._lock:
            self._erase()
            self._paused += 1

    def resume(self) -> None:
        """Undo one ``pause``."""
        with self._lock:
            self._paused -= 1

    def _passed_on(self, msg: str, *, flush: bool = False, **markup: bool) -> None:
        with self._lock:
            if msg:
                self._erase()
                self._midline = not msg.endswith("\n")
            self._write(msg, flush=flush, **markup)
            self._writer.flush()  # before the line is drawn again by the other way to the terminal

    def _erase(self) -> None:
        if self._drawn:
            self._put(self._way_back())
            self._drawn = 0

    def _way_back(self) -> str:
        """To the first cell of the line, and nothing behind it: a narrower terminal has broken it into rows."""
        rows = max(0, self._drawn - 1) // self._columns()
        return "\r" + (f"\x1b[{rows}A" if rows else "") + "\x1b[J"

    def _columns(self) -> int:
        try:
            return os.get_terminal_size(self._descriptor).columns or WIDTH
        except OSError:
            return WIDTH

    def _put(self, text: str) -> None:
        with suppress(OSError):  # whoever read it is gone; the run goes on
            os.write(self._descriptor, text.encode(errors="replace"))
