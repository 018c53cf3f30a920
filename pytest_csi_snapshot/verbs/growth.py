"""Volumes that grow: how far they are, and what the pods that use them see of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pytest_csi_snapshot.conditions import BOUND, POD_READY, POD_RUNNING
from pytest_csi_snapshot.growing import NODE_STEP_DUE, controller_done, done_or_refused, refusal
from pytest_csi_snapshot.kube.kinds import CSI_NODE, NODE
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.verbs.blocks import BlockVerbs
from pytest_csi_snapshot.verbs.ground import PreparationError
from pytest_csi_snapshot.verbs.pods import DATA
from pytest_csi_snapshot.waiting import WaitTimeout
from pytest_csi_snapshot.workloads.growth import watch_script
from pytest_csi_snapshot.workloads.pods import Workload, mount_path


class GrowthVerbs(BlockVerbs):
    """Verbs on volumes while they grow."""

    def volume_of(self, mode: str, clause: str) -> Handle:
        """A new bound volume in a volume mode; not supported where the driver has none in Block mode."""
        __tracebackhide__ = True
        return self.block_volume(clause) if mode == "Block" else self.volume()

    def node_step_due(self, claim: Handle, to: int, clause: str = "") -> bool:
        """Wait for the controller's part of a growth to ``to`` bytes; whether the node has one too."""
        __tracebackhide__ = True
        return NODE_STEP_DUE.holds(self.wait(claim, controller_done(to), clause, within=self.limits.resize))

    def needs_node_step(self, claim: Handle, to: int, clause: str) -> None:
        """Go on only where the volume's last step of growth is the node's."""
        __tracebackhide__ = True
        if not self.node_step_due(claim, to):
            self.unknown(clause, "the driver grows a volume without its node: there is no node step to look at")

    def use(self, claim: Handle) -> None:
        """Have a pod use a volume for a moment: where the node has a step to do, it does it then (EXP-008)."""
        __tracebackhide__ = True
        self.answer(self.run(Workload("exit 0", {claim.name: self._mode(claim)}), claim.namespace))

    def expand_in_use(self, claim: Handle, to: int, clause: str) -> None:
        """Ask for a growth and wait for the controller's part; not supported where the driver wants it unused."""
        __tracebackhide__ = True
        self.expand(claim, to)
        answer = self.wait(claim, done_or_refused(to), within=self.limits.resize)
        if reason := refusal(answer):
            self.not_supported(clause, f"the driver does not grow a volume that is in use: {reason}", lacks="xon")

    def start_size_watcher(self, claim: Handle, size: int, *, apart: str = "") -> Handle:
        """A pod that is ready once it sees ``size`` bytes (four fifths of them in a filesystem).

        Pods that are started with the same word ``apart`` run on different nodes.
        """
        mode = self._mode(claim)
        script = watch_script(mount_path(0), mode, size, DATA)
        return self.run(Workload(script, {claim.name: mode}, stays=True, grace=30, apart=apart), claim.namespace)

    def runs(self, pod: Handle) -> None:
        """Wait until a pod has its volumes and runs, ready or not."""
        __tracebackhide__ = True
        self._come_to(pod, POD_RUNNING)

    def sees_its_size(self, watcher: Handle, clause: str) -> None:
        """Wait until a size watcher sees what it was started for; a kubelet is asked to look at it now."""
        __tracebackhide__ = True
        self.nudge(watcher)
        self.wait(watcher, POD_READY, clause, within=self.limits.resize)

    def volume_for_many(self, mode: str, clause: str) -> Handle:
        """A new bound volume that pods of several nodes may write; not supported where the driver has none."""
        __tracebackhide__ = True
        claim = self.claim(mode=mode, access="ReadWriteMany")
        soon = replace(BOUND, hopeless=lambda body: BOUND.hopeless(body) or self._refused(claim))
        try:
            self.wait(claim, soon, within=self.limits.bind)
        except (PreparationError, WaitTimeout):
            if why := self._refused(claim):
                self.not_supported(clause, f"the driver makes no ReadWriteMany volume in {mode} mode: {why}")
            raise
        return claim

    def needs_nodes(self, number: int, clause: str) -> None:
        """Go on only where so many nodes take pods and run the driver."""
        __tracebackhide__ = True
        served = {
            entry["metadata"]["name"]
            for entry in self.api.list(CSI_NODE)
            if any(driver["name"] == self.cluster.driver for driver in entry["spec"].get("drivers") or [])
        }
        usable = [node for node in self.api.list(NODE) if node["metadata"]["name"] in served and _takes_pods(node)]
        if len(usable) < number:
            self.unknown(clause, f"it takes {number} nodes that run the driver and take pods, here: {len(usable)}")


def _takes_pods(node: dict[str, Any]) -> bool:
    spec = node["spec"]
    kept_off = any(taint.get("effect") in ("NoSchedule", "NoExecute") for taint in spec.get("taints") or [])
    return not (spec.get("unschedulable") or kept_off)
