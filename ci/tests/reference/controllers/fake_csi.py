"""A CSI driver in memory, on a unix socket, whose answers a test can script.

Volumes, snapshots and groups of them are entries of dicts. ``calls`` has every request in order; ``script``
replaces the next answers of a method: a gRPC code is an abort, a callable is asked.
"""
# ruff: noqa: N802 - the names and signatures are those of the generated services

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc

from pytest_csi_snapshot.reference_impl.wire import csi_pb2, csi_pb2_grpc

Rpc = csi_pb2.ControllerServiceCapability.RPC
ALL = (
    Rpc.CREATE_DELETE_VOLUME,
    Rpc.PUBLISH_UNPUBLISH_VOLUME,
    Rpc.CREATE_DELETE_SNAPSHOT,
    Rpc.LIST_SNAPSHOTS,
    Rpc.CLONE_VOLUME,
    Rpc.EXPAND_VOLUME,
)
GroupRpc = csi_pb2.GroupControllerServiceCapability.RPC
CUT = 1_700_000_000_123_456_789
"""The moment of every cut, in nanoseconds since 1970."""


class FakeDriver(
    csi_pb2_grpc.IdentityServicer,
    csi_pb2_grpc.ControllerServicer,
    csi_pb2_grpc.GroupControllerServicer,
    csi_pb2_grpc.NodeServicer,
):
    """Serves until ``stop``; ``address`` is the socket's path. ``groups``: it has the group controller service."""

    def __init__(self, folder: Path, name: str, abilities: tuple[int, ...] = ALL, *, groups: bool = True) -> None:
        self.name = name
        self.abilities = abilities
        self.cuts_groups = groups
        self.address = str(folder / "csi.sock")
        self.calls: list[Any] = []
        self.volumes: dict[str, int] = {}
        self.snapshots: dict[str, csi_pb2.Snapshot] = {}
        self.groups: dict[str, csi_pb2.VolumeGroupSnapshot] = {}
        self.script: dict[str, deque[Any]] = defaultdict(deque)
        self._lock = threading.Lock()
        self._server = grpc.server(futures.ThreadPoolExecutor(8))
        csi_pb2_grpc.add_IdentityServicer_to_server(self, self._server)
        csi_pb2_grpc.add_ControllerServicer_to_server(self, self._server)
        if groups:
            csi_pb2_grpc.add_GroupControllerServicer_to_server(self, self._server)
        csi_pb2_grpc.add_NodeServicer_to_server(self, self._server)
        self._server.add_insecure_port(f"unix://{self.address}")
        self._server.start()

    def stop(self) -> None:
        self._server.stop(0).wait()

    def made(self, kind: type[Any]) -> list[Any]:
        """The requests of one message type so far."""
        with self._lock:
            return [call for call in self.calls if isinstance(call, kind)]

    def _answer(self, method: str, request: Any, context: Any, clean: Callable[[], Any]) -> Any:
        with self._lock:
            self.calls.append(request)
            planned = self.script[method].popleft() if self.script[method] else None
        if isinstance(planned, grpc.StatusCode):
            context.abort(planned, f"scripted {planned.name}")
        return planned(request) if planned else clean()

    # ---- identity

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return csi_pb2.GetPluginInfoResponse(name=self.name, vendor_version="0")

    def GetPluginCapabilities(self, request: Any, context: Any) -> Any:
        kind = csi_pb2.PluginCapability
        services = [kind.Service.CONTROLLER_SERVICE]
        if self.cuts_groups:
            services.append(kind.Service.GROUP_CONTROLLER_SERVICE)
        capabilities = [kind(service=kind.Service(type=service)) for service in services]
        return csi_pb2.GetPluginCapabilitiesResponse(capabilities=capabilities)

    def ControllerGetCapabilities(self, request: Any, context: Any) -> Any:
        capabilities = [
            csi_pb2.ControllerServiceCapability(rpc=Rpc(type=ability))  # type: ignore[arg-type]
            for ability in self.abilities
        ]
        answer = csi_pb2.ControllerGetCapabilitiesResponse(capabilities=capabilities)
        return self._answer("ControllerGetCapabilities", request, context, lambda: answer)

    def NodeGetCapabilities(self, request: Any, context: Any) -> Any:
        rpc = csi_pb2.NodeServiceCapability.RPC(type=csi_pb2.NodeServiceCapability.RPC.EXPAND_VOLUME)
        return csi_pb2.NodeGetCapabilitiesResponse(capabilities=[csi_pb2.NodeServiceCapability(rpc=rpc)])

    # ---- volumes

    def CreateVolume(self, request: Any, context: Any) -> Any:
        def clean() -> Any:
            size = request.capacity_range.required_bytes
            self.volumes.setdefault(request.name, size)
            volume = csi_pb2.Volume(volume_id=request.name, capacity_bytes=size)
            if request.HasField("volume_content_source"):
                volume.content_source.CopyFrom(request.volume_content_source)
            return csi_pb2.CreateVolumeResponse(volume=volume)

        return self._answer("CreateVolume", request, context, clean)

    def DeleteVolume(self, request: Any, context: Any) -> Any:
        def clean() -> Any:
            self.volumes.pop(request.volume_id, None)
            return csi_pb2.DeleteVolumeResponse()

        return self._answer("DeleteVolume", request, context, clean)

    def ControllerPublishVolume(self, request: Any, context: Any) -> Any:
        def clean() -> Any:
            return csi_pb2.ControllerPublishVolumeResponse(
                publish_context={"endpoint": f"/dev/{request.volume_id}"}
            )

        return self._answer("ControllerPublishVolume", request, context, clean)

    def ControllerUnpublishVolume(self, request: Any, context: Any) -> Any:
        return self._answer(
            "ControllerUnpublishVolume", request, context, csi_pb2.ControllerUnpublishVolumeResponse
        )

    def ControllerExpandVolume(self, request: Any, context: Any) -> Any:
        def clean() -> Any:
            size = request.capacity_range.required_bytes
            return csi_pb2.ControllerExpandVolumeResponse(capacity_bytes=size, node_expansion_required=True)

        return self._answer("ControllerExpandVolume", request, context, clean)

    # ---- snapshots

    def CreateSnapshot(self, request: Any, context: Any) -> Any:
        def clean() -> Any:
            handle = f"snap://{request.name}"
            snapshot = csi_pb2.Snapshot(
                snapshot_id=handle,
                source_volume_id=request.source_volume_id,
                size_bytes=self.volumes.get(request.source_volume_id, 1 << 20),
                ready_to_use=True,
            )
            snapshot.creation_time.FromNanoseconds(CUT)
            self.snapshots.setdefault(handle, snapshot)
            return csi_pb2.CreateSnapshotResponse(snapshot=self.snapshots[handle])

        return self._answer("CreateSnapshot", request, context, clean)

    def DeleteSnapshot(self, request: Any, context: Any) -> Any:
        def clean() -> Any:
            if any(
                request.snapshot_id == one.snapshot_id for group in self.groups.values() for one in group.snapshots
            ):
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, "a member of a group is deleted with it")
            self.snapshots.pop(request.snapshot_id, None)
            return csi_pb2.DeleteSnapshotResponse()

        return self._answer("DeleteSnapshot", request, context, clean)

    def ListSnapshots(self, request: Any, context: Any) -> Any:
        def clean() -> Any:
            entries = [
                csi_pb2.ListSnapshotsResponse.Entry(snapshot=snapshot)
                for snapshot in self.snapshots.values()
                if request.snapshot_id in ("", snapshot.snapshot_id)
            ]
            return csi_pb2.ListSnapshotsResponse(entries=entries)

        return self._answer("ListSnapshots", request, context, clean)

    # ---- groups

    def GroupControllerGetCapabilities(self, request: Any, context: Any) -> Any:
        rpc = GroupRpc(type=GroupRpc.CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT)
        capability = csi_pb2.GroupControllerServiceCapability(rpc=rpc)
        return csi_pb2.GroupControllerGetCapabilitiesResponse(capabilities=[capability])

    def CreateVolumeGroupSnapshot(self, request: Any, context: Any) -> Any:
        def clean() -> Any:
            handle = f"group://{request.name}"
            group = csi_pb2.VolumeGroupSnapshot(group_snapshot_id=handle, ready_to_use=True)
            group.creation_time.FromNanoseconds(CUT)
            for volume in request.source_volume_ids:
                snapshot = csi_pb2.Snapshot(
                    snapshot_id=f"snap://{request.name}/{volume}",
                    source_volume_id=volume,
                    size_bytes=self.volumes.get(volume, 1 << 20),
                    ready_to_use=True,
                    group_snapshot_id=handle,
                    creation_time=group.creation_time,
                )
                group.snapshots.append(snapshot)
            if handle not in self.groups:
                self.groups[handle] = group
                self.snapshots.update({snapshot.snapshot_id: snapshot for snapshot in group.snapshots})
            return csi_pb2.CreateVolumeGroupSnapshotResponse(group_snapshot=self.groups[handle])

        return self._answer("CreateVolumeGroupSnapshot", request, context, clean)

    def DeleteVolumeGroupSnapshot(self, request: Any, context: Any) -> Any:
        def clean() -> Any:
            self._check_members(request, context)
            self.groups.pop(request.group_snapshot_id, None)
            for handle in request.snapshot_ids:
                self.snapshots.pop(handle, None)
            return csi_pb2.DeleteVolumeGroupSnapshotResponse()

        return self._answer("DeleteVolumeGroupSnapshot", request, context, clean)

    def GetVolumeGroupSnapshot(self, request: Any, context: Any) -> Any:
        def clean() -> Any:
            if request.group_snapshot_id not in self.groups:
                context.abort(grpc.StatusCode.NOT_FOUND, "no such group")
            self._check_members(request, context)
            group = self.groups[request.group_snapshot_id]
            return csi_pb2.GetVolumeGroupSnapshotResponse(group_snapshot=group)

        return self._answer("GetVolumeGroupSnapshot", request, context, clean)

    def _check_members(self, request: Any, context: Any) -> None:
        group = self.groups.get(request.group_snapshot_id)
        if group and {one.snapshot_id for one in group.snapshots} != set(request.snapshot_ids):
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "these are not the members")
