"""One driver behind its socket: who it is, what it can, and the calls of the controller service.

Messages are the generated ones; nothing here knows Kubernetes.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import grpc

from ...wire import csi_pb2, csi_pb2_grpc
from ..work.loop import StoppingError
from .codes import CsiError

T = TypeVar("T")

Rpc = csi_pb2.ControllerServiceCapability.RPC
GroupRpc = csi_pb2.GroupControllerServiceCapability.RPC
NodeRpc = csi_pb2.NodeServiceCapability.RPC

_CHANNEL = (
    # The socket appears when the driver's pod starts: try often, a failed connect to a path costs nothing.
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 250),
)

_NOT_YET = (grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAVAILABLE)
"""Codes of a driver that has yet to come up, or is slow at it."""
_PAUSE = 0.2
"""Seconds until it is asked again: one that is up and unavailable says so at once."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Abilities:
    """What the driver says it can, asked once when the sidecar starts."""

    controller: frozenset[int]
    plugin: frozenset[int]
    group: frozenset[int] = frozenset()

    def can(self, rpc: int) -> bool:
        """The controller service has this capability (``Rpc.CREATE_DELETE_SNAPSHOT`` ...)."""
        return rpc in self.controller

    def can_group(self, rpc: int) -> bool:
        """The group controller service has this capability (``GroupRpc.…``)."""
        return rpc in self.group

    @property
    def topology(self) -> bool:
        """Volumes are not accessible from everywhere."""
        return csi_pb2.PluginCapability.Service.VOLUME_ACCESSIBILITY_CONSTRAINTS in self.plugin


class Driver:
    """Calls over one channel; safe to share between threads. ``timeout`` is the limit of a call in seconds."""

    def __init__(self, address: str, timeout: float) -> None:
        target = address if "://" in address or address.startswith("unix:") else f"unix://{address}"
        self._channel = grpc.insecure_channel(target, options=list(_CHANNEL))
        self._timeout = timeout
        self._closing = threading.Event()
        self._identity = csi_pb2_grpc.IdentityStub(self._channel)
        self.controller = csi_pb2_grpc.ControllerStub(self._channel)
        self.group = csi_pb2_grpc.GroupControllerStub(self._channel)
        self._node = csi_pb2_grpc.NodeStub(self._channel)

    def close(self) -> None:
        """End all calls (they raise StoppingError) and the connection."""
        self._closing.set()
        self._channel.close()

    def call(self, method: Callable[..., T], request: Any) -> T:
        """Make one call. Raises CsiError, also where there is no answer within the limit; StoppingError."""
        try:
            return method(request, timeout=self._timeout)
        except grpc.RpcError as error:
            if self._closing.is_set():
                # Cancelled by ourselves: the driver goes on, and the next process asks it again.
                raise StoppingError from error
            raise CsiError(error.code(), error.details() or "") from error
        except ValueError as error:
            # grpc's way to say that the channel was closed before the call.
            raise StoppingError from error

    def name(self) -> str:
        """The driver's name. Waits until the driver answers, however long its pod takes to start."""
        return str(self._patiently(self._identity.GetPluginInfo, csi_pb2.GetPluginInfoRequest()).name)

    def abilities(self) -> Abilities:
        """Ask for the capabilities of the plugin and of the services that it says it has. Raises CsiError."""
        plugin = self._patiently(self._identity.GetPluginCapabilities, csi_pb2.GetPluginCapabilitiesRequest())
        services = frozenset(
            int(one.service.type) for one in plugin.capabilities if one.WhichOneof("type") == "service"
        )
        return Abilities(self._controller_abilities(services), services, self._group_abilities(services))

    def _controller_abilities(self, services: frozenset[int]) -> frozenset[int]:
        if csi_pb2.PluginCapability.Service.CONTROLLER_SERVICE not in services:
            return frozenset()
        request = csi_pb2.ControllerGetCapabilitiesRequest()
        answer = self._patiently(self.controller.ControllerGetCapabilities, request)
        return frozenset(int(one.rpc.type) for one in answer.capabilities)

    def _group_abilities(self, services: frozenset[int]) -> frozenset[int]:
        if csi_pb2.PluginCapability.Service.GROUP_CONTROLLER_SERVICE not in services:
            return frozenset()
        request = csi_pb2.GroupControllerGetCapabilitiesRequest()
        answer = self._patiently(self.group.GroupControllerGetCapabilities, request)
        return frozenset(int(one.rpc.type) for one in answer.capabilities)

    def node_can(self, rpc: int) -> bool:
        """The node service on the same socket has this capability. Raises CsiError."""
        answer = self._patiently(self._node.NodeGetCapabilities, csi_pb2.NodeGetCapabilitiesRequest())
        return any(one.rpc.type == rpc for one in answer.capabilities)

    def _patiently(self, method: Callable[..., T], request: Any) -> T:
        """Ask what a sidecar has to know to begin at all, until the driver answers. Raises CsiError."""
        while True:
            try:
                return method(request, wait_for_ready=True, timeout=self._timeout)
            except grpc.RpcError as error:
                if self._closing.is_set() or error.code() not in _NOT_YET:
                    raise CsiError(error.code(), error.details() or "") from error
                log.warning("the driver does not answer yet: %s", error.details())
            except ValueError as error:
                raise CsiError(grpc.StatusCode.CANCELLED, str(error)) from error
            self._closing.wait(_PAUSE)
