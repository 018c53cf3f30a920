"""Whether a claim may be filled from another namespace (clauses RES-023, RES-024, CLN-009).

The owner of the source's namespace says so by a ReferenceGrant there. Only computes.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..kube import objects
from ..kube.client import Json
from .cluster import SNAPSHOT_GROUP, DataSource, awaited

_GROUPS = {"VolumeSnapshot": SNAPSHOT_GROUP, "PersistentVolumeClaim": ""}
"""Kind of a source -> its API group."""


def allowed(claim: Json, source: DataSource, grants: Iterable[Json]) -> bool:
    """One of the ``grants`` of the source's namespace lets claims of this claim's namespace use the source."""
    return any(_from(grant, claim) and _to(grant, source) for grant in grants)


def lender(claim: Json) -> tuple[str, ...]:
    """The other namespace from which a claim is to be filled: it may wait for a grant there."""
    return tuple(source.namespace for source in awaited(claim) if source.namespace != objects.namespace(claim))


def _from(grant: Json, claim: Json) -> bool:
    wanted = ("", "PersistentVolumeClaim", objects.namespace(claim))
    return any(
        (peer.get("group") or "", peer.get("kind"), peer.get("namespace")) == wanted
        for peer in grant["spec"].get("from") or []
    )


def _to(grant: Json, source: DataSource) -> bool:
    wanted = (_GROUPS.get(source.kind), source.kind)
    return any(
        (target.get("group") or "", target.get("kind")) == wanted and target.get("name") in (None, "", source.name)
        for target in grant["spec"].get("to") or []
    )
