"""A thin client: the official one's configuration, authentication and transport, our plain JSON.

The official client's models would turn every object into its own class and back; a conformance
test wants exactly the JSON that the server sent.
"""

from __future__ import annotations

import ipaddress
import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

import kubernetes.client
import kubernetes.config
import urllib3

from pytest_csi_snapshot.evidence.tape import TAPE
from pytest_csi_snapshot.redacting import REDACTOR

from . import incluster
from .kinds import Kind
from .pacing import Pace
from .refusals import ApiError, ApiUnreachableError

Json = dict[str, Any]
Keep = Callable[[Json], bool]
"""Whether an object of a list is wanted: what is not is dropped page by page, and never all there at once."""

PAGE = 500
"""Objects of a page, as kubectl asks for them."""

_THIS_MACHINE = ipaddress.ip_network("198.18.0.0/15")
"""Where embedded clusters listen (RFC 2544: never routed); no proxy leads there."""

MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"


class KubeClient:
    """Verbs of the Kubernetes API over one connection pool; safe to share between threads."""

    def __init__(self, api: kubernetes.client.ApiClient, *, user_agent: str = "pytest-csi-snapshot") -> None:
        self._api = api
        self._agent = user_agent
        self.host: str = api.configuration.host
        self.pace: Pace | None = None
        """How fast requests may follow each other; None: as they come. Watches are not asked for it."""

    @classmethod
    def from_kubeconfig(
        cls, path: str | None = None, context: str | None = None, *, user_agent: str = "pytest-csi-snapshot"
    ) -> KubeClient:
        """A client for one context of a kubeconfig; None means the usual defaults of ``kubectl``.

        In a pod without a kubeconfig it is the pod's own service account, as with ``kubectl``.
        """
        configuration = kubernetes.client.Configuration()
        configuration.connection_pool_maxsize = 64
        if path is None and context in (None, incluster.NAME) and incluster.in_pod():
            incluster.load(configuration)
        else:
            kubernetes.config.load_kube_config(
                config_file=path, context=context, client_configuration=configuration, persist_config=False
            )
        if _on_this_machine(configuration.host):
            configuration.proxy = None
        _hide_credentials(configuration)
        return cls(kubernetes.client.ApiClient(configuration), user_agent=user_agent)

    def reading(self) -> KubeClient:
        """The same client, but one that refuses to write: for those who have no business to."""
        return ReadingClient(self._api, user_agent=self._agent)

    def open(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        body: Any = None,
        content_type: str = "application/json",
        timeout: float | tuple[float, float | None] = 30.0,
    ) -> urllib3.BaseHTTPResponse:
        """Send one request and return the open response of a success (2xx); raise ApiError otherwise.

        ``timeout`` is in seconds, or (connect, read) where read None waits for ever.
        """
        headers = {"Accept": "application/json", "User-Agent": self._agent}
        if body is not None:
            headers["Content-Type"] = content_type
        self._api.update_params_for_auth(headers, [], ["BearerToken"], path, method, body)
        url = f"{self.host}{path}"
        if query:
            url += "?" + urlencode(query)
        limit = timeout if isinstance(timeout, tuple) else (timeout, timeout)
        if self.pace and "watch" not in (query or {}):
            self.pace.wait()
        began = time.monotonic()
        try:
            response = self._api.rest_client.pool_manager.request(
                method,
                url,
                body=None if body is None else json.dumps(body).encode(),
                headers=headers,
                preload_content=False,
                retries=False,
                timeout=urllib3.Timeout(connect=limit[0], read=limit[1]),
            )
        except urllib3.exceptions.HTTPError as error:
            raise ApiUnreachableError(method, path, error) from error
        finally:
            TAPE.asked(began)
        if response.status >= 300:
            body = _parse(self._drain(method, path, response))
            refusal = ApiError(method, path, response.status, body, _seconds(response.headers.get("Retry-After")))
            if self.pace:
                self.pace.refused(refusal.status, refusal.retry_after)
            raise refusal
        return response

    def request(self, method: str, path: str, **options: Any) -> Json:
        """Send one request and return the JSON object of its answer."""
        answer = _parse(self._drain(method, path, self.open(method, path, **options)))
        return answer if isinstance(answer, dict) else {"text": answer}

    def get(self, kind: Kind, namespace: str | None, name: str) -> Json:
        """Read one object."""
        return self.request("GET", kind.path(namespace, name))

    def find(self, kind: Kind, namespace: str | None, name: str) -> Json | None:
        """Read one object, or None where it does not exist."""
        try:
            return self.get(kind, namespace, name)
        except ApiError as error:
            if error.not_found:
                return None
            raise

    def collect(
        self, kind: Kind, namespace: str | None = None, *, keep: Keep = bool, **query: Any
    ) -> tuple[list[Json], str]:
        """The objects of a collection, as they were at one resourceVersion, and that.

        ``labelSelector`` and ``fieldSelector`` narrow it at the server, ``keep`` here. A list that takes so long
        that the server forgets where it began is begun once more; ApiError (``gone``) where that does not help.
        """
        try:
            return self._collect(kind, namespace, keep, query)
        except ApiError as error:
            if not error.gone:
                raise
            return self._collect(kind, namespace, keep, query)

    def _collect(self, kind: Kind, namespace: str | None, keep: Keep, query: Json) -> tuple[list[Json], str]:
        items: list[Json] = []
        query = {**query, "limit": PAGE}
        while True:
            page = self.request("GET", kind.path(namespace), query=query)
            items += (item for item in page.get("items") or [] if keep(item))
            meta = page.get("metadata") or {}
            if not meta.get("continue"):
                return items, str(meta.get("resourceVersion", ""))
            query["continue"] = meta["continue"]

    def list(self, kind: Kind, namespace: str | None = None, *, keep: Keep = bool, **query: Any) -> list[Json]:
        """The objects of a collection; see ``collect``."""
        return self.collect(kind, namespace, keep=keep, **query)[0]

    def create(self, kind: Kind, body: Json, *, dry_run: bool = False) -> Json:
        """Create an object in the namespace that it names."""
        namespace = body.get("metadata", {}).get("namespace")
        return self.request("POST", kind.path(namespace), body=body, query=_dry(dry_run))

    def replace(self, kind: Kind, body: Json, *, subresource: str | None = None, dry_run: bool = False) -> Json:
        """Replace an object (PUT); its resourceVersion, where given, must be the current one."""
        meta = body["metadata"]
        path = kind.path(meta.get("namespace"), meta["name"], subresource)
        return self.request("PUT", path, body=body, query=_dry(dry_run))

    def patch(
        self,
        kind: Kind,
        namespace: str | None,
        name: str,
        body: Any,
        *,
        subresource: str | None = None,
        content_type: str = MERGE_PATCH,
        dry_run: bool = False,
    ) -> Json:
        """Change a part of an object; a JSON merge patch unless ``content_type`` says otherwise."""
        path = kind.path(namespace, name, subresource)
        return self.request("PATCH", path, body=body, content_type=content_type, query=_dry(dry_run))

    def delete(
        self, kind: Kind, namespace: str | None, name: str, *, grace: int | None = None, uid: str | None = None
    ) -> None:
        """Ask for the deletion of an object; one that is gone already is no error.

        ``grace`` is in seconds (pods); with ``uid`` an object re-created under the same name is spared.
        """
        body: Json = {"kind": "DeleteOptions", "apiVersion": "v1"}
        if grace is not None:
            body["gracePeriodSeconds"] = grace
        if uid is not None:
            body["preconditions"] = {"uid": uid}
        try:
            self.request("DELETE", kind.path(namespace, name), body=body)
        except ApiError as error:
            if not error.not_found:
                raise

    def watch(self, kind: Kind, namespace: str | None = None, **query: Any) -> Iterator[Json]:
        """Watch events as the server sends them, until it ends the stream.

        Raises ApiError (``gone``) where the server says that the resourceVersion is too old.
        The generator holds a connection; close it to let go.
        """
        return self.watch_shutdown(lambda _response: None, kind, namespace, **query)

    def watch_shutdown(
        self,
        opened: Callable[[urllib3.BaseHTTPResponse], None],
        kind: Kind,
        namespace: str | None = None,
        *,
        silence: float | None = None,
        **query: Any,
    ) -> Iterator[Json]:
        """The same; ``opened`` is handed the open response, whose ``shutdown()`` ends it from another thread.

        After ``silence`` seconds without a byte it ends with ApiUnreachableError; None waits for ever.
        """
        path = kind.path(namespace)
        query = {"watch": "true", "allowWatchBookmarks": "true", **query}
        response = self.open("GET", path, query=query, timeout=(30.0, silence))
        opened(response)
        try:
            for line in _lines(response):
                event: Json = json.loads(line)
                if event["type"] == "ERROR":
                    status = event["object"]
                    raise ApiError("WATCH", path, int(status.get("code") or 500), status)
                yield event
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise ApiUnreachableError("WATCH", path, error) from error
        finally:
            response.close()

    @staticmethod
    def _drain(method: str, path: str, response: urllib3.BaseHTTPResponse) -> bytes:
        began = time.monotonic()
        try:
            return bytes(response.read())
        except urllib3.exceptions.HTTPError as error:
            raise ApiUnreachableError(method, path, error) from error
        finally:
            TAPE.asked(began)
            response.release_conn()


