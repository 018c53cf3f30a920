"""An API server in memory: enough of it that the controllers' caches, writes and syncs can be tested without one.

Kept as strict as the real one where controllers depend on it: conflicts by resourceVersion, the status
subresource, deletion that waits for finalizers, watches that replay from a resourceVersion.
"""

from __future__ import annotations

import copy
import itertools
import threading
from collections.abc import Iterator
from typing import Any

from pytest_csi_snapshot.reference_impl.controllers.kube import objects
from pytest_csi_snapshot.reference_impl.controllers.kube.errors import ApiError
from pytest_csi_snapshot.reference_impl.controllers.kube.kinds import Kind

Json = dict[str, Any]


def status_error(code: int, reason: str, message: str = "") -> ApiError:
    return ApiError(code, {"reason": reason, "message": message or reason, "code": code})


class FakeWatch:
    """Events of one kind from a resourceVersion on, until stopped."""

    def __init__(self, kube: FakeKube, kind: Kind, since: int) -> None:
        self._kube = kube
        self._kind = kind
        self._since = since
        self._stopped = False

    def __iter__(self) -> Iterator[Json]:
        while True:
            with self._kube.changed:
                self._kube.changed.wait_for(lambda: self._stopped or self._next() is not None)
                event = self._next()
            if self._stopped or event is None:
                return
            self._since = objects.version(event["object"])
            yield copy.deepcopy(event)

    def stop(self) -> None:
        with self._kube.changed:
            self._stopped = True
            self._kube.changed.notify_all()

    def _next(self) -> Json | None:
        for kind, event in self._kube.log:
            if kind == self._kind and objects.version(event["object"]) > self._since:
                return event
        return None


class FakeKube:
    """The verbs of ``KubeClient``."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.log: list[tuple[Kind, Json]] = []
        self.absent: set[Kind] = set()
        """Kinds that the server does not have."""
        self.requests: list[tuple[str, Kind, str]] = []
        self._versions = itertools.count(1)
        self._uids = itertools.count(1)
        self._objects: dict[tuple[Kind, str], Json] = {}

    def put(self, kind: Kind, body: Json, status: Json | None = None) -> Json:
        """Set the stage: create an object with a status."""
        created = self.create(kind, body)
        return self.replace(kind, {**created, "status": status}, subresource="status") if status else created

    def peek(self, kind: Kind, key: str) -> Json | None:
        """The object as it is, or None; counts as no request."""
        with self.changed:
            return copy.deepcopy(self._objects.get((kind, key)))

    def get(self, kind: Kind, namespace: str | None, name: str) -> Json:
        with self.changed:
            self.requests.append(("get", kind, name))
            self._require(kind)
            return copy.deepcopy(self._find(kind, objects.join(namespace, name)))

    def list(self, kind: Kind, namespace: str | None = None, **query: str) -> Json:
        wanted = dict(pair.split("=") for pair in query.get("labelSelector", "").split(",") if pair)
        with self.changed:
            self._require(kind)
            items = [
                obj
                for (other, _), obj in self._objects.items()
                if other == kind
                and namespace in (None, objects.namespace(obj))
                and wanted.items() <= (obj["metadata"].get("labels") or {}).items()
            ]
            version = str(next(self._versions))
            return {"metadata": {"resourceVersion": version}, "items": copy.deepcopy(items)}

    def create(self, kind: Kind, body: Json) -> Json:
        with self.changed:
            key = objects.key(body)
            self.requests.append(("create", kind, key))
            if (kind, key) in self._objects:
                raise status_error(409, "AlreadyExists")
            obj = {"apiVersion": kind.api_version, "kind": kind.kind, **copy.deepcopy(body)}
            obj["metadata"].setdefault("uid", f"uid-{next(self._uids)}")
            obj.pop("status", None)
            return self._store("ADDED", kind, key, obj)

    def replace(self, kind: Kind, body: Json, *, subresource: str | None = None) -> Json:
        with self.changed:
            key = objects.key(body)
            self.requests.append(("replace", kind, key))
            current = self._find(kind, key)
            if objects.version(body) != objects.version(current):
                raise status_error(409, "Conflict")
            obj = copy.deepcopy(body)
            if subresource == "status":
                obj = {**copy.deepcopy(current), "status": obj.get("status")}
            elif "status" in current:
                obj["status"] = copy.deepcopy(current["status"])
            return self._settle(kind, key, obj)

    def patch(self, kind: Kind, namespace: str | None, name: str, body: Json) -> Json:
        with self.changed:
            key = objects.join(namespace, name)
            return self._settle(kind, key, {**copy.deepcopy(self._find(kind, key)), **body})

    def delete(self, kind: Kind, namespace: str | None, name: str, *, uid: str) -> None:
        with self.changed:
            key = objects.join(namespace, name)
            current = self._objects.get((kind, key))
            if current is None or objects.uid(current) != uid:
                return
            obj = copy.deepcopy(current)
            obj["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
            self._settle(kind, key, obj)

    def watch(self, kind: Kind, _namespace: str | None = None, **query: str) -> FakeWatch:
        self._require(kind)
        return FakeWatch(self, kind, int(query.get("resourceVersion", "0")))

    def _require(self, kind: Kind) -> None:
        if kind in self.absent:
            raise status_error(404, "NotFound", "the server could not find the requested resource")

    def _find(self, kind: Kind, key: str) -> Json:
        obj = self._objects.get((kind, key))
        if obj is None:
            raise status_error(404, "NotFound", f'{kind.plural} "{key}" not found')
        return obj

    def _settle(self, kind: Kind, key: str, obj: Json) -> Json:
        if objects.deleting(obj) and not obj["metadata"].get("finalizers"):
            return self._store("DELETED", kind, key, obj)
        return self._store("MODIFIED", kind, key, obj)

    def _store(self, event: str, kind: Kind, key: str, obj: Json) -> Json:
        obj["metadata"]["resourceVersion"] = str(next(self._versions))
        if event == "DELETED":
            del self._objects[kind, key]
        else:
            self._objects[kind, key] = obj
        self.log.append((kind, {"type": event, "object": copy.deepcopy(obj)}))
        self.changed.notify_all()
        return copy.deepcopy(obj)
