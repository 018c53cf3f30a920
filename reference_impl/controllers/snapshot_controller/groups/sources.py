"""The volumes that a group snapshot is taken of (clauses GRP-003 to GRP-005). Only reads.

They are chosen once, so the API server is asked: a watch may be behind somebody who has just labelled a PVC.
"""

from __future__ import annotations

from ...kube import objects
from ...kube.client import Json
from ..cluster import Cluster
from ..sources import SourceError, require_csi, volume_of


def claims(cluster: Cluster, group: Json) -> list[Json]:
    """The PVCs of the group's namespace that its selector takes, by name; at least one.

    Raises SourceError, ApiError.
    """
    wanted = ",".join(f"{key}={value}" for key, value in sorted(_labels(group).items()))
    asked = {"labelSelector": wanted} if wanted else {}
    found = cluster.claims.client.list(cluster.claims.kind, objects.namespace(group), **asked)["items"]
    if not found:
        raise SourceError(f"no PVC has the labels of group snapshot {objects.key(group)}: {wanted or '<none>'}")
    return sorted(found, key=objects.name)


def volumes(cluster: Cluster, group: Json) -> list[Json]:
    """The PVs of those PVCs, all of which must be bound; CSI or not. Raises SourceError, ApiError."""
    return [volume_of(cluster, claim) for claim in claims(cluster, group)]


def driver(cluster: Cluster, group: Json) -> str:
    """The driver of the first volume. Raises SourceError, ApiError."""
    first = volumes(cluster, group)[0]
    require_csi(first)
    return str(first["spec"]["csi"]["driver"])


def selects(group: Json, claim: Json) -> bool:
    """The selector takes the PVC. Only ``matchLabels`` counts: expressions are ignored (clause GRP-003)."""
    labels = claim["metadata"].get("labels") or {}
    dynamic = group["spec"]["source"].get("selector") is not None
    return dynamic and _labels(group).items() <= labels.items()


def _labels(group: Json) -> dict[str, str]:
    return (group["spec"]["source"].get("selector") or {}).get("matchLabels") or {}
