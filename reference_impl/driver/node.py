"""The node service: what the kubelet asks to have a volume at a path."""

# ruff: noqa: ARG002, N802  names and arguments of the methods are the interface's

from __future__ import annotations

import os
from pathlib import Path

import grpc

from ..linux import loops, mountinfo, syscalls
from ..wire import csi_pb2, csi_pb2_grpc
from . import access, filesystems, mounting, storage_class
from .backend import Backend
from .backend.volumes import Volume
from .holding import Holding
from .inflight import InFlight
from .refusals import Refusal, invalid, need

_RPC = csi_pb2.NodeServiceCapability.RPC

CAPABILITIES = (
    _RPC.STAGE_UNSTAGE_VOLUME,
    _RPC.GET_VOLUME_STATS,
    _RPC.EXPAND_VOLUME,
    _RPC.SINGLE_NODE_MULTI_WRITER,
)


class Node(csi_pb2_grpc.NodeServicer):
    """One node. A filesystem is mounted once at its staging path, and bound from there to each pod."""

    def __init__(self, backend: Backend, node_id: str, holding: Holding) -> None:
        self._backend = backend
        self._node_id = node_id
        self._holding = holding
        self._in_flight = InFlight()

    def NodeGetInfo(
        self, request: csi_pb2.NodeGetInfoRequest, context: grpc.ServicerContext
    ) -> csi_pb2.NodeGetInfoResponse:
        return csi_pb2.NodeGetInfoResponse(node_id=self._node_id)

    def NodeGetCapabilities(
        self, request: csi_pb2.NodeGetCapabilitiesRequest, context: grpc.ServicerContext
    ) -> csi_pb2.NodeGetCapabilitiesResponse:
        kind = csi_pb2.NodeServiceCapability
        return csi_pb2.NodeGetCapabilitiesResponse(
            capabilities=[kind(rpc=kind.RPC(type=rpc)) for rpc in CAPABILITIES]
        )

    def NodeStageVolume(
        self, request: csi_pb2.NodeStageVolumeRequest, context: grpc.ServicerContext
    ) -> csi_pb2.NodeStageVolumeResponse:
        """Format if blank, check, mount, grow to the device (RPC-CRV-003). Nothing to do for a block volume."""
        name = need(request.volume_id, "volume id")
        staging = Path(need(request.staging_target_path, "staging target path"))
        capability = _capability(request)
        with self._in_flight.one(f"volume {name}"):
            volume = self._attached(name)
            if access.volume_mode(capability) == "Filesystem":
                self._stage(volume, staging, capability, storage_class.chosen(request.volume_context))
        return csi_pb2.NodeStageVolumeResponse()

    def NodeUnstageVolume(
        self, request: csi_pb2.NodeUnstageVolumeRequest, context: grpc.ServicerContext
    ) -> csi_pb2.NodeUnstageVolumeResponse:
        name = need(request.volume_id, "volume id")
        staging = Path(need(request.staging_target_path, "staging target path"))
        with self._in_flight.one(f"volume {name}"):
            mounting.unmount(staging)
        return csi_pb2.NodeUnstageVolumeResponse()

    def NodePublishVolume(
        self, request: csi_pb2.NodePublishVolumeRequest, context: grpc.ServicerContext
    ) -> csi_pb2.NodePublishVolumeResponse:
        name = need(request.volume_id, "volume id")
        target = Path(need(request.target_path, "target path"))
        staging = Path(need(request.staging_target_path, "staging target path"))
        capability = _capability(request)
        with self._in_flight.one(f"volume {name}"):
            volume = self._attached(name)
            if access.mode_name(capability) == "SINGLE_NODE_SINGLE_WRITER":
                _refuse_second(volume, target)
            if access.volume_mode(capability) == "Block":
                mounting.bind(Path(volume.device), target, read_only=request.readonly, flags=[])
                self._holding.hold(target, volume.device)
            else:
                self._publish(volume, staging, target, request)
        return csi_pb2.NodePublishVolumeResponse()

    def NodeUnpublishVolume(
        self, request: csi_pb2.NodeUnpublishVolumeRequest, context: grpc.ServicerContext
    ) -> csi_pb2.NodeUnpublishVolumeResponse:
        name = need(request.volume_id, "volume id")
        target = Path(need(request.target_path, "target path"))
        with self._in_flight.one(f"volume {name}"):
            mounting.unmount(target)
            mounting.remove(target)
            self._holding.let_go()
        return csi_pb2.NodeUnpublishVolumeResponse()

    def NodeExpandVolume(
        self, request: csi_pb2.NodeExpandVolumeRequest, context: grpc.ServicerContext
    ) -> csi_pb2.NodeExpandVolumeResponse:
        """Let the filesystem span the device, which the controller has made larger (RPC-NEX-001)."""
        name = need(request.volume_id, "volume id")
        path = Path(need(request.volume_path, "volume path"))
        with self._in_flight.one(f"volume {name}"):
            volume = self._attached(name)
            if volume.size < request.capacity_range.required_bytes:
                raise Refusal(
                    grpc.StatusCode.OUT_OF_RANGE,
                    f"volume {name} has {volume.size} bytes, the controller has not expanded it to "
                    f"{request.capacity_range.required_bytes}",
                )
            if volume.mode == "Filesystem":
                mount = _mount_of(volume, path)
                _grow(volume, mount)
            elif not path.exists():  # the device itself has grown already
                raise Refusal(grpc.StatusCode.NOT_FOUND, f"volume {name} is not at path {path}")
        return csi_pb2.NodeExpandVolumeResponse(capacity_bytes=volume.size)

    def NodeGetVolumeStats(
        self, request: csi_pb2.NodeGetVolumeStatsRequest, context: grpc.ServicerContext
    ) -> csi_pb2.NodeGetVolumeStatsResponse:
        name = need(request.volume_id, "volume id")
        path = Path(need(request.volume_path, "volume path"))
        mount = _mount_of(self._backend.volumes.get(name), path)
        usage = _filesystem_usage(path) if mount.fstype in access.FILESYSTEMS else _block_usage(path)
        return csi_pb2.NodeGetVolumeStatsResponse(usage=usage)

    def _attached(self, name: str) -> Volume:
        """The volume, attached to this node. Raises Refusal NOT_FOUND, FAILED_PRECONDITION.

        Its device is asked of the backend: the one in the publish context may be from before a restart.
        """
        volume = self._backend.volumes.get(name)
        if self._node_id not in volume.nodes or not volume.device:
            raise Refusal(
                grpc.StatusCode.FAILED_PRECONDITION,
                f"volume {name} hasn't been attached to node {self._node_id} yet",
            )
        return volume

    def _stage(
        self, volume: Volume, staging: Path, capability: csi_pb2.VolumeCapability, chosen: storage_class.Chosen
    ) -> None:
        there = mountinfo.mount_at(staging)
        if there is not None:
            _expect(volume, there)
            return
        fstype = filesystems.detect(volume.device)
        if not fstype:
            fstype = capability.mount.fs_type or chosen.fs_type or filesystems.DEFAULT
            _format(volume, fstype, chosen.mkfs)
        elif fstype not in access.FILESYSTEMS:
            raise Refusal(
                grpc.StatusCode.FAILED_PRECONDITION, f"volume {volume.name} holds {fstype}, which is not supported"
            )
        elif not filesystems.in_use(volume.device):
            filesystems.prepare(volume.device, fstype)
        staging.mkdir(parents=True, exist_ok=True)
        filesystems.mount(
            volume.device,
            staging,
            fstype,
            list(capability.mount.mount_flags),
            read_only=access.reads_only(capability),
        )

    def _publish(
        self, volume: Volume, staging: Path, target: Path, request: csi_pb2.NodePublishVolumeRequest
    ) -> None:
        staged = mountinfo.mount_at(staging)
        if staged is None:
            raise Refusal(grpc.StatusCode.FAILED_PRECONDITION, f"volume {volume.name} is not staged at {staging}")
        _expect(volume, staged)
        there = mountinfo.mount_at(target)
        if there is not None:
            _expect(volume, there)
        read_only = request.readonly or access.reads_only(request.volume_capability)
        mounting.bind(staging, target, read_only=read_only, flags=[])


