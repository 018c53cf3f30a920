"""Who the plugin is."""

# ruff: noqa: ARG002, N802  names and arguments of the methods are the interface's

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata

import grpc
from google.protobuf.wrappers_pb2 import BoolValue

from ..profiles import Profile
from ..wire import csi_pb2, csi_pb2_grpc
from . import capabilities, filesystems


class Identity(csi_pb2_grpc.IdentityServicer):
    """``ready`` tells whether the backend knows this node, i.e. whether any other call can succeed.

    ``filesystem`` is what volumes have here: of it the plugin says whether they grow while they are in use
    (RPC-CAP-003), because some machines let one kind do so and not the other.
    """

    def __init__(
        self, name: str, profile: Profile, ready: Callable[[], bool], filesystem: str = filesystems.DEFAULT
    ) -> None:
        self._name = name
        self._profile = profile
        self._ready = ready
        self._filesystem = filesystem

    def GetPluginInfo(
        self, request: csi_pb2.GetPluginInfoRequest, context: grpc.ServicerContext
    ) -> csi_pb2.GetPluginInfoResponse:
        return csi_pb2.GetPluginInfoResponse(name=self._name, vendor_version=_version())

    def GetPluginCapabilities(
        self, request: csi_pb2.GetPluginCapabilitiesRequest, context: grpc.ServicerContext
    ) -> csi_pb2.GetPluginCapabilitiesResponse:
        kind = csi_pb2.PluginCapability
        online = self._profile.expands_attached and filesystems.grows_mounted(self._filesystem)
        expansion = kind.VolumeExpansion(
            type=kind.VolumeExpansion.ONLINE if online else kind.VolumeExpansion.OFFLINE
        )
        return csi_pb2.GetPluginCapabilitiesResponse(
            capabilities=[
                *(kind(service=kind.Service(type=service)) for service in capabilities.of_plugin(self._profile)),
                kind(volume_expansion=expansion),
            ]
        )

    def Probe(self, request: csi_pb2.ProbeRequest, context: grpc.ServicerContext) -> csi_pb2.ProbeResponse:
        return csi_pb2.ProbeResponse(ready=BoolValue(value=self._ready()))


def _version() -> str:
    try:
        return metadata.version("pytest-csi-snapshot")
    except metadata.PackageNotFoundError:
        return "unknown"  # started from a bare tree
