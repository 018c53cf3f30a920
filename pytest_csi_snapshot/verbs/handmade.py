"""Volumes made by hand: claims that are bound to a PV which no provisioner has made."""

from __future__ import annotations

from typing import Any

from pytest_csi_snapshot.kube.kinds import PV, PVC
from pytest_csi_snapshot.labels import fresh_name
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.quantities import format_quantity
from pytest_csi_snapshot.verbs.volumes import SIZE, VolumeVerbs

Json = dict[str, Any]

NFS: Json = {"nfs": {"server": "nowhere.example.com", "path": "/"}}
"""The source of a PV that is not CSI's. No test mounts it, so nothing has to answer there."""


class HandmadeVerbs(VolumeVerbs):
    """Verbs on volumes that exist by their objects only."""

    def handmade_volume(self, source: Json, *, storage_class: str = "") -> Handle:
        """A claim that is bound to a new PV with this source, e.g. ``NFS``; nothing is made in any backend.

        Claim and PV name ``storage_class``, or none.
        """
        __tracebackhide__ = True
        name, size = fresh_name("claim"), {"storage": format_quantity(SIZE)}
        common: Json = {"accessModes": ["ReadWriteOnce"], "storageClassName": storage_class}
        volume = self.create(
            PV,
            {
                "metadata": {"name": self.api.mark.fresh("volume")},
                "spec": {
                    **common,
                    **source,
                    "capacity": size,
                    "persistentVolumeReclaimPolicy": "Retain",
                    "claimRef": {"namespace": self.namespace, "name": name},
                },
            },
        )
        spec = {**common, "volumeName": volume.name, "resources": {"requests": size}}
        claim = self.create(PVC, {"metadata": {"name": name}, "spec": spec})
        self.bound(claim)
        return claim
