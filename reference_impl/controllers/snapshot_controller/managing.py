"""Which node's sidecar makes a snapshot where each node has its own (clause DIST-001)."""

from __future__ import annotations

from .. import markers
from ..kube import objects
from ..kube.client import Json
from ..kube.collection import Collection
from ..node_affinity import accessible
from .sources import SourceError


def labels(nodes: Collection | None, volume: Json) -> dict[str, str]:
    """The label of a content for this volume: the node that the volume's affinity selects.

    None without distributed snapshotting (no ``nodes``), and for a volume that is accessible from everywhere.
    Raises SourceError where no node has the volume.
    """
    if nodes is None or not volume["spec"].get("nodeAffinity"):
        return {}
    able = sorted(objects.name(node) for node in nodes.all() if accessible(volume, node))
    if not able:
        raise SourceError(f"no node matches the node affinity of PV {objects.name(volume)}")
    return {markers.MANAGED_BY: able[0]}
