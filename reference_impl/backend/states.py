"""The states of a volume, and every step from one to another.

A step is two moves: an operation begins, and it is done or has failed. Who reads a volume meanwhile sees the state
in between. States are not stored: after a start each volume is where its record says.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

ABSENT = ""

TRANSITIONS: dict[tuple[str, str], str] = {
    (ABSENT, "create"): "creating",
    ("creating", "done"): "detached",
    ("creating", "failed"): ABSENT,
    ("detached", "attach"): "attaching",
    ("attaching", "done"): "attached",
    ("attaching", "failed"): "detached",
    ("attached", "detach"): "detaching",
    ("detaching", "done"): "detached",
    ("detaching", "failed"): "attached",
    ("detached", "delete"): "deleting",
    ("deleting", "done"): ABSENT,
    ("deleting", "failed"): "detached",
}
"""State and move -> state. Other moves do not exist."""

REPLICA: dict[tuple[str, str], str] = {
    ("", "add"): "WO",
    ("WO", "rebuilt"): "RW",
    ("WO", "failed"): "ERR",
    ("RW", "failed"): "ERR",
    ("ERR", "salvage"): "RW",
}
"""Mode of a replica and move -> mode: written only, read and written, lost."""

RESTORE: dict[tuple[str, str], str] = {
    ("", "begin"): "initiated",
    ("initiated", "begin"): "initiated",
    ("initiated", "finish"): "completed",
    ("initiated", "fail"): "failed",
}
"""What became of a volume that somebody else fills, and move -> what becomes of it. A restart begins again."""

ROBUSTNESS: dict[tuple[bool, str], str] = {
    (True, "all"): "healthy",
    (True, "some"): "degraded",
    (True, "none"): "faulted",
    (False, "all"): "unknown",
    (False, "some"): "unknown",
    (False, "none"): "faulted",
}
"""Whether a volume is attached, and how many of its replicas are usable -> what its robustness is called."""

SETTLED = frozenset({"detached", "attached"})
"""The states in which no operation is under way."""


class States:
    """The states of all volumes. Moves of one volume are made by whoever holds its lock."""

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self._changed = changed
        self._all: dict[str, str] = {}

    def of(self, volume: str) -> str:
        """``ABSENT`` for a volume that is not there."""
        return self._all.get(volume, ABSENT)

    def found(self, volume: str, *, attached: bool) -> None:
        """A volume that was there before this process."""
        self._all[volume] = "attached" if attached else "detached"

    @contextlib.contextmanager
    def step(self, volume: str, operation: str) -> Iterator[None]:
        """The operation is the body; one that raises has failed. KeyError: no such step from this state."""
        self._move(volume, operation)
        try:
            yield
        except BaseException:
            self._move(volume, "failed")
            raise
        self._move(volume, "done")

    def _move(self, volume: str, move: str) -> None:
        state = TRANSITIONS[self.of(volume), move]
        if state == ABSENT:
            del self._all[volume]
        else:
            self._all[volume] = state
        self._changed()
