"""One HTTP call to the backend, and what its refusal means to a caller of the driver."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import grpc
import httpx

from ..names import NAME
from ..refusals import Refusal

Json = dict[str, Any]

TIMEOUT = 30.0
"""Seconds for one call: a snapshot waits for a freeze, which waits for dirty data to reach the disk."""

CODES = {
    "InvalidArgument": grpc.StatusCode.INVALID_ARGUMENT,
    "NotFound": grpc.StatusCode.NOT_FOUND,
    "AlreadyExists": grpc.StatusCode.ALREADY_EXISTS,
    "Aborted": grpc.StatusCode.ABORTED,
    "FailedPrecondition": grpc.StatusCode.FAILED_PRECONDITION,
    "OutOfRange": grpc.StatusCode.OUT_OF_RANGE,
    "ResourceExhausted": grpc.StatusCode.RESOURCE_EXHAUSTED,
}
"""``code`` of the backend's error -> gRPC; any other is INTERNAL, unless the status is 404."""

_NOT_FOUND = 404

_STALE = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)
"""What a kept-alive connection answers with after the backend was restarted."""


class Transport:
    """Any thread may use it. Every call may raise Refusal. Without ``wire`` it goes over the network."""

    def __init__(self, url: str, wire: httpx.BaseTransport | None = None) -> None:
        # No proxy from the environment: the backend is a Service of the cluster.
        base = url.rstrip("/") + "/"
        self._http = httpx.Client(base_url=base, timeout=TIMEOUT, trust_env=False, transport=wire)

    def call(self, method: str, path: str, body: Json | None = None, *, once: bool = False) -> Json:
        """The answer's body; {} for an empty one. ``once``: it must not be sent again, whatever became of it."""
        try:
            try:
                response = self._http.request(method, path, json=body)
            except _STALE:
                if once:
                    raise
                response = self._http.request(method, path, json=body)
        except httpx.TransportError as error:
            raise Refusal(grpc.StatusCode.UNAVAILABLE, f"the backend does not answer: {error}") from error
        answer: Json = response.json() if response.content else {}
        if response.is_error:
            message = str(answer.get("message") or response.reason_phrase)
            raise Refusal(_code(response.status_code, str(answer.get("code", ""))), message)
        return answer

    def items(self, path: str) -> list[Json]:
        """The members of a collection."""
        found: list[Json] = self.call("GET", path)["data"]
        return found

    def find(self, collection: str, name: str) -> Json | None:
        """One resource; None if there is none."""
        try:
            return self.call("GET", f"{collection}/{part(name)}")
        except Refusal as refusal:
            if refusal.code is grpc.StatusCode.NOT_FOUND:
                return None
            raise

    def delete(self, collection: str, name: str) -> None:
        """What is not there is as good as deleted."""
        try:
            self.call("DELETE", f"{collection}/{part(name)}")
        except Refusal as refusal:
            if refusal.code is not grpc.StatusCode.NOT_FOUND:
                raise

    def act(self, path: str, action: str, body: Json, *, once: bool = False) -> Json:
        """An action of the resource at ``path``."""
        return self.call("POST", f"{path}?action={action}", body, once=once)


def part(name: str) -> str:
    """``name`` as part of a path. Raises Refusal NOT_FOUND for what no object can be called."""
    if not NAME.fullmatch(name):
        raise Refusal(grpc.StatusCode.NOT_FOUND, f"{name!r} not found")
    return quote(name, safe="")


def _code(status: int, code: str) -> grpc.StatusCode:
    found = CODES.get(code)
    if found is None:
        return grpc.StatusCode.NOT_FOUND if status == _NOT_FOUND else grpc.StatusCode.INTERNAL
    return found
