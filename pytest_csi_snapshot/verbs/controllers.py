"""Controllers: who of them leads, and what becomes of work when the leader ends.

The only verbs that end something which is not the run's own: a pod of a controller, which its Deployment makes
again. Tests that use ``end_leader`` are exclusive.
"""

from __future__ import annotations

from typing import Any

import pytest

from pytest_csi_snapshot.allowances import DISRUPTIVE, lacking
from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.conditions import Condition, status_of
from pytest_csi_snapshot.disruption import announced
from pytest_csi_snapshot.inventory import lease_part
from pytest_csi_snapshot.kube.kinds import LEASE, POD
from pytest_csi_snapshot.leases import ServerClock
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.verbs.core import Core

Json = dict[str, Any]

LEASES = {
    "SC": "snapshot-controller-leader",
    "SS": "external-snapshotter-leader-{driver}",
    "EP": "{driver}",
    "ER": "external-resizer-{driver}",
}
"""Component (a key of OWNERS) -> the name of its lease; in it a driver's name has dashes for dots."""


class ControllerVerbs(Core):
    """Verbs on leases and on the pods that hold them."""

    cluster: Cluster
    waits_for_others = 0.0
    """Seconds to wait for the end of the other runs in the cluster: the other shards, where this is one."""

    def needs_disruption(self) -> None:
        """Go on only where controllers may be ended: with leave, and while no other run needs them.

        No run begins from then on, until the test is over.
        """
        __tracebackhide__ = True
        if DISRUPTIVE not in self.api.allowed:
            pytest.skip(lacking(DISRUPTIVE, "it ends controllers of the cluster"))
        clock = ServerClock(self.station.client)
        if self.cluster.shared and (others := announced(self.api, clock, self.waits_for_others)):
            pytest.skip(f"it ends controllers of the cluster, and run {others[0]} is at work there")

    def lease_of(self, component: str, clause: str) -> Handle:
        """The lease of a component, watched from now on; without one ``clause`` is unknown here."""
        __tracebackhide__ = True
        name = LEASES[component].format(driver=lease_part(self.cluster.driver))
        found = self.api.list(LEASE, fieldSelector=f"metadata.name={name}")
        if not found:
            self.unknown(clause, f"no Lease {name}: leader election is off, or there is no such component here")
        lease = Handle.of(LEASE, found[0])
        self.station.watch_lease(lease.namespace, lease.name)
        return lease

    def leader(self, lease: Handle, clause: str) -> Handle:
        """The pod that holds a lease; ``clause`` is unknown where the holder is not named as a pod is."""
        __tracebackhide__ = True
        holder = holder_of(self.get(lease))
        # Who is not named by the pod alone has the pod's name at the beginning (pod_uid) or the end of its own.
        pods = [pod for pod in self.api.list(POD, lease.namespace) if pod["metadata"]["name"] in holder]
        if not pods:
            self.unknown(clause, f"the holder of {lease}, {holder!r}, is not named after a pod of its namespace")
        return Handle.of(POD, max(pods, key=lambda pod: len(pod["metadata"]["name"])))

    def end_leader(self, lease: Handle, clause: str) -> Handle:
        """Delete the pod that holds a lease; the pod, which is on its way out."""
        __tracebackhide__ = True
        pod = self.leader(lease, clause)
        self.api.end_pod(pod.namespace, pod.name, pod.uid)
        return pod

    def led_by_another(self, lease: Handle, before: Handle, clause: str) -> Json:
        """The lease once another than the pod ``before`` holds it."""
        __tracebackhide__ = True
        changed = Condition(
            f"another holder than {before.name}",
            lambda body: bool(holder_of(body)) and before.name not in holder_of(body),
        )
        return self.wait(lease, changed, clause, within=self.limits.failover)


def holder_of(lease: Json) -> str:
    """The holder of a lease; "" while nobody holds it."""
    return str(lease["spec"].get("holderIdentity") or "")


def runs(pod: Json) -> bool:
    """The pod runs, or is about to say so, and is to stay: a controller is at work before its node has told."""
    return status_of(pod).get("phase") in ("Pending", "Running") and "deletionTimestamp" not in pod["metadata"]
