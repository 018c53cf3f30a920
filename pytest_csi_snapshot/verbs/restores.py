"""Restores that are granted, refused, or asked for in other ways than their source."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pytest_csi_snapshot.conditions import BOUND, status_of
from pytest_csi_snapshot.history import Version
from pytest_csi_snapshot.kube.kinds import SNAPSHOT
from pytest_csi_snapshot.labels import fresh_name
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.verbs.blocks import BlockVerbs
from pytest_csi_snapshot.verbs.ground import PreparationError
from pytest_csi_snapshot.verbs.hearing import HearingVerbs
from pytest_csi_snapshot.verbs.pods import DATA
from pytest_csi_snapshot.waiting import WaitTimeout
from pytest_csi_snapshot.workloads import filesystems, trees
from pytest_csi_snapshot.workloads.pods import ANSWER_FILE, Workload, mount_path

Json = dict[str, Any]

OTHER = "other"
"""The label of answers about the second volume of a pod."""


class RestoreVerbs(BlockVerbs, HearingVerbs):
    """Verbs on claims that name a snapshot."""

    def missing_snapshot(self) -> Handle:
        """A snapshot that does not exist; ``snapshot`` can make it later, by its name."""
        return Handle(SNAPSHOT, self.namespace, fresh_name("snapshot"), "")

    def waiting_restore(self, snapshot: Handle) -> Handle:
        """A claim on a snapshot that waits for a pod, and of which the snapshot-controller has heard (FIN-007)."""
        __tracebackhide__ = True
        late = self.storage_class_with(volumeBindingMode="WaitForFirstConsumer")
        waiting = self.claim(self.restore_size(snapshot) or self.size, source=snapshot, storage_class=late)
        self.claims_heard()
        return waiting

    def not_provisioned(self, clause: str, claim: Handle) -> None:
        """Check that a claim is told that it cannot be filled, and stays Pending."""
        __tracebackhide__ = True
        self.event(claim, "ProvisioningFailed", clause)
        self.still_pending(clause, claim)

    def still_pending(self, clause: str, claim: Handle, *, blame: str | None = None) -> None:
        """Check that a claim has no volume now."""
        __tracebackhide__ = True
        phase = status_of(self.get(claim)).get("phase")
        self.check(clause, expected="Pending", observed=phase, about=claim, blame=blame)

    def bound_or_refused(self, claim: Handle, code: str, clause: str = "") -> str:
        """Wait until a claim is Bound, or refused by the driver with a CSI code; its message, or ""."""
        __tracebackhide__ = True

        def answered() -> Version | None:
            latest = self.history.latest(claim.uid)
            if latest and not latest.deleted and BOUND.holds(latest.object):
                return latest
            told = (e for e in self.events_of(claim) if e.object.get("reason") == "ProvisioningFailed")
            return next((e for e in told if code in str(e.object.get("message", ""))), None)

        found = self._await(claim, answered, f"Bound, or {code}", clause, self.limits.bind)
        return "" if found.uid == claim.uid else str(found.object.get("message", ""))

    def bound_if_supported(self, claim: Handle, clause: str) -> None:
        """Wait until a claim is Bound; not supported where the driver lacks what it asks for.

        Told by the code that the CSI spec has for that: INVALID_ARGUMENT.
        """
        __tracebackhide__ = True
        soon = replace(BOUND, hopeless=lambda body: BOUND.hopeless(body) or self._refused(claim))
        try:
            self.wait(claim, soon, clause, within=self.limits.bind)
        except (PreparationError, WaitTimeout):
            if why := self._refused(claim):
                self.not_supported(clause, f"the driver has no such volume: {why}")
            raise

    def start_read_both(self, first: Handle, second: Handle) -> Handle:
        """A pod that has two volumes at once, on one node, and lists both, labelled DATA and OTHER."""
        roots = ((mount_path(0), DATA), (mount_path(1), OTHER))
        script = "".join(trees.list_script(root, label) for root, label in roots)
        modes = {first.name: "Filesystem", second.name: "Filesystem"}
        return self.run(Workload(f"set -eu; {{ {script} }} > {ANSWER_FILE}", modes), first.namespace)

    def start_read_only(self, claim: Handle, *, apart: str = "") -> Handle:
        """``start_read`` of a volume that is mounted read-only; pods of one ``apart`` run on different nodes."""
        root = mount_path(0)
        script = trees.list_script(root, DATA) + filesystems.size_script(root, DATA)
        workload = Workload(
            f"set -eu; {{ {script} }} > {ANSWER_FILE}", {claim.name: "Filesystem"}, apart=apart, read_only=True
        )
        return self.run(workload, claim.namespace)
