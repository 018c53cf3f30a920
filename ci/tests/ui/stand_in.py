"""A backend that only shows what a test gives it, in the documented JSON: states that no real one is brought to.

Its links begin with another address than the browser used, as behind a proxy.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pytest_csi_snapshot.reference_impl.backend import ui
from pytest_csi_snapshot.reference_impl.backend.changes import Changes
from pytest_csi_snapshot.reference_impl.backend.streams import Streams

Json = dict[str, Any]

INSIDE = "http://longhorn-backend:9500"
KINDS = ("volume", "snapshotCR", "backup", "backupVolume", "backupTarget", "node", "setting", "event")


def plural(kind: str) -> str:
    return f"{kind.lower()}s"


def resource(kind: str, name: str, *actions: str, **fields: Any) -> Json:
    """One resource that offers ``actions``."""
    address = f"{INSIDE}/v1/{plural(kind)}/{name}"
    return {
        "id": name,
        "type": kind,
        "name": name,
        "links": {"self": address},
        "actions": {action: f"{address}?action={action}" for action in actions},
        **fields,
    }


def volume(name: str, *actions: str, state: str = "attached", robustness: str = "healthy", **fields: Any) -> Json:
    """A volume of 1 Gi with three replicas."""
    usual: Json = {
        "size": str(1 << 30),
        "state": state,
        "robustness": robustness,
        "ready": True,
        "created": "2022-02-23 06:25:46 +0000 UTC",
        "numberOfReplicas": 3,
        "conditions": {},
        "controllers": [{"size": str(1 << 30), "actualSize": "195035136", "endpoint": f"/dev/longhorn/{name}"}],
        "replicas": [
            {"name": f"{name}-r-{part}", "hostId": f"node-{part}", "mode": "RW", "running": True, "failedAt": ""}
            for part in (1, 2, 3)
        ],
        "volumeAttachment": {"attachments": {}},
    }
    return resource("volume", name, *actions, **{**usual, **fields})


def layer(name: str, parent: str, *children: str, **fields: Any) -> Json:
    """A snapshot as ``snapshotList`` has it."""
    usual = {
        "parent": parent,
        "children": dict.fromkeys(children, True),
        "removed": False,
        "usercreated": name != "volume-head",
        "created": "2022-02-23T06:25:46Z",
        "size": "50331648",
        "labels": {},
    }
    return {"id": name, "type": "snapshot", "name": name, "links": {}, "actions": {}, **usual, **fields}


class StandIn:
    """What it shows, what it answers, and what it was asked: action or method, path, body."""

    def __init__(self) -> None:
        self.shown: dict[str, list[Json]] = defaultdict(list)
        self.answers: dict[str, Any] = {}
        self.asked: list[tuple[str, str, Json]] = []
        self._changes = Changes()

    def show(self, kind: str, *resources: Json) -> None:
        """From now on these are all resources of ``kind``."""
        self.shown[plural(kind)] = list(resources)
        self._changes.poke()

    def application(self) -> Starlette:
        streams = Streams({plural(kind): self._collection(plural(kind)) for kind in KINDS}, self._changes)
        return Starlette(
            routes=[
                *ui.routes(Route("/", self._schemas)),
                *streams.routes(),
                Route("/v1/schemas", self._schemas),
                Route("/v1/{plural}", self._do, methods=["POST"]),
                Route("/v1/{plural}/{name}", self._do, methods=["POST", "PUT", "DELETE"]),
            ]
        )

    def _collection(self, name: str) -> Any:
        return lambda call: {"type": "collection", "data": self.shown[name]}

    async def _schemas(self, request: Request) -> Response:
        """Backups have no address of their own."""
        data: list[Json] = [
            {
                "id": kind,
                "links": {} if kind == "backup" else {"collection": f"{INSIDE}/v1/{plural(kind)}"},
                "collectionMethods": ["GET", "POST"],
                "resourceActions": {"snapshotRevert": {}} if kind == "volume" else {},
            }
            for kind in KINDS
        ]
        return JSONResponse({"data": data})

    async def _do(self, request: Request) -> Response:
        raw = await request.body()
        action = request.query_params.get("action", request.method)
        self.asked.append((action, request.url.path, json.loads(raw or b"{}")))
        answer = self.answers.get(action, {"name": "made", "data": []})
        return JSONResponse(answer, answer.get("status", 200) if answer.get("type") == "error" else 200)
