"""Declared and observed: what a run has seen of a driver that its profile does not say, or says it lacks.

The other way round, what is declared and not there, is a failure of the clause that looks for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pytest_csi_snapshot.capabilities import CAPABILITIES
from pytest_csi_snapshot.outcomes import Outcome
from pytest_csi_snapshot.profiles import Profile
from pytest_csi_snapshot.requirements import Catalogue
from pytest_csi_snapshot.verdict import TestResult


def undeclared(
    profile: Profile, objects: Iterable[str], results: Iterable[TestResult], catalogue: Catalogue
) -> Iterator[str]:
    """One line about each capability that is there and not declared; none where no profile was given.

    ``objects`` are the needs that the cluster's objects show (``Cluster.observed``). A clause shows what it needs
    by passing on the driver itself, not on a companion.
    """
    if not profile.origin:
        return
    shown = frozenset(objects)
    kept = {
        each.result.clause for each in results if each.result.outcome is Outcome.PASSED and not each.result.seen_on
    }
    for name, capability in CAPABILITIES.items():
        if profile.capabilities.get(name):
            continue
        by = sorted(clause for clause in kept if capability.need in catalogue.by_id[clause].needs)
        said = "is declared to be missing" if name in profile.capabilities else "is not declared"
        if by:
            yield f"observed, {said}: {name} ({_some(by)} passed)"
        elif capability.need in shown:
            yield f"observed, {said}: {name} (by the classes in the cluster)"


def _some(clauses: list[str]) -> str:
    return clauses[0] + (f" and {len(clauses) - 1} more" if clauses[1:] else "")
