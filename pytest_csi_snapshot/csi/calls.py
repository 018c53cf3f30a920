"""Calls to a CSI plugin, each with an answer that is a value: an error code is no exception here.

Remembers what was called, for the reader of a failure, and tells a plugin that hangs from one that refuses.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

import grpc
from google.protobuf import message_factory
from google.protobuf.message import Message

from pytest_csi_snapshot.csi.endpoints import Endpoint
from pytest_csi_snapshot.csi.messages import shown, without_secrets
from pytest_csi_snapshot.csi.wire import csi_pb2

Code = grpc.StatusCode
M = TypeVar("M", bound=Message)

CALL_SECONDS = 60.0
"""Limit of one call; what csi-snapshotter grants."""
ALIVE_SECONDS = 15.0
"""In which a plugin must answer Probe after a call of it was in vain."""

INDEFINITE = (Code.CANCELLED, Code.DEADLINE_EXCEEDED, Code.UNAVAILABLE, Code.ABORTED)
"""Codes after which the call may still be at work, or has been done: the caller must ask again."""


class DeadPluginError(Exception):
    """The plugin does not answer any more; nothing can be said about its clauses."""


@dataclass(frozen=True)
class Answer(Generic[M]):
    """What became of one call. ``response`` is an empty message where the code is not OK."""

    method: str
    request: Message
    response: M
    code: grpc.StatusCode
    details: str
    began: float
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether the call was done."""
        return self.code is Code.OK

    @property
    def asked(self) -> str:
        """The call as text, without secrets."""
        return f"{self.method}({shown(self.request)})"

    def __str__(self) -> str:
        if self.ok:
            return f"OK {shown(self.response)}".strip()
        return f"{self.code.name}: {self.details}"


@dataclass(frozen=True)
class _Method:
    path: str
    name: str
    service: str
    response: type[Message]


@cache
def _methods() -> Mapping[str, _Method]:
    """By the full name of the request: in CSI no two methods take the same one."""
    return {
        method.input_type.full_name: _Method(
            f"/{service.full_name}/{method.name}",
            method.name,
            service.name,
            message_factory.GetMessageClass(method.output_type),
        )
        for service in csi_pb2.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    }


class Line:
    """The way to one plugin. ``node`` is where its node service is, where that is another socket.

    ``secrets`` are values that must not be repeated by any text. Safe to use from several threads.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        node: Endpoint | None = None,
        *,
        secrets: tuple[str, ...] = (),
        call_seconds: float = CALL_SECONDS,
        alive_seconds: float = ALIVE_SECONDS,
    ) -> None:
        self.endpoint = endpoint
        self.node_endpoint = node or endpoint
        self._channel = endpoint.channel()
        self._node_channel = self.node_endpoint.channel() if node else self._channel
        self._secrets = secrets
        self._call_seconds = call_seconds
        self._alive_seconds = alive_seconds
        self.dead = ""
        """Why the plugin counts as gone; "" while it answers."""

    def ask(self, request: Message, note: Callable[[Answer[Any]], None] | None = None) -> Answer[Any]:
        """Send a request to the method that takes it. ``note`` is told the answer before anything else happens.

        Raises DeadPluginError where the plugin answers nothing any more.
        """
        if self.dead:
            raise DeadPluginError(self.dead)
        method = _methods()[request.DESCRIPTOR.full_name]
        answer = self._send(method, request, self._call_seconds)
        if note:
            note(answer)
        if answer.code in (Code.DEADLINE_EXCEEDED, Code.UNAVAILABLE):
            self.check_alive(f"{method.name} was answered by {answer.code.name} after {answer.seconds:.0f} s")
        return answer

    def check_alive(self, since: str) -> None:
        """Raises DeadPluginError unless Probe is answered; every later call then fails at once."""
        if self.dead:
            raise DeadPluginError(self.dead)
        probe = _methods()[csi_pb2.ProbeRequest.DESCRIPTOR.full_name]
        answer = self._send(probe, csi_pb2.ProbeRequest(), self._alive_seconds, wait_for_ready=True)
        if answer.code in (Code.DEADLINE_EXCEEDED, Code.UNAVAILABLE):
            self.dead = (
                f"the plugin at {self.endpoint} does not answer: {since}, and then Probe not within "
                f"{self._alive_seconds:g} s"
            )
            raise DeadPluginError(self.dead)

    def close(self) -> None:
        """Let go of the channels."""
        self._channel.close()
        self._node_channel.close()

    def _send(
        self, method: _Method, request: Message, seconds: float, *, wait_for_ready: bool = False
    ) -> Answer[Any]:
        channel = self._node_channel if method.service == "Node" else self._channel
        call = channel.unary_unary(
            method.path,
            request_serializer=type(request).SerializeToString,
            response_deserializer=method.response.FromString,
        )
        began = time.monotonic()
        try:
            response = call(request, timeout=seconds, wait_for_ready=wait_for_ready)
        except grpc.RpcError as error:
            code, details = error.code(), error.details() or ""
            response = method.response()
        else:
            code, details = Code.OK, ""
        told = without_secrets(details, self._secrets)
        return Answer(method.name, request, response, code, told, began, time.monotonic() - began)
