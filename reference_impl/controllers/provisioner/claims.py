"""One look at one claim: should it get a volume, and if so, how did the attempt end.

A call whose outcome is unknown is never forgotten: if its claim is deleted meanwhile, the call is repeated
until the driver gives a final answer, and a volume that came of it gets its PV, so that it can be deleted.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import NoReturn

import grpc

from ...wire import csi_pb2
from .. import markers
from ..csi import secrets
from ..csi.capabilities import UnknownAccessModeError
from ..csi.codes import MAYBE_PROVISIONING, CsiError
from ..csi.driver import Rpc
from ..csi.secrets import SecretError
from ..csi.sidecar import Peer
from ..kube import objects
from ..kube.client import Json
from ..kube.errors import ApiError
from ..kube.events import NORMAL, WARNING
from ..parameters import ParameterError
from ..work.loop import SyncError
from . import plans
from .cluster import Cluster, DataSource, Service, class_name, data_source, pending, provisioner_of
from .plans import Plan
from .protection import Protection
from .sources import Origin, SourceRefusedError, Sources
from .topology import Topology, WrongNodeError
from .unanswered import Unanswered

log = logging.getLogger(__name__)

CROSS_NAMESPACE = "CrossNamespaceVolumeDataSource"
"""The feature gate without which a source must be in the claim's own namespace."""

REFUSALS = (SourceRefusedError, ParameterError, UnknownAccessModeError, SecretError)
"""Why the driver is not even asked."""


@dataclass(frozen=True)
class Settings:
    """Options of the role that concern new volumes. ``slow`` is the pause after INVALID_ARGUMENT, in seconds."""

    prefix: str = "pvc"
    default_fs: str = ""
    extra_metadata: bool = False
    slow: float = 300.0
    cross_namespace: bool = False


class WrongVolumeError(Exception):
    """The driver made something else than was asked for."""


