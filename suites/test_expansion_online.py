"""EXP: volumes that grow under the pods that use them."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.conditions import status_of
from pytest_csi_snapshot.labels import fresh_name
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.verbs.pods import DATA
from pytest_csi_snapshot.workloads import trees
from pytest_csi_snapshot.workloads.logs import read_log


@pytest.mark.csi_clause("EXP-009", "EXP-019")
def test_filesystem_grows_under_its_pod(csi: Scenario) -> None:
    """The pod goes on writing; its last words tell the size that it sees, the volume what it wrote."""
    csi.may_grow("EXP-009")
    claim = csi.volume()
    writer = csi.writer(claim)
    csi.expand_in_use(claim, csi.larger, "EXP-009")
    csi.nudge(writer)  # a kubelet looks at a pod that changed now, at any other in its next round
    csi.grown(claim, csi.larger, "EXP-009")
    restarts = sum(c["restartCount"] for c in status_of(csi.get(writer))["containerStatuses"])
    csi.check("EXP-009", expected=0, observed=restarts, about="restarts of the pod that uses the volume")

    words = csi.stop(writer)
    if not words:
        csi.unknown("EXP-009", "the node did not pass on the last words of a deleted pod")
    csi.spans("EXP-009", csi.larger, words, claim)
    answer = csi.read(claim)
    csi.holds("EXP-019", trees.B, answer, claim)
    log = read_log(answer, DATA)
    csi.check("EXP-009", expected="all records, the last one too", observed=log,
              holds=log is not None and log.is_prefix and log.farewell, about=f"the log in {claim}")  # fmt: skip


@pytest.mark.csi_clause("EXP-026")
@pytest.mark.parametrize("mode", ["Filesystem", "Block"])
def test_volume_grows_on_each_node_that_uses_it(csi: Scenario, mode: str) -> None:
    csi.may_grow("EXP-026")
    csi.needs_nodes(2, "EXP-026")
    claim = csi.volume_for_many(mode, "EXP-026")
    word = fresh_name("apart")
    watchers = []
    for _ in range(2):  # one after the other: the second node finds the volume in use
        watchers.append(csi.start_size_watcher(claim, csi.larger, apart=word))
        csi.runs(watchers[-1])
    csi.expand_in_use(claim, csi.larger, "EXP-026")
    for watcher in watchers:
        csi.sees_its_size(watcher, "EXP-026")
    csi.grown(claim, csi.larger, "EXP-026")
    nodes = {csi.get(watcher)["spec"]["nodeName"] for watcher in watchers}
    csi.check("EXP-026", expected=2, observed=len(nodes), about="nodes that use the volume")
    if mode == "Filesystem":
        csi.spans("EXP-026", csi.larger, csi.stop(watchers[0]), claim)
