"""A CSI driver in this process that keeps its volumes in memory and can be wrong in named ways."""

# ruff: noqa: N802  the methods' names are the interface's

from __future__ import annotations

from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from pathlib import Path

import grpc

from pytest_csi_snapshot.csi.wire import csi_pb2 as pb
from pytest_csi_snapshot.csi.wire import csi_pb2_grpc

from .fake_node import Node
from .fake_state import Code, Context, Snapshot, State, Volume, refuse

LIMIT = 3
LARGEST = 1 << 45


class Identity(csi_pb2_grpc.IdentityServicer):
    def __init__(self, state: State) -> None:
        self._state = state

    def GetPluginInfo(self, request: pb.GetPluginInfoRequest, context: Context) -> pb.GetPluginInfoResponse:
        return pb.GetPluginInfoResponse(name="fake.example.com", vendor_version="1.2.3")

    def GetPluginCapabilities(
        self, request: pb.GetPluginCapabilitiesRequest, context: Context
    ) -> pb.GetPluginCapabilitiesResponse:
        kind = pb.PluginCapability
        types = [kind.Service.CONTROLLER_SERVICE, kind.Service.GROUP_CONTROLLER_SERVICE]
        claimed = [kind(service=kind.Service(type=each)) for each in types]
        if not self._state.has("expansion-untold"):
            claimed.append(kind(volume_expansion=kind.VolumeExpansion(type=kind.VolumeExpansion.OFFLINE)))
        return pb.GetPluginCapabilitiesResponse(capabilities=claimed)

    def Probe(self, request: pb.ProbeRequest, context: Context) -> pb.ProbeResponse:
        return pb.ProbeResponse()


