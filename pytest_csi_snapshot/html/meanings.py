"""What a version of an object means for its reader, told from the words in which evidence describes its state.

The page gives each meaning a shape and a colour; a text that no rule knows is a change like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

CREATED, CHANGED, READY, ERROR, TERMINATING, GONE = "created", "changed", "ready", "error", "terminating", "gone"
MEANINGS = (CREATED, CHANGED, READY, ERROR, TERMINATING, GONE)

_RULES: Sequence[tuple[re.Pattern[str], str]] = tuple(
    (re.compile(pattern), meaning)
    for pattern, meaning in (
        (r"\bterminating\b", TERMINATING),
        (r"\berror: |^Failed\b|^Lost\b|\bCrashLoopBackOff\b|\bErrImagePull\b|\bImagePullBackOff\b", ERROR),
        (r"\breadyToUse true\b", READY),
        (r"^Bound\b", READY),
        (r"^Running\b.*\bready\b|^Succeeded\b", READY),
        (r"\battached true\b", READY),
    )
)
"""The first that fits decides: a snapshot that is ready and terminating is terminating."""


def told(change: str, state: str) -> str:
    """The meaning of one version by the kind of change and its state; "" for a state that is as it was before."""
    if change == "DELETED":
        return GONE
    for pattern, meaning in _RULES:
        if pattern.search(state):
            return meaning
    if change == "ADDED":
        return CREATED
    return CHANGED if state else ""


def meanings(marks: Iterable[tuple[str, str]]) -> list[str]:
    """The meaning of each version of an object, of (change, state) in their order.

    A version that changed nothing that is told (``state`` is "") is "": the state before it goes on. The first one
    is a creation, whatever its state, where it was added while the test looked.
    """
    return [
        CREATED if number == 0 and change == "ADDED" else told(change, state)
        for number, (change, state) in enumerate(marks)
    ]
