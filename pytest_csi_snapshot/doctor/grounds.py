"""Which clauses stand on which ground: what cannot be judged where something is missing.

By family, with the exceptions that what the tests do has shown. A clause that stands here for nothing is judged
whatever is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pytest_csi_snapshot.requirements import Clause, catalogue
from pytest_csi_snapshot.scope import SOCKET

from .finding import Ground

_SNAPSHOTS = "BIND CLS DEL DIST ERR FIN GRP HA RES SEC SNAP STAT API-VS-008 CLN-003 CLN-011 EXP-021 EXP-022"
_IMPORTS = "SNAP-PRE-003 SNAP-PRE-004 SNAP-PRE-005 SNAP-PRE-007"
"""Clauses about contents and snapshots that nobody has cut: they take neither a volume nor a class."""

_BY_FAMILY: Mapping[Ground, str] = {
    Ground.NAMESPACES: f"API CLN EXP PFL {_SNAPSHOTS}",
    Ground.SNAPSHOT_API: f"API-CLS API-GRP API-VER API-VS API-VSC PFL-003 PFL-004 PFL-007 {_SNAPSHOTS}",
    Ground.SNAPSHOT_RULES: "API-VS API-VSC",
    Ground.GROUP_API: "API-GRP GRP",
    Ground.GROUP_RULES: "API-GRP",
    Ground.SNAPSHOT_CONTROLLER: _SNAPSHOTS,
    Ground.SNAPSHOTTER: _SNAPSHOTS,
    Ground.SNAPSHOT_CLASS: _SNAPSHOTS,
    Ground.VOLUMES: f"API-PVC-006 CLN EXP PFL-013 {_SNAPSHOTS}",
    Ground.GROWTH: "EXP",
    Ground.PODS: """
        CLN-001 CLN-002 CLN-003 CLN-005 CLN-011 CLN-012 CLN-013 DEL-002 DEL-007 DEL-014 DEL-015 EXP GRP-006
        GRP-007 PFL-013 RES-001 RES-002 RES-005 RES-006 RES-015 RES-016 RES-017 RES-018 RES-019 RES-022
        SNAP-DYN-005 SNAP-DYN-006 SNAP-DYN-007 SNAP-PRE-006""",
    Ground.ROOT_PODS: "CLN-013 EXP-019 EXP-020 EXP-026 RES-001 RES-015 SNAP-DYN-005 SNAP-PRE-006",
    Ground.SECRETS: "SEC",
    Ground.CLUSTER_WIDE: """
        API-CLS API-VSC API-VS-008 BIND CLS CLN-003 CLN-006 DEL DIST ERR EXP-001 EXP-002 EXP-003 EXP-004
        EXP-028 FIN GRP PFL-004 RES-001 RES-007 RES-009 RES-010 RES-011 RES-016 RES-019 SEC SNAP-PRE
        SNAP-DYN-001 SNAP-DYN-002 SNAP-DYN-003 SNAP-DYN-005 SNAP-DYN-007 SNAP-DYN-008 SNAP-DYN-009
        SNAP-DYN-012 STAT-007 STAT-008 STAT-009""",
}

_NOT: Mapping[Ground, str] = {
    Ground.SNAPSHOT_API: "FIN-009",
    Ground.SNAPSHOT_CONTROLLER: "FIN-009",
    Ground.SNAPSHOTTER: "FIN-009",
    Ground.SNAPSHOT_CLASS: f"FIN-009 {_IMPORTS}",
    Ground.VOLUMES: _IMPORTS,
    Ground.PODS: "EXP-001 EXP-002 EXP-003 EXP-028",
    Ground.SNAPSHOT_RULES: "API-VS-008",
}

_BY_NEED: Mapping[Ground, str] = {
    Ground.GROUP_API: "group",
    Ground.GROWTH: "xc",
    Ground.SECRETS: "secrets",
    Ground.CLUSTER_WIDE: "admin",
}


def standing_on(grounds: Iterable[Ground], clauses: Iterable[Clause] | None = None) -> frozenset[str]:
    """The ids of the clauses that cannot be judged without these grounds; never one of a driver's socket."""
    every = [each for each in (clauses or catalogue().clauses) if each.area != SOCKET]
    return frozenset(clause.id for ground in grounds for clause in every if stands_on(clause, ground))


def stands_on(clause: Clause, ground: Ground) -> bool:
    """Whether a clause cannot be judged without a ground."""
    if clause.id in _NOT.get(ground, "").split():
        return False
    by_need = _BY_NEED.get(ground)
    return by_need in clause.needs or any(
        clause.id == word or clause.family == word or clause.family.startswith(f"{word}-")
        for word in _BY_FAMILY[ground].split()
    )
