"""DIST: drivers whose volumes are on one node each, with sidecars on every node."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_csi_snapshot.conditions import ANSWERED, READY, Condition, status_of
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.workloads import trees
from pytest_csi_snapshot.workloads.pods import Workload

MANAGED_BY = "snapshot.storage.kubernetes.io/managed-by"
NOWHERE = "no-node-of-this-cluster"


def refused(pod: dict[str, Any]) -> bool:
    """The scheduler has found no node for a pod."""
    conditions = status_of(pod).get("conditions") or []
    return any(one["type"] == "PodScheduled" and one["status"] == "False" for one in conditions)


NO_NODE = Condition("PodScheduled false", refused)


def volume_on(csi: Scenario, node: str, clause: str) -> Handle:
    """A volume that only one node has."""
    claim = csi.claim_on(node)
    csi.bound(claim)
    homes = csi.homes_of(claim, clause)
    if homes != [node]:
        csi.not_supported(clause, f"a volume for node {node} is accessible from {', '.join(homes)}")
    return claim


def only_its_own_node_serves(csi: Scenario, nodes: list[str]) -> None:
    """Check that nobody serves the content of a missing node, while each node's sidecar serves a later one."""
    nobodys, *others = (
        csi.import_content("a-handle-that-never-was", labels={MANAGED_BY: node}) for node in (NOWHERE, *nodes)
    )
    for content in others:
        csi.backend_answers(content)
    csi.seamless("DIST-001", nobodys.kind)
    told = [status for version in csi.versions(nobodys) if (status := status_of(version.object))]
    csi.check("DIST-001", expected=[], observed=told, about=f"status of {nobodys}, which is for node {NOWHERE}",
              blame="SS")  # fmt: skip


@pytest.mark.csi_companion("node-local", or_itself=True)
@pytest.mark.csi_clause("DIST-001")
def test_snapshot_is_taken_by_the_sidecar_of_the_volumes_node(csi: Scenario) -> None:
    nodes = csi.driver_nodes("DIST-001", 2)[:2]
    # First of all: where every node reaches every volume, one sidecar serves all contents, and rightly.
    volumes = {node: volume_on(csi, node, "DIST-001") for node in nodes}
    only_its_own_node_serves(csi, nodes)
    snapshots = {node: csi.snapshot(volume) for node, volume in volumes.items()}
    for node, snapshot in snapshots.items():
        content = csi.content_of(snapshot)
        labels = csi.get(content)["metadata"].get("labels") or {}
        csi.check("DIST-001", expected=node, observed=labels.get(MANAGED_BY), about=f"{MANAGED_BY} of {content}",
                  hint="is the snapshot-controller started with --enable-distributed-snapshotting?",
                  blame="SC")  # fmt: skip
        csi.ready(snapshot, "DIST-001")
        csi.wait(content, READY, "DIST-001")
        versions = [version.object for version in csi.versions(content)]
        handles = {status_of(body).get("snapshotHandle") for body in versions} - {None}
        errors = [status_of(body)["error"].get("message") for body in versions if ANSWERED.holds(body)]
        csi.check("DIST-001", expected=(1, []), observed=(len(handles), errors),
                  about=f"handles and errors of {content}: only one sidecar served it",
                  blame="SS")  # fmt: skip


@pytest.mark.csi_companion("node-local", or_itself=True)
@pytest.mark.csi_clause("DIST-002")
def test_restore_is_on_the_node_of_its_source_or_nowhere(csi: Scenario) -> None:
    home, other = csi.driver_nodes("DIST-002", 2)[:2]
    claim = volume_on(csi, home, "DIST-002")
    csi.write(claim, trees.A)
    snapshot = csi.ready_snapshot(claim)
    size = csi.restore_size(snapshot) or csi.size

    elsewhere = csi.claim_on(other, size, source=snapshot)
    restored = csi.claim_on(home, size, source=snapshot)
    csi.bound(restored, "DIST-002")
    csi.check("DIST-002", expected=[home], observed=csi.homes_of(restored, "DIST-002"), about=restored)
    csi.holds("DIST-002", trees.A, csi.read(restored, "DIST-002"), restored)
    csi.event(elsewhere, "ProvisioningFailed", "DIST-002")
    csi.check("DIST-002", expected="Pending", observed=status_of(csi.get(elsewhere)).get("phase"), about=elsewhere)

    forced = csi.run(Workload("exit 0", {restored.name: "Filesystem"}, node=other), restored.namespace)
    csi.wait(forced, NO_NODE, "DIST-002")
    csi.check("DIST-002", expected="Pending", observed=status_of(csi.get(forced)).get("phase"), about=forced)
