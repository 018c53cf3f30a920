"""Times as the API writes them. CSI and contents count nanoseconds, everything else has whole seconds."""

from __future__ import annotations

import time

_NS = 1_000_000_000


def rfc3339(at: float | None = None) -> str:
    """A moment (seconds since 1970; None: now) in whole seconds, cut."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def rfc3339_of_ns(nanoseconds: int) -> str:
    """A moment in nanoseconds since 1970, cut to whole seconds (clause STAT-001)."""
    return rfc3339(nanoseconds // _NS)


def now_ns() -> int:
    """Now, in nanoseconds since 1970."""
    return time.time_ns()
