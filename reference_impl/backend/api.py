"""The REST API in the shape of Longhorn's: resources, collections, and actions by ``POST …?action=NAME``.

It translates and nothing else: each request becomes one call of ``Volumes``, ``Snapshots`` or ``Groups``.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from . import resources
from .engine import Engine, check_name
from .errors import BackendError
from .groups import Groups
from .records import Attachment, Group, Node, Snapshot, Volume
from .resources import Json
from .snapshots import Snapshots
from .volumes import Volumes

log = logging.getLogger("backend")

Handler = Callable[["Call"], Json]


class Call:
    """One request, its body read."""

    def __init__(self, request: Request, body: Json) -> None:
        self.base = str(request.base_url).rstrip("/")
        self.name: str = request.path_params.get("name", "")
        self.query = request.query_params
        self.body = body

    def text(self, field: str, default: str | None = None) -> str:
        """A field of the body. Raises BackendError InvalidArgument."""
        value = self.body.get(field, default)
        if not isinstance(value, str):
            raise BackendError("InvalidArgument", f"field {field!r} must be a string")
        return value

    def texts(self, field: str) -> list[str]:
        """A field of the body that is a list. Raises BackendError InvalidArgument."""
        value = self.body.get(field)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise BackendError("InvalidArgument", f"field {field!r} must be a list of strings")
        return value

    def size(self, field: str = "size") -> int:
        """A field with a number of bytes, as a string. Raises BackendError InvalidArgument."""
        value = self.text(field)
        if not value.isdecimal():
            raise BackendError("InvalidArgument", f"field {field!r} must be a number of bytes, not {value!r}")
        return int(value)


class Api:
    """The routes over one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._volumes = Volumes(engine)
        self._snapshots = Snapshots(engine)
        self._groups = Groups(engine)
        self._actions: dict[str, Handler] = {
            "attach": self._attach,
            "detach": self._detach,
            "expand": self._expand,
            "snapshotCreate": self._snapshot_create,
            "snapshotGet": lambda call: self._snapshot(call, self._snapshots.get(call.text("name"))),
            "snapshotList": lambda call: self._snapshot_list(call, call.name),
            "snapshotDelete": self._snapshot_delete_of_volume,
        }

    def application(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                _route("/v1", "GET", lambda call: resources.envelope("apiVersion", "v1", f"{call.base}/v1", {})),
                _route("/v1/volumes", "GET", self._volume_list),
                _route("/v1/volumes", "POST", self._volume_create),
                _route("/v1/volumes/{name}", "GET", lambda call: self._volume(call, self._volumes.get(call.name))),
                _route("/v1/volumes/{name}", "DELETE", self._volume_delete),
                _route("/v1/volumes/{name}", "POST", self._volume_action),
                _route(
                    "/v1/snapshots", "GET", lambda call: self._snapshot_list(call, call.query.get("volume", ""))
                ),
                _route("/v1/snapshots/{name}", "GET", lambda c: self._snapshot(c, self._snapshots.get(c.name))),
                _route("/v1/snapshots/{name}", "DELETE", self._snapshot_delete),
                _route("/v1/groupsnapshots", "POST", self._group_create),
                _route("/v1/groupsnapshots/{name}", "GET", lambda c: self._group(c, self._groups.get(c.name))),
                _route("/v1/groupsnapshots/{name}", "DELETE", self._group_delete),
                _route("/v1/nodes", "GET", self._node_list),
                _route("/v1/nodes/{name}", "PUT", self._node_put),
            ]
        )

    def _volume_list(self, call: Call) -> Json:
        found = []
        for volume in self._volumes.all():
            with contextlib.suppress(FileNotFoundError):  # deleted since the list was made
                found.append(self._volume(call, volume))
        return resources.collection("volume", f"{call.base}/v1/volumes", found)

    def _volume_create(self, call: Call) -> Json:
        mode = call.text("volumeMode", "Filesystem")
        volume = self._volumes.create(call.text("name"), call.size(), mode, call.text("dataSource", ""))
        return self._volume(call, volume)

    def _volume_delete(self, call: Call) -> Json:
        self._volumes.delete(call.name)
        return {}

    def _volume_action(self, call: Call) -> Json:
        action = self._actions.get(call.query.get("action", ""))
        if action is None:
            raise BackendError("InvalidArgument", f"unknown action: one of {', '.join(self._actions)}")
        return action(call)

    def _attach(self, call: Call) -> Json:
        wanted = Attachment(
            node=call.text("hostId"),
            access_mode=call.text("accessMode", "SINGLE_NODE_WRITER"),
            read_only=call.body.get("readOnly") is True,
        )
        return self._volume(call, self._volumes.attach(call.name, wanted))

    def _detach(self, call: Call) -> Json:
        return self._volume(call, self._volumes.detach(call.name, call.text("hostId", "")))

    def _expand(self, call: Call) -> Json:
        return self._volume(call, self._volumes.expand(call.name, call.size()))

    def _snapshot_create(self, call: Call) -> Json:
        labels = call.body.get("labels") or {}
        return self._snapshot(call, self._snapshots.create(call.name, call.text("name"), labels))

    def _snapshot_list(self, call: Call, volume: str) -> Json:
        found = []
        for snapshot in self._snapshots.all(volume):
            with contextlib.suppress(FileNotFoundError):  # deleted since the list was made
                found.append(self._snapshot(call, snapshot))
        return resources.collection("snapshot", f"{call.base}/v1/snapshots", found)

    def _snapshot_delete(self, call: Call) -> Json:
        self._snapshots.delete(call.name)
        return {}

    def _snapshot_delete_of_volume(self, call: Call) -> Json:
        volume = self._volumes.get(call.name)
        self._snapshots.delete(call.text("name"))
        return self._volume(call, volume)

    def _group_create(self, call: Call) -> Json:
        labels = call.body.get("labels") or {}
        return self._group(call, self._groups.create(call.text("name"), call.texts("volumes"), labels))

    def _group_delete(self, call: Call) -> Json:
        self._groups.delete(call.name)
        return {}

    def _node_list(self, call: Call) -> Json:
        found = [resources.node(node, base=call.base) for node in self._engine.nodes.all()]
        return resources.collection("node", f"{call.base}/v1/nodes", found)

    def _node_put(self, call: Call) -> Json:
        check_name(call.name.replace(".", "-"))
        return resources.node(self._engine.nodes.put(Node(call.name)), base=call.base)

    def _volume(self, call: Call, volume: Volume) -> Json:
        return resources.volume(
            volume,
            base=call.base,
            size=self._volumes.size(volume),
            actual_size=self._volumes.actual_size(volume),
            device=self._volumes.device(volume),
        )

    def _snapshot(self, call: Call, snapshot: Snapshot) -> Json:
        return resources.snapshot(snapshot, base=call.base, size=self._snapshots.size(snapshot))

    def _group(self, call: Call, group: Group) -> Json:
        members = [self._snapshot(call, self._snapshots.get(name)) for name in group.members]
        return resources.group(group, members, base=call.base)


def _route(path: str, method: str, handler: Handler) -> Route:
    async def endpoint(request: Request) -> JSONResponse:
        try:
            body = _body(await request.body())
            return JSONResponse(await run_in_threadpool(handler, Call(request, body)))
        except BackendError as error:
            log.info("%s %s refused: %s: %s", request.method, request.url.path, error.code, error.message)
            return JSONResponse(resources.error(error.status, error.code, error.message), error.status)
        except OSError as error:
            refusal = _of_system(error)
            log.exception("%s %s failed", request.method, request.url.path)
            return JSONResponse(resources.error(refusal.status, refusal.code, refusal.message), refusal.status)

    return Route(path, endpoint, methods=[method])


def _body(raw: bytes) -> Json:
    try:
        body: Any = json.loads(raw or b"{}")
    except ValueError as error:
        raise BackendError("InvalidArgument", f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise BackendError("InvalidArgument", "the body must be a JSON object")
    return body


def _of_system(error: OSError) -> BackendError:
    """What a failed system call means to a client."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return BackendError("ResourceExhausted", f"the pool is full: {error}")
    if isinstance(error, FileNotFoundError):  # deleted while it was being shown
        return BackendError("NotFound", str(error))
    return BackendError("Internal", str(error))
