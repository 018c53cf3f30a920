"""The group controller service: snapshots of several volumes at one cut."""

# ruff: noqa: ARG002, N802  names and arguments of the methods are the interface's

from __future__ import annotations

from collections.abc import Iterable

import grpc

from ..wire import csi_pb2, csi_pb2_grpc
from . import messages, snapshot_class
from .backend import Backend
from .backend.groups import Group
from .names import SNAPSHOT, GroupHandle, SnapshotHandle, snapshot_name
from .refusals import Refusal, invalid, need

_RPC = csi_pb2.GroupControllerServiceCapability.RPC

CAPABILITIES = (_RPC.CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT,)


class GroupController(csi_pb2_grpc.GroupControllerServicer):
    """A group and its members are ready when the call that makes them returns."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def GroupControllerGetCapabilities(
        self, request: csi_pb2.GroupControllerGetCapabilitiesRequest, context: grpc.ServicerContext
    ) -> csi_pb2.GroupControllerGetCapabilitiesResponse:
        kind = csi_pb2.GroupControllerServiceCapability
        return csi_pb2.GroupControllerGetCapabilitiesResponse(
            capabilities=[kind(rpc=kind.RPC(type=rpc)) for rpc in CAPABILITIES]
        )

    def CreateVolumeGroupSnapshot(
        self, request: csi_pb2.CreateVolumeGroupSnapshotRequest, context: grpc.ServicerContext
    ) -> csi_pb2.CreateVolumeGroupSnapshotResponse:
        """Idempotent by name; one cut for all volumes, whatever their order (RPC-GRP-001, GRP-006)."""
        name = snapshot_name(need(request.name, "group snapshot name"))
        if not request.source_volume_ids or "" in request.source_volume_ids:
            raise invalid("source volume ids missing in request")
        snapshot_class.check_group(request.parameters)
        group = self._backend.groups.create(name, list(request.source_volume_ids), dict(request.parameters))
        return csi_pb2.CreateVolumeGroupSnapshotResponse(group_snapshot=_message(group))

    def DeleteVolumeGroupSnapshot(
        self, request: csi_pb2.DeleteVolumeGroupSnapshotRequest, context: grpc.ServicerContext
    ) -> csi_pb2.DeleteVolumeGroupSnapshotResponse:
        """With all its members. An unknown id is as good as a deleted one (RPC-GRP-002)."""
        group = self._find(need(request.group_snapshot_id, "group snapshot id"))
        if group is not None:
            _check_members(group, request.snapshot_ids)
            self._backend.groups.delete(group.name)
        return csi_pb2.DeleteVolumeGroupSnapshotResponse()

    def GetVolumeGroupSnapshot(
        self, request: csi_pb2.GetVolumeGroupSnapshotRequest, context: grpc.ServicerContext
    ) -> csi_pb2.GetVolumeGroupSnapshotResponse:
        group = self._find(need(request.group_snapshot_id, "group snapshot id"))
        if group is None:
            raise Refusal(grpc.StatusCode.NOT_FOUND, f"group snapshot {request.group_snapshot_id} not found")
        _check_members(group, request.snapshot_ids)
        return csi_pb2.GetVolumeGroupSnapshotResponse(group_snapshot=_message(group))

    def _find(self, group_snapshot_id: str) -> Group | None:
        handle = GroupHandle.parse(group_snapshot_id)
        return self._backend.groups.find(handle.name) if handle else None


def _check_members(group: Group, given: Iterable[str]) -> None:
    """Raises Refusal INVALID_ARGUMENT unless ``given`` are the ids of all members."""
    members = {str(SnapshotHandle(SNAPSHOT, snapshot.volume, snapshot.name)) for snapshot in group.snapshots}
    wrong = members.symmetric_difference(given)
    if wrong:
        raise invalid(f"snapshot ids do not match those of {GroupHandle(group.name)}: {', '.join(sorted(wrong))}")


def _message(group: Group) -> csi_pb2.VolumeGroupSnapshot:
    return csi_pb2.VolumeGroupSnapshot(
        group_snapshot_id=str(GroupHandle(group.name)),
        snapshots=[messages.of_snapshot(snapshot) for snapshot in group.snapshots],
        creation_time=messages.timestamp(group.created),
        ready_to_use=group.ready,
    )
