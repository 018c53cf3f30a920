"""Sizes of claims: at least what was asked for when they bind, and never less later."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_csi_snapshot.conditions import BOUND, capacity_of, request_of
from pytest_csi_snapshot.history import Json
from pytest_csi_snapshot.invariants.finding import Finding
from pytest_csi_snapshot.invariants.fixed import Steps

_CLAUSE_OF_SOURCE = {"VolumeSnapshot": "RES-005", "PersistentVolumeClaim": "CLN-005"}


def first_bound_has_request(steps: Steps) -> Iterator[Finding]:
    """The first version with phase Bound has a capacity of at least the request."""
    for version in steps.versions:
        if not version.deleted and BOUND.holds(version.object):
            have, want = capacity_of(version.object), request_of(version.object)
            if have < want and version.position >= steps.since:
                clause = _CLAUSE_OF_SOURCE.get(_source_kind(version.object), "EXP-027")
                expected = f"at its first Bound a capacity of at least {want} bytes"
                yield steps.finding(clause, version, expected, f"{have} bytes")
            return


def capacity_never_shrinks(steps: Steps) -> Iterator[Finding]:
    """``status.capacity`` only grows."""
    for before, after in steps:
        was, now = capacity_of(before.object), capacity_of(after.object)
        if now < was:
            yield steps.finding("EXP-003", after, f"a capacity of at least {was} bytes", f"{now} bytes")


def _source_kind(claim: Json) -> str:
    return str((claim["spec"].get("dataSource") or {}).get("kind", ""))
