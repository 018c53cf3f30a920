"""What must hold of every version of every object, whatever the test was about.

Pure functions over recorded versions: they know no API server and no test. A step that a write of the test
itself made is excused by its resourceVersion. Over a gap in the record nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from pytest_csi_snapshot.history import Gap, History, Version
from pytest_csi_snapshot.invariants.binding import one_content_per_snapshot
from pytest_csi_snapshot.invariants.claims import capacity_never_shrinks, first_bound_has_request
from pytest_csi_snapshot.invariants.finding import Finding
from pytest_csi_snapshot.invariants.fixed import (
    CONTENT_FIELDS,
    GROUP_CONTENT_FIELDS,
    GROUP_FIELDS,
    SNAPSHOT_FIELDS,
    Steps,
    never_change,
    stays_ready,
)
from pytest_csi_snapshot.kube.kinds import GROUP_CONTENT, GROUP_SNAPSHOT, PVC, SNAPSHOT, SNAPSHOT_CONTENT, Kind
from pytest_csi_snapshot.labels import referred

PER_OBJECT: dict[Kind, tuple[Callable[[Steps], Iterator[Finding]], ...]] = {
    SNAPSHOT_CONTENT: (lambda steps: never_change(steps, CONTENT_FIELDS), stays_ready),
    SNAPSHOT: (lambda steps: never_change(steps, SNAPSHOT_FIELDS), stays_ready),
    GROUP_CONTENT: (
        lambda steps: never_change(steps, GROUP_CONTENT_FIELDS),
        lambda steps: stays_ready(steps, "GRP-001"),
    ),
    GROUP_SNAPSHOT: (
        lambda steps: never_change(steps, GROUP_FIELDS),
        lambda steps: stays_ready(steps, "GRP-001"),
    ),
    PVC: (first_bound_has_request, capacity_never_shrinks),
}


def violations(history: History, *, since: int, namespaces: Collection[str]) -> list[Finding]:
    """All invariants, on the objects of some namespaces, over what arrived from a position on.

    A content belongs to the namespace of the snapshot that it refers to. Of kinds of which versions may have
    been missed nothing is told but that. Times are in seconds of the history's clock.
    """
    blind = {gap.kind: gap for gap in history.gaps(since)}
    seen = {kind: [] if kind in blind else _objects(history, kind, namespaces) for kind in PER_OBJECT}
    findings = [_doubt(clause, blind[kind]) for kind in blind for clause in _CLAUSES.get(kind, ())]
    for kind, checks in PER_OBJECT.items():
        for versions in seen[kind]:
            own = history.own_writes(versions[0].uid)
            contents = seen[GROUP_CONTENT if kind == GROUP_SNAPSHOT else SNAPSHOT_CONTENT]
            steps = Steps(versions, own, since, contents)
            findings += [finding for check in checks for finding in check(steps)]
    findings += one_content_per_snapshot(seen[SNAPSHOT_CONTENT], since)
    return findings + list(one_content_per_snapshot(seen[GROUP_CONTENT], since, "GRP-001"))


_CLAUSES = {
    SNAPSHOT_CONTENT: sorted({*CONTENT_FIELDS.values(), "STAT-007"}),
    SNAPSHOT: sorted({*SNAPSHOT_FIELDS.values(), "STAT-007"}),
    GROUP_CONTENT: sorted({*GROUP_CONTENT_FIELDS.values(), "GRP-001"}),
    GROUP_SNAPSHOT: sorted({*GROUP_FIELDS.values(), "GRP-001"}),
    PVC: ["CLN-005", "EXP-003", "EXP-027", "RES-005"],
}
"""What can be told of a kind: unknown where versions of it were missed."""


def _doubt(clause: str, gap: Gap) -> Finding:
    observed = f"a gap in the watch: {gap.reason}"
    return Finding(clause, f"every {gap.kind} of the test", "no version missed", observed, gap.at, holds=None)


def _objects(history: History, kind: Kind, namespaces: Collection[str]) -> list[list[Version]]:
    return [versions for versions in history.objects(kind) if _home(versions[0]) in namespaces]


def _home(version: Version) -> str:
    if version.kind in (SNAPSHOT_CONTENT, GROUP_CONTENT):
        return str(referred(version.object).get("namespace", ""))
    return version.namespace