def _capability(
    request: csi_pb2.NodeStageVolumeRequest | csi_pb2.NodePublishVolumeRequest,
) -> csi_pb2.VolumeCapability:
    if not request.HasField("volume_capability"):
        raise invalid("volume capability missing in request")
    access.check([request.volume_capability])
    return request.volume_capability


def _number(volume: Volume) -> int:
    return loops.number_of(volume.device)


def _is_of(volume: Volume, mount: mountinfo.Mount) -> bool:
    """Whether ``mount`` shows the filesystem or the device node of ``volume``."""
    return mount.device == loops.rdev(_number(volume)) or (mounting.device_root(mount) == volume.device)


def _expect(volume: Volume, mount: mountinfo.Mount) -> None:
    """Raises Refusal INTERNAL for a foreign mount: using it would show a pod someone else's data."""
    if not _is_of(volume, mount):
        raise Refusal(
            grpc.StatusCode.INTERNAL, f"{mount.point} has {mount.source} mounted on it, not volume {volume.name}"
        )


def _mount_of(volume: Volume, path: Path) -> mountinfo.Mount:
    """The mount of ``volume`` at ``path``. Raises Refusal NOT_FOUND."""
    mount = mountinfo.mount_at(path) if path.exists() else None
    if mount is None or not volume.device or not _is_of(volume, mount):
        raise Refusal(grpc.StatusCode.NOT_FOUND, f"volume {volume.name} is not mounted on path {path}")
    return mount


