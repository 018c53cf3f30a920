"""How driver and controllers run in the cluster: read, never changed."""

from __future__ import annotations

from typing import Any

from pytest_csi_snapshot import sidecars
from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.kube.kinds import LEASE, POD
from pytest_csi_snapshot.kube.refusals import ApiError
from pytest_csi_snapshot.verbs.core import Core

Json = dict[str, Any]


class DeploymentVerbs(Core):
    """Verbs on the pods of others."""

    cluster: Cluster

    def sidecars(self, program: str, lease_prefix: str, clause: str) -> list[Json]:
        """The containers that run a sidecar of the driver; ``clause`` is unknown where they are not found.

        ``lease_prefix`` is how the name of its leader's lease begins.
        """
        __tracebackhide__ = True
        name = sidecars.lease_name(lease_prefix, self.cluster.driver)
        try:
            leases = self.api.list(LEASE, fieldSelector=f"metadata.name={name}")
            found = sidecars.containers(program, self.cluster.driver, self.api.list(POD), leases)
        except ApiError as error:
            if error.status != 403:
                raise
            self.unknown(clause, f"the pods of the cluster may not be read: {error}")
        if not found:
            self.unknown(clause, f"no pod is known to run {program} for {self.cluster.driver}")
        return found
