"""Questions about the cluster that the tests run in: who may do what, what runs there. Nothing is changed."""

from __future__ import annotations

from datetime import UTC, datetime

from pytest_csi_snapshot import access, inventory
from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.kube.kinds import LEASE, POD, Kind
from pytest_csi_snapshot.verbs.core import Core


class InquiryVerbs(Core):
    """Verbs that only ask."""

    cluster: Cluster

    def may(self, verb: str, kind: Kind, *, subresource: str = "", user: str = "") -> bool:
        """Whether we (or ``user``) may do that to objects of a kind, anywhere.

        Raises ApiError where we may not ask.
        """
        return access.may(self.api, verb, kind, subresource=subresource, user=user)

    def components(self) -> list[inventory.Component]:
        """The controllers and sidecars that run in the cluster, whoever they serve."""
        return inventory.components(self.api.list(POD, keep=inventory.concerned))

    def sidecars(self) -> list[inventory.Component]:
        """Those that serve the driver."""
        lease = inventory.snapshotter_lease(self.cluster.driver)
        found = self.api.list(LEASE, fieldSelector=f"metadata.name={lease}")
        home = found[0]["metadata"]["namespace"] if found else ""
        return inventory.of_driver(self.components(), self.cluster.driver, home)


def age(timestamp: str, now: str) -> float:
    """Seconds from one time to another, both as the API server writes them: no two clocks are compared."""
    return (_time(now) - _time(timestamp)).total_seconds()


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)
