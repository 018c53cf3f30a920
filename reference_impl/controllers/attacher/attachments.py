"""One look at one VolumeAttachment: attach, or detach and let it go.

Order: finalizers on attachment and PV stand before the driver is called, so that nothing forgets what may be
attached; the attachment's finalizer goes only after the driver said that it is detached.
"""

from __future__ import annotations

from ...wire import csi_pb2
from .. import clock
from ..attached import of_volume, volume_name
from ..csi import secrets
from ..csi.capabilities import UnknownAccessModeError
from ..csi.codes import CsiError
from ..csi.driver import Rpc
from ..csi.secrets import SecretError
from ..csi.sidecar import Peer
from ..kube import objects
from ..kube.client import Json
from ..kube.collection import Collection
from ..kube.errors import ApiError
from ..kube.leader import lease_name
from ..work.loop import SyncError
from . import requests
from .requests import UnknownNodeError

NODE_ID = "csi.alpha.kubernetes.io/node-id"
"""Annotation of an attachment: the driver's name of the node."""


def finalizer(driver: str) -> str:
    """The finalizer of attachments and of attached PVs."""
    return f"external-attacher/{lease_name(driver)}"


class UnknownVolumeError(Exception):
    """The PV of an attachment is not there, or not of a CSI driver."""


REFUSALS = (CsiError, SecretError, UnknownAccessModeError, UnknownNodeError, UnknownVolumeError)


class Attachments:
    """Carries out the VolumeAttachments of one driver."""

    def __init__(self, peer: Peer, attachments: Collection, volumes: Collection, nodes: Collection) -> None:
        self.peer = peer
        self._attachments = attachments
        self._volumes = volumes
        self._nodes = nodes
        self._finalizer = finalizer(peer.name)

    def sync(self, key: str) -> None:
        """Look at one attachment. Raises SyncError, ApiError."""
        attachment = self._attachments.get(key)
        if attachment is None or attachment["spec"]["attacher"] != self.peer.name:
            return
        try:
            if objects.deleting(attachment):
                self._detach(attachment)
            elif not (attachment.get("status") or {}).get("attached"):
                self._attach(attachment)
        except ApiError as error:
            if not error.not_found:
                raise

    def sync_volume(self, key: str) -> None:
        """Let a deleted PV go that no attachment uses."""
        volume = self._volumes.get(key)
        if volume is None or not objects.deleting(volume) or not objects.has_finalizer(volume, self._finalizer):
            return
        if self._attachments.by(of_volume, key):
            return
        try:
            self._volumes.edit(volume, lambda draft: objects.drop_finalizers(draft, self._finalizer))
        except ApiError as error:
            if not error.not_found:
                raise

    def _attach(self, attachment: Json) -> None:
        try:
            metadata = self._publish(attachment) if self._publishes else {}
        except REFUSALS as error:
            self._report(attachment, "attachError", str(error))
            raise SyncError(f"attach of {objects.name(attachment)}: {error}") from error

        def attached(draft: Json) -> bool:
            status = {"attached": True, **({"attachmentMetadata": metadata} if metadata else {})}
            draft["status"] = status
            return True

        self._attachments.edit(attachment, attached, status=True)

    def _publish(self, attachment: Json) -> dict[str, str]:
        """ControllerPublishVolume; what the node needs to know. Raises one of REFUSALS."""
        volume = self._volume(attachment)
        node = attachment["spec"]["nodeName"]
        node_id = requests.node_id(self._nodes.get(node), node, self.peer.name)

        def begin(draft: Json) -> bool:
            # The node's name in the driver must be known at detach, when the node itself may be gone.
            noted = objects.annotate(draft, NODE_ID, node_id)
            return self._protect(draft) or noted

        self._attachments.edit(attachment, begin)
        self._volumes.edit(volume, self._protect)
        request = requests.publish(
            volume, node_id, finer_modes=self.peer.abilities.can(Rpc.SINGLE_NODE_MULTI_WRITER)
        )
        request.secrets.update(secrets.read(self._volumes.client, requests.secret(volume)))
        answer = self.peer.driver.call(self.peer.driver.controller.ControllerPublishVolume, request)
        return dict(answer.publish_context)

    def _detach(self, attachment: Json) -> None:
        if not objects.has_finalizer(attachment, self._finalizer):
            return
        try:
            self._unpublish(attachment)
        except REFUSALS as error:
            self._report(attachment, "detachError", str(error))
            raise SyncError(f"detach of {objects.name(attachment)}: {error}") from error
        self._attachments.edit(attachment, lambda draft: objects.drop_finalizers(draft, self._finalizer))

    def _unpublish(self, attachment: Json) -> None:
        """ControllerUnpublishVolume. Raises one of REFUSALS."""
        volume = self._volume(attachment)
        node = attachment["spec"]["nodeName"]
        noted = objects.annotation(attachment, NODE_ID)
        request = csi_pb2.ControllerUnpublishVolumeRequest(
            volume_id=volume["spec"]["csi"]["volumeHandle"],
            node_id=noted or requests.node_id(self._nodes.get(node), node, self.peer.name),
            secrets=secrets.read(self._volumes.client, requests.secret(volume)),
        )
        self.peer.driver.call(self.peer.driver.controller.ControllerUnpublishVolume, request)

    @property
    def _publishes(self) -> bool:
        return self.peer.abilities.can(Rpc.PUBLISH_UNPUBLISH_VOLUME)

    def _volume(self, attachment: Json) -> Json:
        name = volume_name(attachment)
        volume = self._volumes.get(name or "")
        if volume is None or not volume["spec"].get("csi"):
            raise UnknownVolumeError(f'persistentvolume "{name}" not found or not of a CSI driver')
        return volume

    def _protect(self, draft: Json) -> bool:
        return not objects.deleting(draft) and objects.add_finalizer(draft, self._finalizer)

    def _report(self, attachment: Json, field: str, message: str) -> None:
        """Show an error; the same text again leaves the object alone, and with it the watchers."""
        self._attachments.edit(attachment, lambda draft: _with_error(draft, field, message), status=True)


def _with_error(draft: Json, field: str, message: str) -> bool:
    status = draft.setdefault("status", {"attached": False})
    if (status.get(field) or {}).get("message") == message:
        return False
    status[field] = {"message": message, "time": clock.rfc3339()}
    return True