def _refuse_second(volume: Volume, target: Path) -> None:
    """SINGLE_NODE_SINGLE_WRITER: one target path. Raises Refusal FAILED_PRECONDITION.

    Targets of pods lie below ``PREFIX/pods``; with shared mounts each shows up under other prefixes too.
    """
    prefix = str(target).partition("/pods/")[0] + "/pods/" if "/pods/" in str(target) else f"{target.parent}/"
    for mount in mountinfo.mounts():
        if mount.point != target and str(mount.point).startswith(prefix) and _is_of(volume, mount):
            raise Refusal(
                grpc.StatusCode.FAILED_PRECONDITION,
                f"volume {volume.name} is published at {mount.point} already, and its access mode allows one only",
            )


def _format(volume: Volume, fstype: str, options: tuple[str, ...]) -> None:
    try:
        filesystems.make(volume.device, fstype, options)
    except filesystems.NotBlankError as error:
        raise Refusal(grpc.StatusCode.FAILED_PRECONDITION, f"volume {volume.name}: {error}") from error


def _grow(volume: Volume, mount: mountinfo.Mount) -> None:
    """Raises Refusal FAILED_PRECONDITION where it must be done while no pod uses the volume."""
    if "ro" in mount.super_options:
        raise Refusal(grpc.StatusCode.FAILED_PRECONDITION, f"volume {volume.name} is mounted read-only")
    try:
        filesystems.grow(volume.device, mount.fstype)
    except filesystems.CannotGrowError as error:
        raise Refusal(grpc.StatusCode.FAILED_PRECONDITION, f"volume {volume.name}: {error}") from error


def _filesystem_usage(path: Path) -> list[csi_pb2.VolumeUsage]:
    found = os.statvfs(path)
    return [
        csi_pb2.VolumeUsage(
            unit=csi_pb2.VolumeUsage.BYTES,
            total=found.f_blocks * found.f_frsize,
            available=found.f_bavail * found.f_frsize,
            used=(found.f_blocks - found.f_bfree) * found.f_frsize,
        ),
        csi_pb2.VolumeUsage(
            unit=csi_pb2.VolumeUsage.INODES,
            total=found.f_files,
            available=found.f_ffree,
            used=found.f_files - found.f_ffree,
        ),
    ]


def _block_usage(path: Path) -> list[csi_pb2.VolumeUsage]:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return [csi_pb2.VolumeUsage(unit=csi_pb2.VolumeUsage.BYTES, total=syscalls.device_size(fd))]
    finally:
        os.close(fd)
