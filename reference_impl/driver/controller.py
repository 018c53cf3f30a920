"""The controller service: volumes. Snapshots are in ``snapshots``."""

# ruff: noqa: ARG002, N802  names and arguments of the methods are the interface's

from __future__ import annotations

import grpc

from ..wire import csi_pb2
from . import access, filesystems, sizes
from .backend import Backend, Volume
from .names import SnapshotHandle, volume_name
from .paging import page
from .refusals import Refusal, invalid, need
from .snapshots import SnapshotCalls

_RPC = csi_pb2.ControllerServiceCapability.RPC

CAPABILITIES = (
    _RPC.CREATE_DELETE_VOLUME,
    _RPC.PUBLISH_UNPUBLISH_VOLUME,
    _RPC.LIST_VOLUMES,
    _RPC.LIST_VOLUMES_PUBLISHED_NODES,
    _RPC.CREATE_DELETE_SNAPSHOT,
    _RPC.LIST_SNAPSHOTS,
    _RPC.GET_SNAPSHOT,
    _RPC.CLONE_VOLUME,
    _RPC.EXPAND_VOLUME,
    _RPC.SINGLE_NODE_MULTI_WRITER,
)


class Controller(SnapshotCalls):
    """All of it; each call is one or two of the backend's."""

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend)
        self._backend = backend

    def ControllerGetCapabilities(
        self, request: csi_pb2.ControllerGetCapabilitiesRequest, context: grpc.ServicerContext
    ) -> csi_pb2.ControllerGetCapabilitiesResponse:
        kind = csi_pb2.ControllerServiceCapability
        return csi_pb2.ControllerGetCapabilitiesResponse(
            capabilities=[kind(rpc=kind.RPC(type=rpc)) for rpc in CAPABILITIES]
        )

    def CreateVolume(
        self, request: csi_pb2.CreateVolumeRequest, context: grpc.ServicerContext
    ) -> csi_pb2.CreateVolumeResponse:
        """Also from a snapshot or a volume (RPC-CRV-001 to -003)."""
        name = volume_name(need(request.name, "volume name"))
        access.check(request.volume_capabilities)
        mode = access.volume_mode(request.volume_capabilities[0])
        data_source = _data_source(request)
        volume = self._backend.find_volume(name)
        if volume is None:
            size = _size(request, self._source_size(data_source))
            volume = self._backend.create_volume(name, size, mode, data_source)
        elif (volume.mode, volume.data_source) != (mode, data_source):
            raise _exists(name, "of another mode or source")
        elif not sizes.fits(request.capacity_range, volume.size):
            raise _exists(name, f"of {volume.size} bytes, which is not in the range asked for")
        return csi_pb2.CreateVolumeResponse(
            volume=csi_pb2.Volume(
                volume_id=name,
                capacity_bytes=volume.size,
                volume_context=request.parameters,
                content_source=request.volume_content_source if data_source else None,
            )
        )

    def DeleteVolume(
        self, request: csi_pb2.DeleteVolumeRequest, context: grpc.ServicerContext
    ) -> csi_pb2.DeleteVolumeResponse:
        """Its snapshots stay usable (RPC-DEV-001)."""
        self._backend.delete_volume(need(request.volume_id, "volume id"))
        return csi_pb2.DeleteVolumeResponse()

    def ControllerPublishVolume(
        self, request: csi_pb2.ControllerPublishVolumeRequest, context: grpc.ServicerContext
    ) -> csi_pb2.ControllerPublishVolumeResponse:
        name = need(request.volume_id, "volume id")
        node = need(request.node_id, "node id")
        if not request.HasField("volume_capability"):
            raise invalid("volume capability missing in request")
        access.check([request.volume_capability])
        mode = access.mode_name(request.volume_capability)
        volume = self._backend.attach(name, node, mode, request.readonly)
        return csi_pb2.ControllerPublishVolumeResponse(publish_context={"devicePath": volume.device})

    def ControllerUnpublishVolume(
        self, request: csi_pb2.ControllerUnpublishVolumeRequest, context: grpc.ServicerContext
    ) -> csi_pb2.ControllerUnpublishVolumeResponse:
        name = need(request.volume_id, "volume id")
        if self._backend.find_volume(name) is not None:
            self._backend.detach(name, request.node_id)
        return csi_pb2.ControllerUnpublishVolumeResponse()

    def ValidateVolumeCapabilities(
        self, request: csi_pb2.ValidateVolumeCapabilitiesRequest, context: grpc.ServicerContext
    ) -> csi_pb2.ValidateVolumeCapabilitiesResponse:
        name = need(request.volume_id, "volume id")
        if not request.volume_capabilities:
            raise invalid("volume capabilities missing in request")
        self._backend.volume(name)
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
        volumes = {volume.name: volume for volume in self._backend.volumes()}
        names, token = page(sorted(volumes), request.max_entries, request.starting_token)
        return csi_pb2.ListVolumesResponse(entries=[_entry(volumes[name]) for name in names], next_token=token)

    def ControllerExpandVolume(
        self, request: csi_pb2.ControllerExpandVolumeRequest, context: grpc.ServicerContext
    ) -> csi_pb2.ControllerExpandVolumeResponse:
        """Never smaller; a volume that is large enough is as good (RPC-CEX-001)."""
        name = need(request.volume_id, "volume id")
        if not request.HasField("capacity_range"):
            raise invalid("capacity range missing in request")
        volume = self._backend.volume(name)
        wanted = request.capacity_range
        if volume.size < wanted.required_bytes:
            _refuse_while_used(volume, request.volume_capability)
            volume = self._backend.expand(name, sizes.choose(wanted))
        if wanted.limit_bytes and volume.size > wanted.limit_bytes:
            raise sizes.out_of_range(
                f"volume {name} has {volume.size} bytes, above the limit of {wanted.limit_bytes}"
            )
        # Also for a detached volume: its filesystem grows when a node has it.
        return csi_pb2.ControllerExpandVolumeResponse(
            capacity_bytes=volume.size, node_expansion_required=volume.mode == "Filesystem"
        )

    def _source_size(self, data_source: str) -> int:
        """In bytes; 0 for no source. Raises Refusal NOT_FOUND."""
        if not data_source:
            return 0
        handle = SnapshotHandle.parse(data_source)
        if handle is None:
            return self._backend.volume(data_source.removeprefix("vol://")).size
        snapshot = self._backend.find_snapshot(handle.name)
        if snapshot is None or snapshot.volume != handle.volume:
            raise _no_snapshot(data_source)
        return snapshot.size


