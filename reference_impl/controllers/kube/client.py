"""The verbs of the Kubernetes API in plain JSON; safe to share between threads. Knows no cache."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import urllib3

from .connection import Connection
from .errors import ApiError, ApiUnreachableError
from .kinds import Kind

Json = dict[str, Any]

MERGE_PATCH = "application/merge-patch+json"
_TIMEOUT_S = 30.0
_SILENCE_S = 660.0
"""A watch that says nothing for so long is dead: no request lasts longer, and bookmarks come each minute."""


class Throttle:
    """At most ``qps`` requests per second on average, ``burst`` at once."""

    def __init__(self, qps: float, burst: int) -> None:
        self._interval = 1.0 / qps
        self._slack = self._interval * max(burst - 1, 0)
        self._next = 0.0
        self._lock = threading.Lock()

    def delay(self, now: float) -> float:
        """Book a place for one request; seconds to wait until it may go."""
        with self._lock:
            self._next = max(self._next, now - self._slack)
            wait = max(0.0, self._next - now)
            self._next += self._interval
            return wait


class KubeClient:
    """Requests over one connection pool. ``qps`` 0 means without limit; ``timeout``: seconds for one answer."""

    def __init__(
        self,
        connection: Connection,
        *,
        user_agent: str,
        qps: float = 0,
        burst: int = 10,
        timeout: float = _TIMEOUT_S,
    ) -> None:
        self._connection = connection
        self._timeout = timeout
        self._agent = user_agent
        self._throttle = Throttle(qps, burst) if qps > 0 else None
        self._closing = threading.Event()

    def get(self, kind: Kind, namespace: str | None, name: str) -> Json:
        """Read one object."""
        return self._request("GET", kind.path(namespace, name))

    def list(self, kind: Kind, namespace: str | None = None, **query: str) -> Json:
        """The whole collection as the server's List object."""
        return self._request("GET", kind.path(namespace), query=query)

    def create(self, kind: Kind, body: Json) -> Json:
        """Create an object in the namespace that it names."""
        return self._request("POST", kind.path(body["metadata"].get("namespace")), body=body)

    def replace(self, kind: Kind, body: Json, *, subresource: str | None = None) -> Json:
        """Replace an object (PUT); refused (``conflict``) unless its resourceVersion is the current one."""
        meta = body["metadata"]
        return self._request("PUT", kind.path(meta.get("namespace"), meta["name"], subresource), body=body)

    def patch(self, kind: Kind, namespace: str | None, name: str, body: Json) -> Json:
        """Change a part of an object by a JSON merge patch."""
        return self._request("PATCH", kind.path(namespace, name), body=body, content_type=MERGE_PATCH)

    def delete(self, kind: Kind, namespace: str | None, name: str, *, uid: str) -> None:
        """Ask for the deletion of an object; one that is gone, or was re-created since, is left as it is."""
        body = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": uid}}
        try:
            self._request("DELETE", kind.path(namespace, name), body=body)
        except ApiError as error:
            if not (error.not_found or error.conflict):
                raise

    def watch(self, kind: Kind, namespace: str | None = None, **query: str) -> Watch:
        """Open a watch; ``allowWatchBookmarks`` is on."""
        options = {"watch": "true", "allowWatchBookmarks": "true", **query}
        return Watch(self._open("GET", kind.path(namespace), query=options, read_timeout=_SILENCE_S))

    def close(self) -> None:
        """Let go of throttled requests; later ones go out at once."""
        self._closing.set()

    def _request(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, str] | None = None,
        body: Json | None = None,
        content_type: str = "application/json",
    ) -> Json:
        response = self._open(method, path, query=query, body=body, content_type=content_type)
        answer = _parse(_drain(method, path, response))
        return answer if isinstance(answer, dict) else {}

    def _open(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, str] | None = None,
        body: Json | None = None,
        content_type: str = "application/json",
        read_timeout: float | None = None,
    ) -> urllib3.BaseHTTPResponse:
        if self._throttle and (delay := self._throttle.delay(time.monotonic())):
            self._closing.wait(delay)
        headers = {"Accept": "application/json", "User-Agent": self._agent, **self._connection.credentials()}
        if body is not None:
            headers["Content-Type"] = content_type
        try:
            response = self._connection.pool.request(
                method,
                f"{self._connection.host}{path}" + (f"?{urlencode(query)}" if query else ""),
                body=None if body is None else json.dumps(body, separators=(",", ":")).encode(),
                headers=headers,
                preload_content=False,
                retries=False,
                timeout=urllib3.Timeout(
                    connect=self._timeout, read=read_timeout, total=None if read_timeout else self._timeout
                ),
            )
        except urllib3.exceptions.HTTPError as error:
            raise ApiUnreachableError(f"{method} {path}: no answer from the API server: {error}") from error
        if response.status >= 300:
            raise ApiError(response.status, _parse(_drain(method, path, response)))
        return response


class Watch:
    """The events of one watch request, each as soon as the server sends it. Another thread may stop it."""

    def __init__(self, response: urllib3.BaseHTTPResponse) -> None:
        self._response = response

    def __iter__(self) -> Iterator[Json]:
        """Events until the server ends the stream. Raises ApiError for an ``ERROR`` event, ApiUnreachableError."""
        rest = b""
        try:
            for chunk in self._response.stream(amt=None):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    event: Json = json.loads(line)
                    if event["type"] == "ERROR":
                        raise ApiError(int(event["object"].get("code") or 500), event["object"])
                    yield event
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise ApiUnreachableError(f"watch broke: {error}") from error
        finally:
            self._response.close()

    def stop(self) -> None:
        """End the iteration from another thread."""
        try:
            self._response.shutdown()
        except (ValueError, RuntimeError, OSError):
            # Already at its end: there is no socket left to shut down.
            self._response.close()


def _drain(method: str, path: str, response: urllib3.BaseHTTPResponse) -> bytes:
    try:
        return bytes(response.read())
    except urllib3.exceptions.HTTPError as error:
        raise ApiUnreachableError(f"{method} {path}: the answer broke off: {error}") from error
    finally:
        response.release_conn()


def _parse(data: bytes) -> Json | str:
    text = data.decode(errors="replace")
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, dict) else text
