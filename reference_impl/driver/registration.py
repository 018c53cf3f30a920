"""Makes the driver known to the kubelet, which watches a directory for sockets like this one."""

# ruff: noqa: ARG002, N802  names and arguments of the methods are the interface's

from __future__ import annotations

import logging
from concurrent import futures
from pathlib import Path

import grpc

from ..wire import registration_pb2, registration_pb2_grpc
from .services import bind

log = logging.getLogger("driver")

VERSIONS = ("1.0.0",)
"""What the kubelet compares; any 1.x means the CSI v1 interface."""


class Registration(registration_pb2_grpc.RegistrationServicer):
    """Says who we are, and hears how it went."""

    def __init__(self, driver_name: str, csi_socket: str) -> None:
        self._info = registration_pb2.PluginInfo(
            type="CSIPlugin", name=driver_name, endpoint=csi_socket, supported_versions=VERSIONS
        )

    def GetInfo(
        self, request: registration_pb2.InfoRequest, context: grpc.ServicerContext
    ) -> registration_pb2.PluginInfo:
        return self._info

    def NotifyRegistrationStatus(
        self, request: registration_pb2.RegistrationStatus, context: grpc.ServicerContext
    ) -> registration_pb2.RegistrationStatusResponse:
        if request.plugin_registered:
            log.info("registered with the kubelet")
        else:
            log.error("the kubelet refused the registration: %s", request.error)
        return registration_pb2.RegistrationStatusResponse()


def serve(driver_name: str, csi_socket: str, folder: Path) -> grpc.Server:
    """Start the registration server; ``csi_socket`` is the path of the CSI socket as the kubelet sees it."""
    server = grpc.server(futures.ThreadPoolExecutor(1))
    registration_pb2_grpc.add_RegistrationServicer_to_server(Registration(driver_name, csi_socket), server)
    bind(server, f"unix://{folder / f'{driver_name}-reg.sock'}")
    server.start()
    return server
