"""A small API server in memory: objects by path, and watch events that a test hands out."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

from pytest_csi_snapshot.history import History
from pytest_csi_snapshot.kube.client import Keep, KubeClient
from pytest_csi_snapshot.kube.kinds import Kind
from pytest_csi_snapshot.kube.refusals import ApiError

from .objects import Json, meta


class MemoryApi(KubeClient):
    """Stores objects and records every change in a history, as a watch would; ``asked`` lists the writes.

    ``failures`` are raised first, one a write; with ``after_failure`` a creation takes place all the same.
    """

    def __init__(self, history: History) -> None:
        self.history = history
        self.objects: dict[tuple[Kind, str, str], Json] = {}
        self.asked: list[str] = []
        self.failures: list[Exception] = []
        self.after_failure = False
        self.on_patch: Callable[[], object] = lambda: None

    def reading(self) -> MemoryApi:
        """Itself: who may write is no matter of this server."""
        return self

    def find(self, kind: Kind, namespace: str | None, name: str) -> Json | None:
        return self.objects.get((kind, namespace or "", name))

    def get(self, kind: Kind, namespace: str | None, name: str) -> Json:
        found = self.find(kind, namespace, name)
        if found is None:
            raise ApiError("GET", name, 404, {"reason": "NotFound"})
        return found

    def list(self, kind: Kind, namespace: str | None = None, *, keep: Keep = bool, **query: Any) -> list[Json]:
        found = [
            body
            for (each, home, _), body in self.objects.items()
            if each == kind and namespace in (None, home) and keep(body)
        ]
        key, _, value = query.get("labelSelector", "").partition("=")
        return [body for body in found if not key or (body["metadata"].get("labels") or {}).get(key) == value]

    def create(self, kind: Kind, body: Json, *, dry_run: bool = False) -> Json:
        wanted = body["metadata"]
        key = (kind, wanted.get("namespace", ""), wanted["name"])
        if key in self.objects:
            raise ApiError("POST", wanted["name"], 409, {"reason": "AlreadyExists"})
        made: Json = {**body, "metadata": {**meta(wanted["name"], uid=f"uid-{kind}-{wanted['name']}"), **wanted}}
        if self.failures and self.after_failure:
            self.objects[key] = made
        self._fail(f"create {kind} {wanted['name']}")
        if not dry_run:
            self.objects[key] = made
            self.history.record(kind, "ADDED", made)
        return made

    def patch(self, kind: Kind, namespace: str | None, name: str, body: Any, **_options: Any) -> Json:
        self._fail(f"patch {kind} {name} {body}")
        old = self.get(kind, namespace, name)
        new: Json = merged(old, body)
        new["metadata"]["resourceVersion"] = meta("x")["resourceVersion"]
        self.objects[kind, namespace or "", name] = new
        self.history.record(kind, "MODIFIED", new)
        self._maybe_drop(kind, namespace, name)
        self.on_patch()
        return new

    def delete(self, kind: Kind, namespace: str | None, name: str, **_options: Any) -> None:
        self._fail(f"delete {kind} {name}")
        found = self.find(kind, namespace, name)
        if found is not None:
            found["metadata"]["deletionTimestamp"] = "now"
            self._maybe_drop(kind, namespace, name)

    def _maybe_drop(self, kind: Kind, namespace: str | None, name: str) -> None:
        body = self.objects[kind, namespace or "", name]
        if "deletionTimestamp" in body["metadata"] and not body["metadata"].get("finalizers"):
            del self.objects[kind, namespace or "", name]
            self.history.record(kind, "DELETED", body)

    def _fail(self, what: str) -> None:
        self.asked.append(what)
        if self.failures:
            raise self.failures.pop(0)


class Scripted(KubeClient):
    """Answers lists from a queue and streams watch events from another; an exception in it is raised."""

    def __init__(self) -> None:
        self.pages: queue.Queue[Json | Exception] = queue.Queue()
        self.events: queue.Queue[Json | Exception | None] = queue.Queue()
        self.begun_at: list[str] = []
        self.turns: list[tuple[float, float | None]] = []
        """(seconds after which the server is to end a stream, seconds of silence that are borne) of each."""
        self.refusals: list[Exception] = []
        """Raised instead of opening a stream that is to go on after another."""
        self.on_open: Callable[[], object] = lambda: None
        self.pages_asked = 0
        self.asked = threading.Event()

    def request(self, method: str, path: str, **options: Any) -> Json:
        self.pages_asked += 1
        self.asked.set()
        page = self.pages.get(timeout=10)
        if isinstance(page, Exception):
            raise page
        return page

    def watch_shutdown(
        self,
        opened: Callable[..., None],
        kind: Kind,
        namespace: str | None = None,
        *,
        silence: float | None = None,
        **query: Any,
    ) -> Iterator[Json]:
        self.begun_at.append(query["resourceVersion"])
        self.turns.append((query["timeoutSeconds"], silence))
        self.on_open()
        if self.refusals and len(self.begun_at) > 1:
            raise self.refusals.pop(0)
        opened(None)
        while (event := self.events.get(timeout=10)) is not None:
            if isinstance(event, Exception):
                raise event
            yield event


def merged(old: Any, patch: Any) -> Any:
    """A JSON merge patch applied (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    result = dict(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result