def _data_source(request: csi_pb2.CreateVolumeRequest) -> str:
    """The content source as the backend writes it; "" for none. Raises Refusal."""
    source = request.volume_content_source
    kind = source.WhichOneof("type")
    if kind == "snapshot":
        snapshot_id = need(source.snapshot.snapshot_id, "snapshot id of the content source")
        if SnapshotHandle.parse(snapshot_id) is None:
            raise _no_snapshot(snapshot_id)
        return snapshot_id
    if kind == "volume":
        return "vol://" + need(source.volume.volume_id, "volume id of the content source")
    if request.HasField("volume_content_source"):
        raise invalid("the content source is neither a snapshot nor a volume")
    return ""


def _no_snapshot(snapshot_id: str) -> Refusal:
    return Refusal(grpc.StatusCode.NOT_FOUND, f"volume source snapshot {snapshot_id} is not found")


def _size(request: csi_pb2.CreateVolumeRequest, source_size: int) -> int:
    if source_size:
        return sizes.of_copy(request.capacity_range, source_size)
    fs_type = request.volume_capabilities[0].mount.fs_type or request.parameters.get("fsType", "")
    return sizes.choose(request.capacity_range, sizes.XFS_MINIMUM if fs_type == "xfs" else sizes.MINIMUM)


def _refuse_while_used(volume: Volume, capability: csi_pb2.VolumeCapability) -> None:
    """Raises Refusal FAILED_PRECONDITION if its filesystem could not follow (RPC-CEX-002)."""
    fs_type = capability.mount.fs_type or filesystems.DEFAULT
    if volume.nodes and volume.mode == "Filesystem" and not filesystems.grows_mounted(fs_type):
        raise Refusal(
            grpc.StatusCode.FAILED_PRECONDITION,
            f"volume {volume.name} is attached, and {fs_type} cannot grow here while it is mounted: "
            "the driver lacks CAP_SYS_RESOURCE",
        )


def _entry(volume: Volume) -> csi_pb2.ListVolumesResponse.Entry:
    return csi_pb2.ListVolumesResponse.Entry(
        volume=csi_pb2.Volume(volume_id=volume.name, capacity_bytes=volume.size),
        status=csi_pb2.ListVolumesResponse.VolumeStatus(published_node_ids=volume.nodes),
    )


def _exists(name: str, how: str) -> Refusal:
    return Refusal(grpc.StatusCode.ALREADY_EXISTS, f"volume {name} exists already, {how}")
