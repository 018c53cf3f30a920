"""The states of backups, and every step from one to another.

A backup that is complete is told by the backupstore alone; a record is kept of one that is under way or failed.
"""

from __future__ import annotations

ABSENT = ""

TRANSITIONS: dict[tuple[str, str], str] = {
    (ABSENT, "accept"): "Pending",
    ("Pending", "start"): "InProgress",
    ("Pending", "fail"): "Error",
    ("InProgress", "fail"): "Error",
    ("InProgress", "complete"): "Completed",
}
"""State and move -> state. Other moves do not exist."""

UNFINISHED = frozenset({"Pending", "InProgress"})
"""The states from which a job goes on."""


def after(state: str, move: str) -> str:
    """KeyError: no such move from this state."""
    return TRANSITIONS[state, move]
