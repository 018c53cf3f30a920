"""What the driver says it can: in a profile, exactly what works there (RPC-CAP-002)."""

from __future__ import annotations

from ..profiles import Profile
from ..wire import csi_pb2

_Rpc = csi_pb2.ControllerServiceCapability.RPC
_Service = csi_pb2.PluginCapability.Service

_ALWAYS = (
    _Rpc.CREATE_DELETE_VOLUME,
    _Rpc.PUBLISH_UNPUBLISH_VOLUME,
    _Rpc.CREATE_DELETE_SNAPSHOT,
    _Rpc.CLONE_VOLUME,
    _Rpc.EXPAND_VOLUME,
)
_LISTS_SNAPSHOTS = (_Rpc.LIST_SNAPSHOTS, _Rpc.GET_SNAPSHOT)
_MODERN = (
    _Rpc.LIST_VOLUMES,
    _Rpc.LIST_VOLUMES_PUBLISHED_NODES,
    _Rpc.GET_CAPACITY,
    _Rpc.SINGLE_NODE_MULTI_WRITER,
)


def of_controller(profile: Profile) -> tuple[csi_pb2.ControllerServiceCapability.RPC.Type, ...]:
    """Of the controller service."""
    return (
        *_ALWAYS,
        *(_LISTS_SNAPSHOTS if profile.lists_snapshots else ()),
        *(_MODERN if profile.modern_driver else ()),
    )


def of_plugin(profile: Profile) -> tuple[csi_pb2.PluginCapability.Service.Type, ...]:
    """The services there are beside identity and node."""
    return (
        _Service.CONTROLLER_SERVICE,
        *((_Service.GROUP_CONTROLLER_SERVICE,) if profile.modern_driver else ()),
    )
