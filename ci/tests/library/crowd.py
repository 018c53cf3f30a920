"""An API server whose collections are full of other people's objects, over HTTP; nobody gets them all at once.

Each collection has ``COUNT`` objects, one in each namespace, and one with the name that a field selector asks for.
A list without a limit is refused with 400. A watch tells nothing, or that its place is forgotten, as often as
``forgotten`` says.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pytest_csi_snapshot.kube.client import KubeClient

COUNT = 1_000
CLUSTER_WIDE = {"volumesnapshotcontents", "persistentvolumes", "volumeattachments", "volumegroupsnapshotcontents"}
"""Collections that no selector narrows: controllers fill them, and bear no label of ours."""

_KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: c
clusters: [{{name: c, cluster: {{server: "http://127.0.0.1:{port}"}}}}]
users: [{{name: u, user: {{token: t}}}}]
contexts: [{{name: c, context: {{cluster: c, user: u}}}}]
"""


@dataclass
class Asked:
    """One list or watch."""

    plural: str
    query: dict[str, str]
    namespaced: bool

    @property
    def narrowed(self) -> bool:
        return self.namespaced or bool(self.query.keys() & {"labelSelector", "fieldSelector"})


@dataclass
class Crowded:
    """What was asked of the server, and its manners."""

    client: KubeClient
    lists: list[Asked] = field(default_factory=list)
    watches: list[Asked] = field(default_factory=list)
    watched: threading.Condition = field(default_factory=threading.Condition)
    forgotten: int = 0
    """So many watches are told at once that the server does not know their resourceVersion any more."""
    lost_pages: int = 0
    """So many second pages are refused: the server has forgotten where the list began."""
    over: threading.Event = field(default_factory=threading.Event)

    def await_watches(self, count: int) -> None:
        with self.watched:
            assert self.watched.wait_for(lambda: len(self.watches) >= count, timeout=10)


@cache
def theirs(plural: str, number: int) -> str:
    """An object of somebody else, in JSON; it has all the fields that any of the kinds must have."""
    reference = {"namespace": "theirs", "name": f"one-{number}", "uid": f"uid-of-{number}"}
    body = {
        "metadata": {
            "name": f"one-{number}",
            "namespace": "theirs",
            "uid": f"uid-{plural}-{number}",
            "resourceVersion": str(number),
            "annotations": {"padding": "x" * 500},
        },
        "spec": {
            "driver": "theirs.example.com",
            "attacher": "theirs.example.com",
            "nodeName": "node",
            "volumeSnapshotRef": reference,
            "claimRef": reference,
            "containers": [{"name": "web", "image": "web:1"}],
        },
        "status": {"phase": "Bound"},
    }
    return json.dumps(body)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    crowded: Crowded

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        words = parts.path.strip("/").split("/")[2 if parts.path.startswith("/api/") else 3 :]
        namespaced = words[:1] == ["namespaces"] and len(words) > 2
        words = words[2:] if namespaced else words
        if len(words) != 1:  # /version, an API group or a single object
            self._answer(200 if parts.path == "/version" else 404, {"gitVersion": "v1.37.2"})
        elif query.get("watch"):
            self._watch(Asked(words[0], query, namespaced))
        else:
            self._list(Asked(words[0], query, namespaced))

    def _list(self, asked: Asked) -> None:
        self.crowded.lists.append(asked)
        limit, first = int(asked.query.get("limit", 0)), int(asked.query.get("continue", 0))
        if not limit:
            self._answer(400, {"reason": "BadRequest", "message": f"all {asked.plural} at once"})
        elif first and self.crowded.lost_pages:
            self.crowded.lost_pages -= 1
            self._answer(410, {"reason": "Expired", "message": "continue token is too old"})
        else:
            one = asked.namespaced or "fieldSelector" in asked.query
            count = 0 if "labelSelector" in asked.query else 1 if one else COUNT
            last = min(first + limit, count)
            items = ",".join(theirs(asked.plural, number) for number in range(first, last))
            meta = {"resourceVersion": "9000", **({"continue": str(last)} if last < count else {})}
            self._answer(200, f'{{"metadata": {json.dumps(meta)}, "items": [{items}]}}')

    def _watch(self, asked: Asked) -> None:
        with self.crowded.watched:
            self.crowded.watches.append(asked)
            forgotten = len(self.crowded.watches) <= self.crowded.forgotten
            self.crowded.watched.notify_all()
        if forgotten:
            status = {"code": 410, "reason": "Expired", "message": "too old"}
            self._answer(200, {"type": "ERROR", "object": status})
        else:
            self.crowded.over.wait()
            self.close_connection = True

    def _answer(self, code: int, body: dict[str, Any] | str) -> None:
        data = (body if isinstance(body, str) else json.dumps(body)).encode() + b"\n"
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_args: object) -> None:
        """Nobody reads it."""


@contextmanager
def crowded(folder: Path) -> Iterator[Crowded]:
    """The server; ``folder`` is for the kubeconfig."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.daemon_threads = True
        kubeconfig = folder / "kubeconfig"
        kubeconfig.write_text(_KUBECONFIG.format(port=server.server_address[1]))
        made = Crowded(KubeClient.from_kubeconfig(str(kubeconfig)))
        _Handler.crowded = made
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield made
        finally:
            made.over.set()
            server.shutdown()
            thread.join()
