"""Volumes and claims that are bound by hand: what no provisioner made, and none will delete."""

from __future__ import annotations

import secrets
from typing import Any

from pytest_csi_snapshot.kube.kinds import PV, PVC
from pytest_csi_snapshot.labels import INVENTED_DRIVER, fresh_name
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.quantities import format_quantity
from pytest_csi_snapshot.verbs.volumes import VolumeVerbs

Json = dict[str, Any]

NFS: Json = {"nfs": {"server": "nowhere.example.com", "path": "/"}}
"""The source of a PV that is not CSI's. No test mounts it, so nothing has to answer there."""

CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"
"""Names a claim's class where the field ``storageClassName`` is absent; a default class is not put there then."""


class StaticVolumeVerbs(VolumeVerbs):
    """Verbs on volumes made by hand. They are retained: nothing in a backend depends on them."""

    @staticmethod
    def invented_driver() -> str:
        """The name of a driver that does not exist, so that no controller touches what names it."""
        return f"{INVENTED_DRIVER}{secrets.token_hex(4)}.example.com"

    def static_claim(self, source: Json, *, size: int = 0, storage_class: str | None = "") -> Handle:
        """A claim bound to a volume made by hand with this source: ``NFS``, or ``csi_source`` of a driver's.

        ``storage_class`` None leaves the claim's field absent, also where the cluster has a default class.
        """
        __tracebackhide__ = True
        name, claim = self.api.mark.fresh("volume"), fresh_name("static")
        common: Json = {"accessModes": ["ReadWriteOnce"], "storageClassName": storage_class or ""}
        storage = {"storage": format_quantity(size or self.size)}
        self.create(
            PV,
            {
                "metadata": {"name": name},
                "spec": {
                    **common,
                    "capacity": storage,
                    "persistentVolumeReclaimPolicy": "Retain",
                    **source,
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


def csi_source(driver: str, handle: str) -> Json:
    """The source of a PV that is a driver's volume ``handle``, whether there is one or not."""
    return {"csi": {"driver": driver, "volumeHandle": handle}}
