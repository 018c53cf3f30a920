"""What comes of a request that a driver may grant or refuse: the first of the two that is seen."""

from __future__ import annotations

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.conditions import BOUND
from pytest_csi_snapshot.history import Version
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.verbs.core import Core, too_early


class AnswerVerbs(Core):
    """Waits for either end."""

    cluster: Cluster

    def of_another_kind(self, clause: str, reason: str) -> None:
        """End the test as not supported: the driver grants what ``clause`` is not about.

        Goes on where the test works on a companion: that is of the kind by construction, so somebody is at fault.
        """
        __tracebackhide__ = True
        if not self.cluster.companion:
            self.not_supported(clause, reason)

    def provisioning_error(self, claim: Handle) -> str:
        """Empty once the claim is Bound; the message of its event ProvisioningFailed where that comes first.

        Not of one that is told too early (``core.too_early``).
        """
        __tracebackhide__ = True

        def answered() -> Version | None:
            latest = self.history.latest(claim.uid)
            if latest and not latest.deleted and BOUND.holds(latest.object):
                return latest
            refused = (e for e in self.events_of(claim) if e.object.get("reason") == "ProvisioningFailed")
            return next((e for e in refused if not too_early(str(e.object.get("message", "")))), None)

        found = self._await(claim, answered, "Bound, or an event ProvisioningFailed", "", self.limits.bind)
        return "" if found.uid == claim.uid else str(found.object.get("message", ""))
