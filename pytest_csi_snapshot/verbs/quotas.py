"""What the claims of a namespace are charged."""

from __future__ import annotations

from pytest_csi_snapshot.conditions import Condition, Json, status_of
from pytest_csi_snapshot.kube.kinds import RESOURCE_QUOTA
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.quantities import parse_quantity
from pytest_csi_snapshot.verbs.core import Core

STORAGE = "requests.storage"


class QuotaVerbs(Core):
    """Verbs on a ResourceQuota."""

    def quota(self) -> Handle:
        """A quota on the storage of this test's namespace, too large to be reached, once it is counted."""
        self.station.watch_quotas(self.namespace)
        quota = self.create(RESOURCE_QUOTA, {"spec": {"hard": {STORAGE: "1Ei"}}})
        self.wait(quota, Condition("a first count", lambda body: "used" in status_of(body)))
        return quota


def charges(size: int) -> Condition:
    """The quota is charged exactly so many bytes."""
    return Condition(f"a charge of {size} bytes", lambda body: charged(body) == size)


def charged(quota: Json) -> int:
    """Bytes that a quota counts as used."""
    return parse_quantity((status_of(quota).get("used") or {}).get(STORAGE) or "0")
