"""Drivers whose volumes are where they were made: each node's instance makes, cuts and copies what is on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc

from ..driver.names import SnapshotHandle
from ..driver.refusals import Refusal
from ..wire import csi_pb2
from .trait import Method, Trait, wrap

if TYPE_CHECKING:
    from ..driver.services import Services

SEGMENT = "topology.longhorn.io/node"
"""The segment of a topology, thus a label of nodes, that says where a volume is; in its context it says so too."""


class NodeLocal(Trait):
    """A volume is accessible from one node alone, and so are its snapshots and what is made of them.

    Each instance knows what it has made as long as its process lives.
    """

    name = "node-local"

    def __init__(self, value: str = "") -> None:
        super().__init__(value)
        self._node = ""
        self._here: set[str] = set()
        """Ids of the volumes that this instance has made."""

    def apply(self, services: Services) -> None:
        info: csi_pb2.NodeGetInfoResponse = services.node.NodeGetInfo(csi_pb2.NodeGetInfoRequest(), None)  # type: ignore[arg-type]
        self._node = info.node_id
        wrap(services.identity, "GetPluginCapabilities", self._announce)
        wrap(services.node, "NodeGetInfo", self._say_where)
        wrap(services.node, "NodeStageVolume", self._stage)
        wrap(services.controller, "CreateVolume", self._create_volume)
        wrap(services.controller, "CreateSnapshot", self._create_snapshot)
        wrap(services.controller, "ControllerPublishVolume", self._publish)

    def _announce(self, clean: Method, request: Any, context: Any) -> csi_pb2.GetPluginCapabilitiesResponse:
        answer: csi_pb2.GetPluginCapabilitiesResponse = clean(request, context)
        service = csi_pb2.PluginCapability.Service
        answer.capabilities.add().service.type = service.VOLUME_ACCESSIBILITY_CONSTRAINTS
        return answer

    def _say_where(self, clean: Method, request: Any, context: Any) -> csi_pb2.NodeGetInfoResponse:
        answer: csi_pb2.NodeGetInfoResponse = clean(request, context)
        answer.accessible_topology.segments[SEGMENT] = self._node
        return answer

    def _create_volume(self, clean: Method, request: csi_pb2.CreateVolumeRequest, context: Any) -> Any:
        asked = [topology.segments.get(SEGMENT) for topology in request.accessibility_requirements.requisite]
        if asked and self._node not in asked:
            raise Refusal(
                grpc.StatusCode.RESOURCE_EXHAUSTED, f"this is node {self._node}, not {', '.join(map(str, asked))}"
            )
        source = request.volume_content_source
        if source.HasField("snapshot"):
            self._need_snapshot(source.snapshot.snapshot_id)
        elif source.HasField("volume"):
            self._need(source.volume.volume_id)
        answer: csi_pb2.CreateVolumeResponse = clean(request, context)
        answer.volume.accessible_topology.add().segments[SEGMENT] = self._node
        answer.volume.volume_context[SEGMENT] = self._node
        self._here.add(answer.volume.volume_id)
        return answer

    def _create_snapshot(self, clean: Method, request: csi_pb2.CreateSnapshotRequest, context: Any) -> Any:
        self._need(request.source_volume_id)
        return clean(request, context)

    def _publish(self, clean: Method, request: csi_pb2.ControllerPublishVolumeRequest, context: Any) -> Any:
        """Any instance may be asked, for the backend is one."""
        self._refuse_elsewhere(request.volume_context, request.node_id)
        return clean(request, context)

    def _stage(self, clean: Method, request: csi_pb2.NodeStageVolumeRequest, context: Any) -> Any:
        self._refuse_elsewhere(request.volume_context, self._node)
        request.volume_context.pop(SEGMENT, None)
        return clean(request, context)

    def _need(self, volume_id: str) -> None:
        if volume_id not in self._here:
            raise Refusal(grpc.StatusCode.NOT_FOUND, f"volume {volume_id} is not on node {self._node}")

    def _need_snapshot(self, snapshot_id: str) -> None:
        handle = SnapshotHandle.parse(snapshot_id)
        self._need(handle.volume if handle else snapshot_id)

    @staticmethod
    def _refuse_elsewhere(volume_context: Any, node: str) -> None:
        home = volume_context.get(SEGMENT, node)
        if home != node:
            raise Refusal(grpc.StatusCode.FAILED_PRECONDITION, f"the volume is on node {home}, not on {node}")
