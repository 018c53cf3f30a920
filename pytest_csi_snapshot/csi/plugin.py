"""Who answers at an endpoint, and whether it is a CSI plugin at all."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_csi_snapshot.csi.endpoints import Endpoint
from pytest_csi_snapshot.errors import EnvironmentTrouble

if TYPE_CHECKING:
    import grpc

PATIENCE = 5.0
"""Seconds in which something that listens must answer."""
READY_PATIENCE = 60.0
"""Seconds that a plugin may need until it says that it is ready."""
_PAUSE = 0.2


@dataclass(frozen=True)
class Plugin:
    """What a plugin says of itself."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()


def reach(endpoint: Endpoint, *, patience: float = PATIENCE, ready_patience: float = READY_PATIENCE) -> Plugin:
    """The plugin at ``endpoint``, once it is ready. Raises EnvironmentTrouble, one line.

    A listener that never answers costs ``patience`` seconds.
    """
    _see_that_something_listens(endpoint, patience)
    channel = endpoint.channel()
    try:
        plugin = _introduced(endpoint, channel, patience)
        _await_ready(endpoint, channel, patience, ready_patience)
        return plugin
    finally:
        channel.close()


def _see_that_something_listens(endpoint: Endpoint, patience: float) -> None:
    try:
        endpoint.connect(patience).close()
    except OSError as error:
        why = error.strerror or "no connection in time"
        raise EnvironmentTrouble(
            f"nothing answers at {endpoint}",
            why=why,
            do="is the driver running, and may this user open its socket?",
        ) from error


def _introduced(endpoint: Endpoint, channel: grpc.Channel, patience: float) -> Plugin:
    import grpc

    from pytest_csi_snapshot.csi.wire import csi_pb2, csi_pb2_grpc

    try:
        grpc.channel_ready_future(channel).result(timeout=patience)
    except grpc.FutureTimeoutError:
        raise EnvironmentTrouble(
            f"what listens at {endpoint} does not speak gRPC", why=f"no answer within {patience:g} s"
        ) from None
    try:
        info = csi_pb2_grpc.IdentityStub(channel).GetPluginInfo(csi_pb2.GetPluginInfoRequest(), timeout=patience)
    except grpc.RpcError as error:
        code, details = _told(error)
        if code == grpc.StatusCode.DEADLINE_EXCEEDED.name:
            raise EnvironmentTrouble(
                f"{endpoint} hangs", why=f"no answer to GetPluginInfo within {patience:g} s"
            ) from None
        raise EnvironmentTrouble(
            f"{endpoint} is not a CSI identity server", why=f"GetPluginInfo answered {code}: {details}"
        ) from None
    if not info.name:
        raise EnvironmentTrouble(
            f"the plugin at {endpoint} has no name", why="GetPluginInfo answered an empty one"
        )
    return Plugin(info.name, info.vendor_version)


def _await_ready(endpoint: Endpoint, channel: grpc.Channel, patience: float, ready_patience: float) -> None:
    """CSI's way to wait for a plugin is to ask again."""
    import grpc

    from pytest_csi_snapshot.csi.wire import csi_pb2, csi_pb2_grpc

    stub, last = csi_pb2_grpc.IdentityStub(channel), time.monotonic() + ready_patience
    while True:
        try:
            answer = stub.Probe(csi_pb2.ProbeRequest(), timeout=patience)
        except grpc.RpcError as error:
            code, details = _told(error)
            why = f"Probe answered {code}: {details}"
            if code not in (grpc.StatusCode.FAILED_PRECONDITION.name, grpc.StatusCode.UNAVAILABLE.name):
                raise EnvironmentTrouble(f"the plugin at {endpoint} does not work", why=why) from None
        else:
            if not answer.HasField("ready") or answer.ready.value:
                return
            why = "Probe answered ready: false"
        if time.monotonic() > last:
            raise EnvironmentTrouble(f"the plugin at {endpoint} does not become ready", why=why)
        time.sleep(_PAUSE)


def _told(error: grpc.RpcError) -> tuple[str, str]:
    code, details = getattr(error, "code", None), getattr(error, "details", None)
    return (code().name if code else "no code"), str((details() if details else "") or "no message")