class Controller(csi_pb2_grpc.ControllerServicer):
    def __init__(self, state: State) -> None:
        self._state = state

    def ControllerGetCapabilities(
        self, request: pb.ControllerGetCapabilitiesRequest, context: Context
    ) -> pb.ControllerGetCapabilitiesResponse:
        kind = pb.ControllerServiceCapability
        types = ["CREATE_DELETE_VOLUME", "PUBLISH_UNPUBLISH_VOLUME", "CREATE_DELETE_SNAPSHOT", "LIST_SNAPSHOTS",
                 "GET_SNAPSHOT", "CLONE_VOLUME", "EXPAND_VOLUME"]  # fmt: skip
        hidden = {each.removeprefix("unclaimed-") for each in self._state.bugs}
        found = [kind(rpc=kind.RPC(type=each)) for each in types if each not in hidden]
        return pb.ControllerGetCapabilitiesResponse(capabilities=found)

    def CreateVolume(self, request: pb.CreateVolumeRequest, context: Context) -> pb.CreateVolumeResponse:
        state, asked = self._state, request.capacity_range
        if request.secrets and state.has("tells-secrets"):
            refuse(context, Code.INTERNAL, f"cannot log in with {request.secrets['password']}")
        given = request.volume_content_source if request.HasField("volume_content_source") else None
        with state.guard:
            for volume in state.volumes.values():
                if volume.name == request.name:
                    other = volume.source != given or volume.size < asked.required_bytes
                    if other and not state.has("takes-any-size"):
                        refuse(context, Code.ALREADY_EXISTS, "it is another one")
                    return self._answer(volume)
            block = request.volume_capabilities[0].HasField("block")
            size, text, filesystem = asked.required_bytes, "", 0
            if given is not None:
                least, text, filesystem = self._source(given, context)
                if asked.limit_bytes and asked.limit_bytes < least:
                    code = Code.INVALID_ARGUMENT if state.has("small-is-invalid") else Code.OUT_OF_RANGE
                    refuse(context, code, "the source is larger")
                size = max(size, least)
            if state.has("deaf-to-names") and given is None:
                state.volumes["twin"] = Volume("twin", "twin", size, None, block)
            made = Volume(f"volume-{next(state.numbers)}", request.name, size, given, block, text, filesystem)
            state.volumes[made.id] = made
            return self._answer(made)

    def _source(self, given: pb.VolumeContentSource, context: Context) -> tuple[int, str, int]:
        kind = given.WhichOneof("type")
        if kind == "volume" and (volume := self._state.volumes.get(given.volume.volume_id)):
            return volume.size, volume.now, volume.filesystem
        if kind == "snapshot" and self._state.has("restores-nothing"):
            refuse(context, Code.INVALID_ARGUMENT, "snapshots are for looking at")
        if kind == "snapshot" and (snapshot := self._state.snapshots.get(given.snapshot.snapshot_id)):
            late = self._state.has("cuts-late")
            return snapshot.size, snapshot.volume.now if late else snapshot.text, snapshot.filesystem
        if kind is None:
            refuse(context, Code.INVALID_ARGUMENT, "no source in the source")
        code = Code.INTERNAL if self._state.has("missing-source-is-internal") else Code.NOT_FOUND
        return refuse(context, code, "no such source")

    def _answer(self, volume: Volume) -> pb.CreateVolumeResponse:
        source = None if self._state.has("forgets-the-source") else volume.source
        return pb.CreateVolumeResponse(
            volume=pb.Volume(volume_id=volume.id, capacity_bytes=volume.size, content_source=source)
        )

    def DeleteVolume(self, request: pb.DeleteVolumeRequest, context: Context) -> pb.DeleteVolumeResponse:
        with self._state.guard:
            if self._state.has("deletes-no-volume"):
                refuse(context, Code.INTERNAL, "it does not go")
            gone = self._state.volumes.pop(request.volume_id, None)
            if self._state.has("snapshots-go-with-volume"):
                for snapshot in [each for each in self._state.snapshots.values() if each.volume is gone]:
                    del self._state.snapshots[snapshot.id]
        return pb.DeleteVolumeResponse()

    def ControllerPublishVolume(
        self, request: pb.ControllerPublishVolumeRequest, context: Context
    ) -> pb.ControllerPublishVolumeResponse:
        self._state.volumes[request.volume_id].attached = True
        return pb.ControllerPublishVolumeResponse()

    def ControllerUnpublishVolume(
        self, request: pb.ControllerUnpublishVolumeRequest, context: Context
    ) -> pb.ControllerUnpublishVolumeResponse:
        self._state.volumes[request.volume_id].attached = False
        return pb.ControllerUnpublishVolumeResponse()

    def CreateSnapshot(self, request: pb.CreateSnapshotRequest, context: Context) -> pb.CreateSnapshotResponse:
        state = self._state
        if not request.source_volume_id or (not request.name and not state.has("takes-no-name")):
            refuse(context, Code.INVALID_ARGUMENT, "a name and a source are needed")
        if state.has("works-twice"):
            made = state.cut(state.volumes[request.source_volume_id], request.name)
            return pb.CreateSnapshotResponse(snapshot=made.message)
        with state.guard:
            for there in state.snapshots.values():
                if there.name == request.name and not state.has("new-on-retry"):
                    if there.volume.id != request.source_volume_id and not state.has("takes-any-source"):
                        refuse(context, Code.ALREADY_EXISTS, "it is of another volume")
                    return pb.CreateSnapshotResponse(snapshot=self._shown(there))
            volume = state.volumes.get(request.source_volume_id)
            if volume is None:
                refuse(context, Code.NOT_FOUND, "no such volume")
            if sum(each.volume is volume for each in state.snapshots.values()) >= LIMIT:
                full = Code.INTERNAL if state.has("full-is-internal") else Code.RESOURCE_EXHAUSTED
                refuse(context, full, "no room")
            return pb.CreateSnapshotResponse(snapshot=self._shown(state.cut(volume, request.name)))

    def _shown(self, snapshot: Snapshot) -> pb.Snapshot:
        message = snapshot.message
        snapshot.looks += 1
        message.ready_to_use = snapshot.looks > 1  # the first answer is always too early
        if self._state.has("no-creation-time"):
            message.ClearField("creation_time")
        return message

    def DeleteSnapshot(self, request: pb.DeleteSnapshotRequest, context: Context) -> pb.DeleteSnapshotResponse:
        state, wanted = self._state, request.snapshot_id
        if not wanted:
            refuse(context, Code.INVALID_ARGUMENT, "an id is needed")
        with state.guard:
            there = state.snapshots.get(wanted)
            if there is None and state.has("unknown-is-not-found"):
                refuse(context, Code.NOT_FOUND, "no such snapshot")
            if there is not None and there.group:
                wrong = state.has("member-is-in-use")
                refuse(context, Code.FAILED_PRECONDITION if wrong else Code.INVALID_ARGUMENT, "of a group")
            if not state.has("deletes-nothing"):
                state.snapshots.pop(wanted, None)
        return pb.DeleteSnapshotResponse()

    def ListSnapshots(self, request: pb.ListSnapshotsRequest, context: Context) -> pb.ListSnapshotsResponse:
        state = self._state
        found = [
            each.message
            for each in state.snapshots.values()
            if request.snapshot_id in ("", each.id) and request.source_volume_id in ("", each.volume.id)
        ]
        if not found and request.snapshot_id and state.has("no-match-is-not-found"):
            refuse(context, Code.NOT_FOUND, "no such snapshot")
        start = int(request.starting_token) if request.starting_token.isdecimal() else 0
        if request.starting_token and not start and not state.has("any-token"):
            refuse(context, Code.ABORTED, "no such token")
        end = start + request.max_entries if request.max_entries else len(found)
        token = str(end + state.has("loses-between-pages")) if end < len(found) else ""
        entries = [pb.ListSnapshotsResponse.Entry(snapshot=each) for each in found[start:end]]
        return pb.ListSnapshotsResponse(entries=entries, next_token=token)

    def GetSnapshot(self, request: pb.GetSnapshotRequest, context: Context) -> pb.GetSnapshotResponse:
        if not request.snapshot_id:
            refuse(context, Code.INVALID_ARGUMENT, "an id is needed")
        found = self._state.snapshots.get(request.snapshot_id)
        if found is None:
            code = Code.INTERNAL if self._state.has("unknown-is-internal") else Code.NOT_FOUND
            refuse(context, code, "no such snapshot")
        return pb.GetSnapshotResponse(snapshot=found.message)

    def ControllerExpandVolume(
        self, request: pb.ControllerExpandVolumeRequest, context: Context
    ) -> pb.ControllerExpandVolumeResponse:
        state, wanted = self._state, request.capacity_range.required_bytes
        if not request.volume_id or not request.HasField("capacity_range"):
            refuse(context, Code.INVALID_ARGUMENT, "an id and a size are needed")
        volume = state.volumes.get(request.volume_id)
        if volume is None:
            code = Code.INTERNAL if state.has("expands-nothing-internally") else Code.NOT_FOUND
            refuse(context, code, "no such volume")
        if wanted > LARGEST:
            refuse(context, Code.OUT_OF_RANGE, "too large")
        if volume.size >= wanted and state.has("grows-once"):
            refuse(context, Code.OUT_OF_RANGE, "it is so large")
        if volume.attached and not state.has("expands-in-use"):
            refuse(context, Code.FAILED_PRECONDITION, "in use")
        volume.size = max(volume.size, wanted)
        return pb.ControllerExpandVolumeResponse(capacity_bytes=volume.size, node_expansion_required=True)


