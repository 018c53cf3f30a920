"""What an invariant has to say: a value, told by whoever reports."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """An invariant that was violated (``holds`` False), or that could not be judged (None).

    ``at`` is in seconds of the history's clock; ``about`` names the object; ``timeline`` tells what it went
    through up to then.
    """

    clause: str
    about: str
    expected: str
    observed: str
    at: float
    holds: bool | None = False
    timeline: tuple[str, ...] = ()
    blame: str = ""
    """A key of OWNERS: who writes what was wrong; "" where that is not known."""
