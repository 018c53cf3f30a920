"""Deletes volumes whose claim is gone (reclaim policy Delete), and then their PVs."""

from __future__ import annotations

from ...wire import csi_pb2
from .. import markers
from ..attached import of_volume
from ..csi import secrets
from ..csi.codes import CsiError
from ..csi.secrets import SecretError
from ..csi.sidecar import Peer
from ..kube import objects
from ..kube.client import Json
from ..kube.collection import Collection
from ..kube.errors import ApiError
from ..kube.events import WARNING
from ..node_affinity import accessible
from ..parameters import SecretReference
from ..work.loop import SyncError
from .cluster import Cluster, Service


class Volumes:
    """Deletes released volumes of one driver."""

    def __init__(self, peer: Peer, cluster: Cluster, service: Service, nodes: Collection | None = None) -> None:
        """``nodes`` where the service is for one node only."""
        self.peer = peer
        self._cluster = cluster
        self._service = service
        self._nodes = nodes

    def sync(self, key: str) -> None:
        """Look at one PV. Raises SyncError, ApiError."""
        volume = self._cluster.volumes.get(key)
        if volume is None or not self.to_delete(volume):
            return
        nodes = self._attached_to(key)
        if nodes:
            # No event: the end of the attachment brings the volume back here.
            raise SyncError(f"persistentvolume {key} is still attached to node {', '.join(nodes)}")
        self.delete(volume)
        try:
            self._cluster.volumes.delete(volume)
            self._cluster.volumes.edit(
                volume, lambda draft: objects.drop_finalizers(draft, markers.VOLUME_PROVISIONED)
            )
        except ApiError as error:
            if not error.not_found:
                raise

    def to_delete(self, volume: Json) -> bool:
        """A released volume that we made, to be deleted with its claim."""
        if objects.annotation(volume, markers.PROVISIONED_BY) != self._service.driver:
            return False
        if objects.deleting(volume) and not objects.has_finalizer(volume, markers.VOLUME_PROVISIONED):
            return False
        if self._nodes and not self._here(volume, self._nodes):
            return False
        released = (volume.get("status") or {}).get("phase") == "Released"
        return released and volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete"

    def _here(self, volume: Json, nodes: Collection) -> bool:
        node = nodes.get(self._service.node or "")
        return node is not None and accessible(volume, node)

    def delete(self, volume: Json) -> None:
        """DeleteVolume; a failure is shown as an event. Raises SyncError."""
        name = objects.annotation(volume, markers.VOLUME_SECRET_NAME)
        namespace = objects.annotation(volume, markers.VOLUME_SECRET_NAMESPACE)
        reference = SecretReference(name, namespace) if name and namespace else None
        try:
            credentials = secrets.read(self._cluster.client, reference)
            handle = volume["spec"]["csi"]["volumeHandle"]
            request = csi_pb2.DeleteVolumeRequest(volume_id=handle, secrets=credentials)
            self.peer.driver.call(self.peer.driver.controller.DeleteVolume, request)
        except (SecretError, CsiError) as error:
            self._service.events.event(volume, WARNING, "VolumeFailedDelete", str(error))
            raise SyncError(f"volume {objects.name(volume)} not deleted: {error}") from error

    def _attached_to(self, name: str) -> list[str]:
        return sorted(each["spec"]["nodeName"] for each in self._cluster.attachments.by(of_volume, name))
