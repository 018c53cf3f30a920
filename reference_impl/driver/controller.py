"""The controller service: volumes. Snapshots are in ``snapshots``."""

# ruff: noqa: ARG002, N802  names and arguments of the methods are the interface's

from __future__ import annotations

import grpc
from google.protobuf.wrappers_pb2 import Int64Value

from ..profiles import Profile
from ..wire import csi_pb2
from . import access, capabilities, filesystems, sizes, storage_class
from .backend import Backend
from .backend.volumes import Volume
from .creating import Creating
from .paging import page
from .patience import Patience
from .refusals import Refusal, invalid, need
from .snapshots import SnapshotCalls
from .sources import Sources

HOSTNAME = "kubernetes.io/hostname"
"""The only segment of a topology that this driver knows; every node reaches the whole pool."""


class Controller(SnapshotCalls):
    """All of it. What takes the backend long is waited for, within ``patience``."""

    def __init__(self, backend: Backend, profile: Profile, patience: Patience) -> None:
        super().__init__(backend, profile, patience)
        self._backend = backend
        self._creating = Creating(backend, Sources(backend, self._backed_up), profile, patience)

    def ControllerGetCapabilities(
        self, request: csi_pb2.ControllerGetCapabilitiesRequest, context: grpc.ServicerContext
    ) -> csi_pb2.ControllerGetCapabilitiesResponse:
        kind = csi_pb2.ControllerServiceCapability
        return csi_pb2.ControllerGetCapabilitiesResponse(
            capabilities=[kind(rpc=kind.RPC(type=rpc)) for rpc in capabilities.of_controller(self._profile)]
        )

    def CreateVolume(
        self, request: csi_pb2.CreateVolumeRequest, context: grpc.ServicerContext
    ) -> csi_pb2.CreateVolumeResponse:
        """Also from a snapshot, a backup or a volume (RPC-CRV-001 to -003)."""
        return csi_pb2.CreateVolumeResponse(volume=self._creating.create(request, context))

    def DeleteVolume(
        self, request: csi_pb2.DeleteVolumeRequest, context: grpc.ServicerContext
    ) -> csi_pb2.DeleteVolumeResponse:
        """Its snapshots stay usable (RPC-DEV-001)."""
        self._backend.volumes.delete(need(request.volume_id, "volume id"))
        return csi_pb2.DeleteVolumeResponse()

    def ControllerPublishVolume(
        self, request: csi_pb2.ControllerPublishVolumeRequest, context: grpc.ServicerContext
    ) -> csi_pb2.ControllerPublishVolumeResponse:
        """ABORTED while the data of a restore is not all there."""
        name = need(request.volume_id, "volume id")
        node = need(request.node_id, "node id")
        if not request.HasField("volume_capability"):
            raise invalid("volume capability missing in request")
        access.check([request.volume_capability])
        mode = access.mode_name(request.volume_capability)
        volume = self._backend.volumes.get(name)
        if not volume.ready:
            why = f": {volume.not_ready}" if volume.not_ready else ""
            raise Refusal(grpc.StatusCode.ABORTED, f"volume {name} is not ready for workloads{why}")
        volume = self._backend.volumes.attach(name, node, mode, request.readonly)
        return csi_pb2.ControllerPublishVolumeResponse(publish_context={"devicePath": volume.device})

    def ControllerUnpublishVolume(
        self, request: csi_pb2.ControllerUnpublishVolumeRequest, context: grpc.ServicerContext
    ) -> csi_pb2.ControllerUnpublishVolumeResponse:
        name = need(request.volume_id, "volume id")
        if self._backend.volumes.find(name) is not None:
            self._backend.volumes.detach(name, request.node_id)
        return csi_pb2.ControllerUnpublishVolumeResponse()

    def ValidateVolumeCapabilities(
        self, request: csi_pb2.ValidateVolumeCapabilitiesRequest, context: grpc.ServicerContext
    ) -> csi_pb2.ValidateVolumeCapabilitiesResponse:
        name = need(request.volume_id, "volume id")
        if not request.volume_capabilities:
            raise invalid("volume capabilities missing in request")
        self._backend.volumes.get(name)
        reasons = [reason for item in request.volume_capabilities if (reason := access.why_not(item))]
        if reasons:
            return csi_pb2.ValidateVolumeCapabilitiesResponse(message="; ".join(reasons))
        confirmed = csi_pb2.ValidateVolumeCapabilitiesResponse.Confirmed(
            volume_context=request.volume_context,
            volume_capabilities=request.volume_capabilities,
            parameters=request.parameters,
        )
        return csi_pb2.ValidateVolumeCapabilitiesResponse(confirmed=confirmed)

    def ListVolumes(
        self, request: csi_pb2.ListVolumesRequest, context: grpc.ServicerContext
    ) -> csi_pb2.ListVolumesResponse:
        self._check_modern()
        volumes = {volume.name: volume for volume in self._backend.volumes.all()}
        names, token = page(sorted(volumes), request.max_entries, request.starting_token)
        return csi_pb2.ListVolumesResponse(entries=[_entry(volumes[name]) for name in names], next_token=token)

    def GetCapacity(
        self, request: csi_pb2.GetCapacityRequest, context: grpc.ServicerContext
    ) -> csi_pb2.GetCapacityResponse:
        """What is free in the pool: a volume takes its space when it is written, and can be as large as that."""
        self._check_modern()
        chosen = storage_class.chosen(request.parameters)
        node = ""
        if request.HasField("accessible_topology"):
            node = need(request.accessible_topology.segments.get(HOSTNAME, ""), f"topology segment {HOSTNAME}")
        free = self._backend.nodes.free(node)
        if any(access.why_not(item) for item in request.volume_capabilities):
            return csi_pb2.GetCapacityResponse(available_capacity=0)
        fs_types = {item.mount.fs_type for item in request.volume_capabilities} - {""} or {chosen.fs_type}
        return csi_pb2.GetCapacityResponse(
            available_capacity=free,
            maximum_volume_size=Int64Value(value=free),
            minimum_volume_size=Int64Value(value=max(map(sizes.minimum, fs_types))),
        )

    def ControllerExpandVolume(
        self, request: csi_pb2.ControllerExpandVolumeRequest, context: grpc.ServicerContext
    ) -> csi_pb2.ControllerExpandVolumeResponse:
        """Never smaller; a volume that is large enough is as good (RPC-CEX-001)."""
        name = need(request.volume_id, "volume id")
        if not request.HasField("capacity_range"):
            raise invalid("capacity range missing in request")
        volume = self._backend.volumes.get(name)
        wanted = request.capacity_range
        if volume.size < wanted.required_bytes:
            self._refuse_while_used(volume, request.volume_capability)
            volume = self._backend.volumes.expand(name, sizes.choose(wanted))
        if wanted.limit_bytes and volume.size > wanted.limit_bytes:
            raise sizes.out_of_range(
                f"volume {name} has {volume.size} bytes, above the limit of {wanted.limit_bytes}"
            )
        # Also for a detached volume: its filesystem grows when a node has it.
        growing = volume.mode == "Filesystem" and self._profile.expands_attached
        return csi_pb2.ControllerExpandVolumeResponse(capacity_bytes=volume.size, node_expansion_required=growing)

    def _refuse_while_used(self, volume: Volume, capability: csi_pb2.VolumeCapability) -> None:
        """Raises Refusal FAILED_PRECONDITION if it, or its filesystem, could not follow (RPC-CEX-002)."""
        if volume.state != "detached" and not self._profile.expands_attached:
            raise Refusal(
                grpc.StatusCode.FAILED_PRECONDITION,
                f"volume {volume.name} invalid state {volume.state} for expansion",
            )
        fs_type = capability.mount.fs_type or filesystems.DEFAULT
        if volume.nodes and volume.mode == "Filesystem" and not filesystems.grows_mounted(fs_type):
            raise Refusal(
                grpc.StatusCode.FAILED_PRECONDITION,
                f"volume {volume.name} is attached, and {fs_type} cannot grow here while it is mounted: "
                "the driver lacks CAP_SYS_RESOURCE",
            )

    def _check_modern(self) -> None:
        if not self._profile.modern_driver:
            raise NotImplementedError


def _entry(volume: Volume) -> csi_pb2.ListVolumesResponse.Entry:
    return csi_pb2.ListVolumesResponse.Entry(
        volume=csi_pb2.Volume(volume_id=volume.name, capacity_bytes=volume.size),
        status=csi_pb2.ListVolumesResponse.VolumeStatus(published_node_ids=volume.nodes),
    )