class ReadingClient(KubeClient):
    """A client that only reads. Raises PermissionError before anything else is sent."""

    def open(self, method: str, path: str, **options: Any) -> urllib3.BaseHTTPResponse:
        """Send one request that changes nothing."""
        if method != "GET":
            raise PermissionError(f"{method} {path}: this client only reads; writes go through OwnedClient")
        return super().open(method, path, **options)


def _hide_credentials(configuration: kubernetes.client.Configuration) -> None:
    """So that no report shows them, whatever an error quotes."""
    for value in (*configuration.api_key.values(), configuration.password):
        scheme, _, rest = str(value or "").partition(" ")
        REDACTOR.hide(rest if scheme.lower() == "bearer" else str(value or ""))
    REDACTOR.rename("host", urlsplit(configuration.host).hostname or "")


def _on_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(urlsplit(host).hostname or "") in _THIS_MACHINE
    except ValueError:  # a name: not one of ours
        return False


def _dry(dry_run: bool) -> dict[str, str] | None:
    return {"dryRun": "All"} if dry_run else None


def _seconds(header: str | None) -> float:
    """Those of a ``Retry-After``; 0 where there is none. API servers never send the other form of it, a date."""
    return float(header) if header and header.strip().isdecimal() else 0.0


def _parse(data: bytes) -> Json | str:
    text = data.decode(errors="replace")
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, dict) else text


def _lines(response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    """Whole lines, each as soon as it has arrived: a watch must not wait for a full buffer."""
    rest = b""
    for chunk in response.stream(amt=None):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (line for line in lines if line.strip())
