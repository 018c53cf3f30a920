"""Where a volume may be made, for drivers whose volumes are not accessible from everywhere. Only computes.

The segments of a node are its labels of those keys that the driver named when it registered there (CSINode).
Sources: CSI TopologyRequirement; external-provisioner's way of filling it; clause DIST-002.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn

from ...wire import csi_pb2
from .. import markers
from ..kube import objects
from ..kube.client import Json
from ..kube.collection import Collection
from ..node_affinity import accessible
from .sources import Origin, SourceRefusedError

Segments = dict[str, str]


class WrongNodeError(SourceRefusedError):
    """The volume cannot be on the node that the scheduler selected."""


@dataclass(frozen=True)
class Topology:
    """The driver's nodes. ``strict``: a volume for a pod must be accessible from the pod's node itself."""

    driver: str
    nodes: Collection
    csi_nodes: Collection
    strict: bool

    def requirement(self, claim: Json, storage_class: Json, origin: Origin | None) -> csi_pb2.TopologyRequirement:
        """Where the volume of a claim may be. Raises SourceRefusedError where that is nowhere."""
        able = {name: here for name, here in self._segments().items() if self.has(name, origin)}
        selected = objects.annotation(claim, markers.SELECTED_NODE)
        if selected is not None and selected not in able:
            self._refuse(selected, origin)
        terms = _unique(able.values())
        if allowed := _allowed(storage_class):
            terms = [term for term in terms if any(wanted.items() <= term.items() for wanted in allowed)]
        if not terms:
            raise SourceRefusedError("no node of the driver is in the allowed topology, or has the source")
        if selected is not None:
            mine = able[selected]
            if mine not in terms:
                raise WrongNodeError(f"node {selected} is not in the allowed topologies of the StorageClass")
            terms = [mine] if self.strict else [mine, *(term for term in terms if term != mine)]
        else:
            # Another beginning for each claim: volumes for any node are to be spread.
            start = zlib.crc32(objects.uid(claim).encode()) % len(terms)
            terms = terms[start:] + terms[:start]
        listed = [csi_pb2.Topology(segments=term) for term in terms]
        return csi_pb2.TopologyRequirement(requisite=listed, preferred=listed)

    def has(self, name: str, origin: Origin | None) -> bool:
        """The node has the data of the source (clause DIST-002)."""
        if origin is None:
            return True
        node = self.nodes.get(name)
        by_affinity = origin.volume is None or (node is not None and accessible(origin.volume, node))
        return by_affinity and origin.managed_by in (None, name)

    def _segments(self) -> dict[str, Segments]:
        """Node -> its segments, of all nodes on which the driver is registered."""
        found = {}
        for csi_node in self.csi_nodes.all():
            name = objects.name(csi_node)
            drivers = csi_node["spec"].get("drivers") or []
            keys = next((one.get("topologyKeys") for one in drivers if one["name"] == self.driver), None)
            node = self.nodes.get(name)
            labels = (node["metadata"].get("labels") or {}) if node else {}
            if keys and all(key in labels for key in keys):
                found[name] = {key: str(labels[key]) for key in keys}
        return found

    def _refuse(self, selected: str, origin: Origin | None) -> NoReturn:
        if not self.has(selected, origin):
            raise WrongNodeError(f"the source of the claim is not accessible from node {selected}")
        raise WrongNodeError(f"driver {self.driver} has no topology on node {selected}")


def _unique(terms: Iterable[Segments]) -> list[Segments]:
    return [dict(term) for term in sorted({tuple(sorted(term.items())) for term in terms})]


def _allowed(storage_class: Json) -> list[Segments]:
    """``allowedTopologies`` of a StorageClass as single terms: one for each combination of values."""
    allowed = []
    for selector in storage_class.get("allowedTopologies") or []:
        expressions = selector.get("matchLabelExpressions") or []
        choices = [[(one["key"], value) for value in one["values"]] for one in expressions]
        allowed += [dict(combination) for combination in itertools.product(*choices)]
    return allowed
