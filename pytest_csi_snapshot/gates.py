"""Version gates: which clauses a component of this cluster is too old for.

A clause says from which versions it holds (``since``); a cluster says which versions it has. Where a component is
older, the clause is unknown here: no test of it is begun, and it counts against nobody. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from pytest_csi_snapshot.requirements import OWNERS, Clause

Version = tuple[int, int, int]


def gates(clauses: Iterable[Clause], components: Mapping[str, str]) -> dict[str, str]:
    """Clause -> why it cannot be judged here. ``components`` maps owners to versions; who lacks gates nothing."""
    closed = {}
    for clause in clauses:
        for owner, since in clause.since:
            version = components.get(owner, "")
            if version and older(version, since):
                closed[clause.id] = f"needs {OWNERS[owner]} >= {since}, this one is {version.removeprefix('v')}"
                break
    return closed


def older(version: str, than: str) -> bool:
    """Whether a version (``v8.2.1``) is before another (``8.6``); one that is no version is not."""
    numbers, bound = parsed(version), parsed(than)
    return numbers is not None and bound is not None and numbers < bound


def parsed(version: str) -> Version | None:
    """``v8.2`` -> (8, 2, 0); what follows the numbers does not count, so that a vendor's build is its release."""
    found = re.match(r"v?(\d+)\.(\d+)(?:\.(\d+))?", version)
    return (int(found[1]), int(found[2]), int(found[3] or 0)) if found else None
