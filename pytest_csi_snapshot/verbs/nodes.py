"""Nodes: where a volume is accessible from, and volumes made for one of them."""

from __future__ import annotations

from typing import Any

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.kube.kinds import CSI_NODE, NODE
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.verbs.volumes import VolumeVerbs

Json = dict[str, Any]

SELECTED_NODE = "volume.kubernetes.io/selected-node"
"""What a scheduler says of a claim that binds with its pod: the node for which its volume is to be made."""


class NodeVerbs(VolumeVerbs):
    """Verbs on drivers whose volumes are not accessible from every node."""

    cluster: Cluster

    def driver_nodes(self, clause: str, count: int) -> list[str]:
        """The nodes on which the driver runs; with fewer than ``count`` the clause is unknown here."""
        __tracebackhide__ = True
        found = [
            str(node["metadata"]["name"])
            for node in self.api.list(CSI_NODE)
            if any(driver["name"] == self.cluster.driver for driver in node["spec"].get("drivers") or [])
        ]
        if len(found) < count:
            self.unknown(clause, f"the driver runs on {len(found)} node, and it takes {count} to tell")
        return sorted(found)

    def claim_on(self, node: str, size: int = 0, *, source: Handle | None = None) -> Handle:
        """A claim whose volume is to be made for a node, as if a scheduler had chosen that for a pod."""
        late = self.storage_class_with(volumeBindingMode="WaitForFirstConsumer")
        claim = self.claim(size, source=source, storage_class=late)
        self.patch(claim, {"metadata": {"annotations": {SELECTED_NODE: node}}})
        return claim

    def homes_of(self, claim: Handle, clause: str) -> list[str]:
        """The nodes that the volume of a claim is accessible from; not supported where these are all."""
        __tracebackhide__ = True
        required = (self.get(self.pv_of(claim))["spec"].get("nodeAffinity") or {}).get("required")
        if required is None:
            self.not_supported(clause, "volumes of this driver are accessible from everywhere")
        terms = [term.get("matchExpressions") or [] for term in required["nodeSelectorTerms"]]
        nodes = {node["metadata"]["name"]: node["metadata"].get("labels") or {} for node in self.api.list(NODE)}
        return sorted(
            name
            for name, labels in nodes.items()
            if any(all(labels.get(one["key"]) in one["values"] for one in term) for term in terms)
        )
