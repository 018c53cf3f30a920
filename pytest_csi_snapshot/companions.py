"""Companions: further instances of the reference driver, for clauses that one driver cannot show together.

No driver lists snapshots and also does not. A test that needs another kind of driver names it by the marker
``csi_companion``; with the bundled driver on its embedded cluster the verbs of the test then work on an instance
of that kind. No companion ever speaks for somebody else's driver: there the test ends as not supported, or,
marked ``or_itself``, runs on the driver under test, which may be of that kind.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.evidence.tape import TAPE
from pytest_csi_snapshot.spelling import nearest

if TYPE_CHECKING:
    import pytest

    from pytest_csi_snapshot.recorder import Recorder

COMPANION_MARK = "csi_companion"

COMPANIONS: Mapping[str, str] = {
    "no-list": "cannot list snapshots",
    "no-clone": "cannot clone volumes",
    "node-expansion": "expands volumes on the node alone",
    "offline-expansion": "expands only volumes that are not in use",
    "size-limits": "makes volumes of 4 GiB at most, and filesystems of 2 GiB",
    "scripted": "answers as the classes of a test ask",
    "cross-namespace": "fills claims from other namespaces, seen through an API server that keeps such wishes",
    "old-crds": "is at home in a cluster whose snapshot CRDs have no validation rules",
    "node-local": "keeps each volume on the node that made it",
    "slow-snapshots": "cuts a snapshot at once and takes seconds until it may be restored",
}
"""Name -> what such a driver is like."""

WITH_SERVERS = frozenset({"cross-namespace", "old-crds"})
"""Those that take an API server of their own."""

JOIN = "pytest_csi_snapshot.fixtures.companions.joining:join"
"""Reached by name, as providers are: a callable from a cluster and a companion's name to that companion's own."""

ELSEWHERE = "runs on a companion of the reference driver only"
_NO_SERVER = "which takes an API server of its own, on the embedded cluster"


@dataclass(frozen=True)
class Wish:
    """What a test asks for. With ``or_itself`` the driver under test will do where there are no companions."""

    name: str
    or_itself: bool = False


def wish_of(item: pytest.Item) -> Wish | None:
    """The companion that a test is marked with; the closest marker counts."""
    mark = item.get_closest_marker(COMPANION_MARK)
    return Wish(*mark.args, **mark.kwargs) if mark else None


def instance_for(item: pytest.Item, cluster: Cluster, recorder: Recorder) -> Cluster:
    """What a test works on: the driver under test, or the companion that it asks for, serving.

    Ends the test as not supported where there is no such companion. Raises RunError where it does not come up.
    """
    wish = wish_of(item)
    if wish is None or (wish.or_itself and not has_companion(cluster, wish.name)):
        return cluster
    if not has_companion(cluster, wish.name):
        clauses = [clause for mark in item.iter_markers("csi_clause") for clause in mark.args]
        why = [
            f"{ELSEWHERE}: one that {COMPANIONS[wish.name]}",
            *([_NO_SERVER] if cluster.provider == "kind" else []),
        ]
        recorder.not_supported(clauses[0], ", ".join(why))
    with TAPE.time_of("cluster"):
        found = join(cluster, wish.name)
    recorder.seen_on = f"companion {wish.name if found.driver == cluster.driver else found.driver}"
    return found


def has_companion(cluster: Cluster, name: str) -> bool:
    """Whether the driver under test is the bundled one, in a cluster that takes this further instance of it."""
    return cluster.provider == "embedded" or (cluster.provider == "kind" and name not in WITH_SERVERS)


def join(cluster: Cluster, name: str) -> Cluster:
    """The cluster as the companion's own, once that serves."""
    module, _, function = JOIN.partition(":")
    found: Cluster = getattr(importlib.import_module(module), function)(cluster, name)
    return found


def unknown_companions(marks: Iterable[tuple[str, Iterable[str]]]) -> str:
    """One line about the first (place, names) with a name that no companion has; "" where all are known."""
    for place, names in marks:
        for name in names:
            if name not in COMPANIONS:
                return f"{place}: unknown companion {name!r} in {COMPANION_MARK}; {nearest(str(name), COMPANIONS)}"
    return ""
