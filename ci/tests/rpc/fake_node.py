"""The node service of the fake driver.

A "mount" is a folder with a file ``size`` in it, a raw device a file of its size.
"""

# ruff: noqa: N802  the methods' names are the interface's

from __future__ import annotations

from pathlib import Path

from pytest_csi_snapshot.csi.wire import csi_pb2 as pb
from pytest_csi_snapshot.csi.wire import csi_pb2_grpc

from .fake_state import Code, Context, State, Volume, refuse

_Node = pb.NodeServiceCapability.RPC


class Node(csi_pb2_grpc.NodeServicer):
    def __init__(self, state: State) -> None:
        self._state = state

    def NodeGetCapabilities(
        self, request: pb.NodeGetCapabilitiesRequest, context: Context
    ) -> pb.NodeGetCapabilitiesResponse:
        kind = pb.NodeServiceCapability
        types = (_Node.STAGE_UNSTAGE_VOLUME, _Node.EXPAND_VOLUME)
        return pb.NodeGetCapabilitiesResponse(capabilities=[kind(rpc=kind.RPC(type=each)) for each in types])

    def NodeGetInfo(self, request: pb.NodeGetInfoRequest, context: Context) -> pb.NodeGetInfoResponse:
        return pb.NodeGetInfoResponse(node_id="node-1")

    def NodeStageVolume(self, request: pb.NodeStageVolumeRequest, context: Context) -> pb.NodeStageVolumeResponse:
        volume = self._state.volumes[request.volume_id]
        if not volume.filesystem or not self._state.has("never-grown"):
            volume.filesystem = volume.filesystem if self._state.has("grows-late") else volume.size
            volume.filesystem = volume.filesystem or volume.size
        return pb.NodeStageVolumeResponse()

    def NodeUnstageVolume(
        self, request: pb.NodeUnstageVolumeRequest, context: Context
    ) -> pb.NodeUnstageVolumeResponse:
        return pb.NodeUnstageVolumeResponse()

    def NodePublishVolume(
        self, request: pb.NodePublishVolumeRequest, context: Context
    ) -> pb.NodePublishVolumeResponse:
        volume, target = self._state.volumes[request.volume_id], Path(request.target_path)
        volume.target = target
        if volume.block:
            target.touch()
        else:
            target.mkdir()
            (target / "text").write_text(volume.text)
        self._resize(volume)
        return pb.NodePublishVolumeResponse()

    def NodeUnpublishVolume(
        self, request: pb.NodeUnpublishVolumeRequest, context: Context
    ) -> pb.NodeUnpublishVolumeResponse:
        volume = self._state.volumes[request.volume_id]
        volume.text, volume.target = volume.now, None
        target = Path(request.target_path)
        if target.is_dir():
            for file in target.iterdir():
                file.unlink()
            target.rmdir()
        target.unlink(missing_ok=True)
        return pb.NodeUnpublishVolumeResponse()

    def NodeExpandVolume(
        self, request: pb.NodeExpandVolumeRequest, context: Context
    ) -> pb.NodeExpandVolumeResponse:
        if not request.volume_id or not request.volume_path:
            refuse(context, Code.INVALID_ARGUMENT, "an id and a path are needed")
        volume = self._state.volumes.get(request.volume_id)
        known = volume is not None and request.volume_path == str(volume.target)
        if volume is None or not (known or self._state.has("any-path")):
            refuse(context, Code.NOT_FOUND, "no such volume at this path")
        if not self._state.has("never-grown"):
            volume.filesystem = volume.size
        self._resize(volume)
        return pb.NodeExpandVolumeResponse(capacity_bytes=volume.size)

    def _resize(self, volume: Volume) -> None:
        assert volume.target is not None
        if volume.block:
            with volume.target.open("r+b") as device:
                device.truncate(volume.filesystem if self._state.has("never-grown") else volume.size)
        else:
            (volume.target / "size").write_text(str(volume.filesystem))
