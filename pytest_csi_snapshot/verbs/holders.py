"""Pods that hold a volume while something else happens to it."""

from __future__ import annotations

from pytest_csi_snapshot.conditions import POD_READY
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.verbs.pods import PodVerbs
from pytest_csi_snapshot.workloads.pods import READY_FILE, Workload


class HolderVerbs(PodVerbs):
    """Verbs on pods that stay up until they are deleted."""

    def hold(self, claim: Handle, first: str, *, last: str = "", busy: str = "") -> Handle:
        """A pod, ready, that has run ``first``, and runs ``last`` when it is deleted (``stop``).

        In between it runs ``busy`` again and again, or nothing. All are shell, for a volume at ``mount_path(0)``.
        """
        __tracebackhide__ = True
        script = f"""
set -e; stop=; trap 'stop=1' TERM
{first}
: > {READY_FILE}
while [ -z "$stop" ]; do {busy or ":"}; sleep 0.05; done
{last}
"""
        pod = self.run(Workload(script, {claim.name: self._mode(claim)}, stays=True, grace=30), claim.namespace)
        self._come_to(pod, POD_READY)
        return pod
