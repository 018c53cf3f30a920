"""The stage with the csi-provisioner on it."""

from __future__ import annotations

from typing import Any

from pytest_csi_snapshot.reference_impl.controllers import markers
from pytest_csi_snapshot.reference_impl.controllers.csi.sidecar import Peer
from pytest_csi_snapshot.reference_impl.controllers.kube import objects
from pytest_csi_snapshot.reference_impl.controllers.kube.kinds import (
    PV,
    PVC,
    SNAPSHOT,
    SNAPSHOT_CONTENT,
    STORAGE_CLASS,
    VOLUME_ATTACHMENT,
)
from pytest_csi_snapshot.reference_impl.controllers.provisioner.claims import Claims, Settings
from pytest_csi_snapshot.reference_impl.controllers.provisioner.cluster import Cluster, Service
from pytest_csi_snapshot.reference_impl.controllers.provisioner.protection import Protection
from pytest_csi_snapshot.reference_impl.controllers.provisioner.unanswered import Unanswered
from pytest_csi_snapshot.reference_impl.controllers.provisioner.volumes import Volumes
from pytest_csi_snapshot.reference_impl.controllers.work.loop import SyncError

from .stage import DRIVER, NS, Stage

Json = dict[str, Any]

FROM_SNAPSHOT = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": "s"}
FROM_CLAIM = {"kind": "PersistentVolumeClaim", "name": "src"}


class Theatre(Stage):
    """The stage with the csi-provisioner on it."""

    def __init__(self, peer: Peer, **options: Any) -> None:
        super().__init__()
        self.storage_class(parameters={"csi.storage.k8s.io/fstype": "ext4", "numberOfReplicas": "3"})
        client: Any = self.kube
        self.cluster = Cluster(
            client,
            self.direct(PVC),
            self.direct(PV),
            self.direct(STORAGE_CLASS),
            self.direct(SNAPSHOT),
            self.direct(VOLUME_ATTACHMENT),
        )
        self.unanswered = Unanswered()
        self.protection = Protection(self.cluster, DRIVER, self.unanswered)
        events: Any = self.events
        service = Service(DRIVER, "identity-1", events)
        settings = Settings(slow=300.0, **options)
        self.claims = Claims(peer, self.cluster, service, self.protection, self.unanswered, settings)
        self.volumes = Volumes(peer, self.cluster, service)

    def wish(self, name: str = "new", **spec: Any) -> Json:
        """A pending claim that kube-controller-manager gave to our driver."""
        claim = self.claim(name, bound=False, **spec)
        meta = {**claim["metadata"], "annotations": {markers.PROVISIONER: DRIVER}}
        return self.change(PVC, f"{NS}/{name}", metadata=meta)

    def sync(self, claim: Json) -> SyncError | None:
        try:
            self.claims.sync(f"{objects.key(claim)}/{objects.uid(claim)}")
        except SyncError as error:
            return error
        return None

    def made(self, claim: Json) -> Json:
        return self.see(PV, f"pvc-{objects.uid(claim)}")

    def ready_snapshot(self, **content: Any) -> Json:
        """A snapshot named s that is ready, of 1Gi."""
        snapshot = self.snapshot()
        spec = {
            "deletionPolicy": "Delete",
            "driver": DRIVER,
            "source": {"volumeHandle": "v"},
            "sourceVolumeMode": "Filesystem",
            "volumeSnapshotRef": {"namespace": NS, "name": "s", "uid": objects.uid(snapshot)},
            **content,
        }
        self.kube.put(SNAPSHOT_CONTENT, {"metadata": {"name": "k"}, "spec": spec}, {"snapshotHandle": "h"})
        status = {"boundVolumeSnapshotContentName": "k", "readyToUse": True, "restoreSize": "1Gi"}
        return self.change(SNAPSHOT, f"{NS}/s", status=status)

    def protected(self) -> bool:
        return objects.has_finalizer(self.see(SNAPSHOT, f"{NS}/s"), markers.RESTORE_SOURCE)
