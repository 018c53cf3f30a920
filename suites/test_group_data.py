"""GRP: the data of a group snapshot is that of one moment, and each member restores its volume."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.conditions import POD_READY
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.workloads import order, trees
from pytest_csi_snapshot.workloads.pods import ANSWER_FILE, Workload, mount_path

COLORED = {"color": "blue"}
ROOTS = (mount_path(0), mount_path(1))
TREES = (trees.A, trees.B)


def modes(claims: list[Handle]) -> dict[str, str]:
    return {claim.name: "Filesystem" for claim in claims}


def start_writer(csi: Scenario, claims: list[Handle]) -> Handle:
    """A pod that puts a tree into each of two volumes, then counts on both."""
    written = "".join(tree.write_script(root) for tree, root in zip(TREES, ROOTS, strict=True))
    return csi.run(
        Workload(f"set -e; {written} {order.write_script(ROOTS)}", modes(claims), stays=True), csi.namespace
    )


def start_reader(csi: Scenario, claims: list[Handle]) -> Handle:
    """A pod that lists both volumes, each under its own path, and how far they had counted."""
    listed = "".join(trees.list_script(root, root) for root in ROOTS) + order.read_script(ROOTS, "both")
    return csi.run(Workload(f"set -eu; {{ {listed} }} > {ANSWER_FILE}", modes(claims)), csi.namespace)


@pytest.mark.csi_clause("GRP-006", "GRP-007")
def test_volumes_of_a_group_are_cut_at_one_moment(csi: Scenario) -> None:
    """Volumes bind with their pod, so that both can be where it is."""
    csi.needs_groups("GRP-006")
    late = csi.storage_class_with(volumeBindingMode="WaitForFirstConsumer")
    claims = [csi.labelled(csi.claim(storage_class=late), COLORED) for _ in ROOTS]
    writer = start_writer(csi, claims)
    csi.wait(writer, POD_READY, within=csi.limits.pod)
    members = csi.members(csi.ready_group(COLORED), len(claims))
    csi.delete(writer)

    taken = {csi.get(member)["spec"]["source"]["persistentVolumeClaimName"]: member for member in members}
    sources = [taken[claim.name] for claim in claims]
    restored = [
        csi.claim(csi.restore_size(member) or csi.size, source=member, storage_class=late) for member in sources
    ]
    answer = csi.answer(start_reader(csi, restored), "GRP-007")
    for tree, root, claim in zip(TREES, ROOTS, restored, strict=True):
        csi.holds("GRP-007", tree, answer, claim, label=root)
    counts = order.read_counts(answer, "both")
    together = counts is not None and counts.at_one_moment
    csi.check("GRP-006", expected="the second volume equal to the first or one write behind", observed=counts,
              holds=together, about="how far two volumes of one group had counted")  # fmt: skip