class Groups(csi_pb2_grpc.GroupControllerServicer):
    def __init__(self, state: State) -> None:
        self._state = state

    def GroupControllerGetCapabilities(
        self, request: pb.GroupControllerGetCapabilitiesRequest, context: Context
    ) -> pb.GroupControllerGetCapabilitiesResponse:
        kind = pb.GroupControllerServiceCapability
        rpc = kind.RPC(type=kind.RPC.CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT)
        return pb.GroupControllerGetCapabilitiesResponse(capabilities=[kind(rpc=rpc)])

    def CreateVolumeGroupSnapshot(
        self, request: pb.CreateVolumeGroupSnapshotRequest, context: Context
    ) -> pb.CreateVolumeGroupSnapshotResponse:
        state, volumes = self._state, sorted(request.source_volume_ids)
        if not request.name or not volumes:
            refuse(context, Code.INVALID_ARGUMENT, "a name and volumes are needed")
        for there, (name, members) in state.groups.items():
            if name == request.name and not state.has("new-group-on-retry"):
                if sorted(state.snapshots[each].volume.id for each in members) != volumes:
                    refuse(context, Code.ALREADY_EXISTS, "it is of other volumes")
                return pb.CreateVolumeGroupSnapshotResponse(group_snapshot=self._shown(there))
        made = f"group-{next(state.numbers)}"
        cuts = [state.cut(state.volumes[each], f"{request.name}-{each}", made).id for each in volumes]
        state.groups[made] = (request.name, cuts)
        return pb.CreateVolumeGroupSnapshotResponse(group_snapshot=self._shown(made))

    def _shown(self, group: str) -> pb.VolumeGroupSnapshot:
        members = [self._state.snapshots[each].message for each in self._state.groups[group][1]]
        if self._state.has("group-ready-early"):
            members[0].ready_to_use = False
        return pb.VolumeGroupSnapshot(group_snapshot_id=group, snapshots=members, ready_to_use=True)

    def DeleteVolumeGroupSnapshot(
        self, request: pb.DeleteVolumeGroupSnapshotRequest, context: Context
    ) -> pb.DeleteVolumeGroupSnapshotResponse:
        state = self._state
        if not request.group_snapshot_id:
            refuse(context, Code.INVALID_ARGUMENT, "an id is needed")
        members = state.groups.get(request.group_snapshot_id, ("", list(request.snapshot_ids)))[1]
        if sorted(members) != sorted(request.snapshot_ids) and not state.has("any-members"):
            refuse(context, Code.INVALID_ARGUMENT, "these are not its members")
        for each in members:
            state.snapshots.pop(each, None)
        state.groups.pop(request.group_snapshot_id, None)
        return pb.DeleteVolumeGroupSnapshotResponse()

    def GetVolumeGroupSnapshot(
        self, request: pb.GetVolumeGroupSnapshotRequest, context: Context
    ) -> pb.GetVolumeGroupSnapshotResponse:
        if request.group_snapshot_id not in self._state.groups:
            refuse(context, Code.NOT_FOUND, "no such group")
        return pb.GetVolumeGroupSnapshotResponse(group_snapshot=self._shown(request.group_snapshot_id))


@contextmanager
def serving(folder: Path, *bugs: str) -> Iterator[tuple[str, State]]:
    """A driver with these faults at a socket in ``folder``: its endpoint, and what it holds."""
    state = State(frozenset(bugs))
    server = grpc.server(futures.ThreadPoolExecutor(8))
    csi_pb2_grpc.add_IdentityServicer_to_server(Identity(state), server)
    csi_pb2_grpc.add_ControllerServicer_to_server(Controller(state), server)
    csi_pb2_grpc.add_GroupControllerServicer_to_server(Groups(state), server)
    csi_pb2_grpc.add_NodeServicer_to_server(Node(state), server)
    endpoint = f"unix://{folder}/csi.sock"
    server.add_insecure_port(endpoint)
    server.start()
    try:
        yield endpoint, state
    finally:
        server.stop(None).wait()