class Claims:
    """Provisions claims for one driver."""

    def __init__(
        self,
        peer: Peer,
        cluster: Cluster,
        service: Service,
        protection: Protection,
        unanswered: Unanswered,
        settings: Settings,
        topology: Topology | None = None,
    ) -> None:
        self.peer = peer
        self._cluster = cluster
        self._service = service
        self._protection = protection
        self._settings = settings
        self._topology = topology
        self._sources = Sources(cluster.client, peer.name, peer.abilities)
        self._unanswered = unanswered

    def sync(self, key: str) -> None:
        """Look at one claim (``namespace/name/uid``). Raises SyncError, ApiError."""
        claim = self._find(key)
        if claim is None or not self._wanted(claim):
            return
        storage_class = self._cluster.classes.get(class_name(claim) or "")
        if storage_class is None:
            self._fail(claim, f'storageclass.storage.k8s.io "{class_name(claim)}" not found')
        if self._may_start(claim, storage_class):
            self.provision(claim, storage_class)

    def provision(self, claim: Json, storage_class: Json) -> None:
        """Make a volume and its PV. Raises SyncError, ApiError."""
        source = data_source(claim)
        if source and source.kind == "other":
            text = "Assuming an external populator will provision the volume"
            self._service.events.event(claim, NORMAL, "Provisioning", text)
            return
        text = f'External provisioner is provisioning volume for claim "{objects.key(claim)}"'
        self._service.events.event(claim, NORMAL, "Provisioning", text)
        made = self._prepare(claim, storage_class, source)
        if source and not self._gone(claim):  # whose claim is gone has begun, and its source may be gone too
            self._protection.begin(claim, source)
        volume = self._create(made)
        self._publish(made, volume)
        self._unanswered.settle(claim)
        text = f"Successfully provisioned volume {made.volume_name}"
        self._service.events.event(claim, NORMAL, "ProvisioningSucceeded", text)
        if source:
            self._protection.end(claim, source)

    def _prepare(self, claim: Json, storage_class: Json, source: DataSource | None) -> Plan:
        """What the driver is asked. Raises SyncError, ApiError."""
        try:
            made = self.plan(claim, storage_class, source)
            made.request.secrets.update(secrets.read(self._cluster.client, made.secret))
        except REFUSALS as error:
            asked = self._unanswered.get(objects.uid(claim))
            if asked and self._gone(claim):
                # Its source, or its secret, may be gone for good: the driver alone can tell what came of the call.
                return asked
            if isinstance(error, WrongNodeError):
                self._select_again(claim)
            self._fail(claim, str(error))
        return made

    def plan(self, claim: Json, storage_class: Json, source: DataSource | None) -> Plan:
        """Check everything that can be checked without the driver. Raises one of REFUSALS."""
        if claim["spec"].get("selector"):
            raise SourceRefusedError("claim Selector is not supported")
        made = plans.plan(
            claim,
            storage_class,
            prefix=self._settings.prefix,
            default_fs=self._settings.default_fs,
            finer_modes=self.peer.abilities.can(Rpc.SINGLE_NODE_MULTI_WRITER),
            extra_metadata=self._settings.extra_metadata,
        )
        origin = self._origin(claim, source) if source else None
        if source and origin:
            wanted = made.request.volume_content_source
            if source.kind == "VolumeSnapshot":
                wanted.snapshot.snapshot_id = origin.handle
            else:
                wanted.volume.volume_id = origin.handle
        if self._topology:
            where = self._topology.requirement(claim, storage_class, origin)
            made.request.accessibility_requirements.CopyFrom(where)
        return made

    def _origin(self, claim: Json, source: DataSource) -> Origin:
        if source.namespace != objects.namespace(claim):
            self._check_crossing(claim, source)
        if source.kind == "VolumeSnapshot":
            return self._sources.snapshot(claim, source)
        return self._sources.volume(claim, source)

    def _check_crossing(self, claim: Json, source: DataSource) -> None:
        if not self._settings.cross_namespace:
            text = f"the source is in namespace {source.namespace}, and {CROSS_NAMESPACE} is not switched on"
            raise SourceRefusedError(text)
        self._sources.check_grant(claim, source)

    def _find(self, key: str) -> Json | None:
        name, _, uid = key.rpartition("/")
        claim = self._cluster.claims.get(name)
        if claim is not None and objects.uid(claim) == uid:
            return claim
        asked = self._unanswered.get(uid)
        return asked.claim if asked else None

    def _gone(self, claim: Json) -> bool:
        current = self._cluster.claims.get(objects.key(claim))
        return current is None or objects.uid(current) != objects.uid(claim)

    def _wanted(self, claim: Json) -> bool:
        if self._unanswered.get(objects.uid(claim)):
            return True
        return pending(claim) and not objects.deleting(claim) and provisioner_of(claim) == self._service.driver

    def _may_start(self, claim: Json, storage_class: Json) -> bool:
        if self._cluster.volumes.get(f"{self._settings.prefix}-{objects.uid(claim)}"):
            return False
        late = storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"
        selected = objects.annotation(claim, markers.SELECTED_NODE)
        if self._service.node is None:
            return not late or bool(selected)
        if not late and not selected:
            self._settle_here(claim, self._service.node)
        return selected == self._service.node

    def _settle_here(self, claim: Json, node: str) -> None:
        """Select our node for a claim that may be anywhere. Of all instances the first to write gets the claim.

        Its own change brings the claim back here. A node that lacks the source leaves the claim to the others.
        """
        source = data_source(claim)
        if source and source.kind == "other":
            return
        try:
            origin = self._origin(claim, source) if source else None
        except REFUSALS as error:
            self._fail(claim, str(error))
        if self._topology and not self._topology.has(node, origin):
            return

        def select(draft: Json) -> bool:
            free = objects.annotation(draft, markers.SELECTED_NODE) is None
            return free and objects.annotate(draft, markers.SELECTED_NODE, node)

        self._cluster.claims.edit(claim, select)

    def _create(self, made: Plan) -> csi_pb2.Volume:
        """CreateVolume, and a look at what came of it. Raises SyncError."""
        claim = made.claim
        self._unanswered.add(made)
        try:
            volume = self.peer.driver.call(self.peer.driver.controller.CreateVolume, made.request).volume
        except CsiError as error:
            self._failed_call(made, error)
        try:
            check_answer(made.request, volume)
        except WrongVolumeError as error:
            request = csi_pb2.DeleteVolumeRequest(volume_id=volume.volume_id, secrets=made.request.secrets)
            try:
                self.peer.driver.call(self.peer.driver.controller.DeleteVolume, request)
            except CsiError as failure:
                log.warning("volume %s is of no use and could not be deleted: %s", volume.volume_id, failure)
            else:
                self._unanswered.settle(claim)
                self._free_source(claim)
            self._fail(claim, str(error))
        return volume

    def _failed_call(self, made: Plan, error: CsiError) -> NoReturn:
        claim = made.claim
        if error.code not in MAYBE_PROVISIONING:
            self._unanswered.settle(claim)
            self._free_source(claim)
        if error.code is grpc.StatusCode.INVALID_ARGUMENT:
            text = f"{error}: infeasible error. Retries will be delayed"
            self._fail(claim, text, after=self._settings.slow)
        if error.code is grpc.StatusCode.RESOURCE_EXHAUSTED:
            self._select_again(claim)
        self._fail(claim, str(error))

    def _select_again(self, claim: Json) -> None:
        """That node has no room, or not the source: the scheduler is to choose again."""
        if objects.annotation(claim, markers.SELECTED_NODE):
            self._cluster.claims.edit(claim, lambda draft: objects.annotate(draft, markers.SELECTED_NODE, None))

    def _free_source(self, claim: Json) -> None:
        """A failed claim that is gone meanwhile holds its source no longer."""
        source = data_source(claim)
        if source and source.kind == "VolumeSnapshot":
            self._protection.sweep_snapshot(source.key)
        elif source:
            self._protection.sweep_claim(source.key)

    def _publish(self, made: Plan, volume: csi_pb2.Volume) -> None:
        body = plans.persistent_volume(made, volume, self._service.driver, self._service.identity)
        try:
            self._cluster.volumes.create(body)
        except ApiError as error:
            if not error.exists:
                raise

    def _fail(self, claim: Json, text: str, *, after: float | None = None) -> NoReturn:
        """Tell the user, and come again later by raising SyncError."""
        full = f'failed to provision volume with StorageClass "{class_name(claim)}": {text}'
        self._service.events.event(claim, WARNING, "ProvisioningFailed", full)
        raise SyncError(full, after=after)


def check_answer(request: csi_pb2.CreateVolumeRequest, volume: csi_pb2.Volume) -> None:
    """Size and source must be what was asked for (clauses RES-005, RES-020). Raises WrongVolumeError."""
    required = request.capacity_range.required_bytes
    if volume.capacity_bytes and volume.capacity_bytes < required:
        raise WrongVolumeError(
            f"created volume capacity {volume.capacity_bytes} less than requested capacity {required}"
        )
    if request.HasField("volume_content_source") and not volume.HasField("content_source"):
        raise WrongVolumeError("volume content source missing in the driver's answer: the volume may be empty")
