"""Volumes and claims that are bound by hand: what no provisioner made, and none will delete."""

from __future__ import annotations

import secrets
from typing import Any

from pytest_csi_snapshot.kube.kinds import PV, PVC
from pytest_csi_snapshot.labels import INVENTED_DRIVER, fresh_name
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.quantities import format_quantity
from pytest_csi_snapshot.verbs.volumes import SIZE, VolumeVerbs

Json = dict[str, Any]

CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"
"""Names a claim's class where the field ``storageClassName`` is absent; a default class is not put there then."""


class StaticVolumeVerbs(VolumeVerbs):
    """Verbs on volumes made by hand. They are retained: nothing in a backend depends on them."""

    @staticmethod
    def invented_driver() -> str:
        """The name of a driver that does not exist, so that no controller touches what names it."""
        return f"{INVENTED_DRIVER}{secrets.token_hex(4)}.example.com"

    def static_claim(
        self, driver: str, handle: str, *, size: int = SIZE, storage_class: str | None = ""
    ) -> Handle:
        """A claim bound to a volume made by hand, which names ``handle`` of a driver.

        ``storage_class`` None leaves the claim's field absent, also where the cluster has a default class.
        """
        __tracebackhide__ = True
        name, claim = self.api.mark.fresh("volume"), fresh_name("static")
        common: Json = {"accessModes": ["ReadWriteOnce"], "storageClassName": storage_class or ""}
        storage = {"storage": format_quantity(size)}
        self.create(
            PV,
            {
                "metadata": {"name": name},
                "spec": {
                    **common,
                    "capacity": storage,
                    "persistentVolumeReclaimPolicy": "Retain",
                    "csi": {"driver": driver, "volumeHandle": handle},
                    "claimRef": {"namespace": self.namespace, "name": claim},
                },
            },
        )
        annotations = {}
        if storage_class is None:
            annotations[CLASS_ANNOTATION] = common.pop("storageClassName")
        bound = self.create(
            PVC,
            {
                "metadata": {"name": claim, "annotations": annotations},
                "spec": {**common, "volumeName": name, "resources": {"requests": storage}},
            },
        )
        self.bound(bound)
        return bound
