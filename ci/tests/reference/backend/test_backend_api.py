"""The REST API in Longhorn's shape."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import httpx
import pytest

from pytest_csi_snapshot.reference_impl.backend.api import Api
from pytest_csi_snapshot.reference_impl.backend.engine import Engine
from pytest_csi_snapshot.reference_impl.backend.records import Node

MIB = 1 << 20


class Http:
    """A client of the application, without a socket."""

    def __init__(self, engine: Engine) -> None:
        self._transport = httpx.ASGITransport(Api(engine).application())
        self.get, self.post, self.delete = (partial(self.request, method) for method in ("GET", "POST", "DELETE"))

    def request(self, method: str, url: str, json: dict[str, Any] | None = None) -> httpx.Response:
        async def ask() -> httpx.Response:
            base = "http://longhorn-backend:9500"
            async with httpx.AsyncClient(transport=self._transport, base_url=base) as client:
                return await client.request(method, url, json=json)

        return asyncio.run(ask())


@pytest.fixture
def http(engine: Engine) -> Http:
    engine.nodes.put(Node("node-1"))
    return Http(engine)


def test_a_volume_is_a_resource_with_links_and_actions(http: Http) -> None:
    made = http.post("/v1/volumes", json={"name": "pvc-a", "size": str(16 * MIB)}).json()

    assert (made["id"], made["type"], made["size"], made["state"]) == (
        "pvc-a",
        "volume",
        str(16 * MIB),
        "detached",
    )
    assert made["links"]["self"] == "http://longhorn-backend:9500/v1/volumes/pvc-a"
    attached = http.post(made["actions"]["attach"], json={"hostId": "node-1"}).json()
    assert attached["state"] == "attached"
    assert attached["controllers"][0]["endpoint"].startswith("/dev/loop")
    assert attached["volumeAttachment"]["attachments"]["node-1"]["nodeID"] == "node-1"
    assert http.get("/v1/volumes").json()["data"] == [attached]
    assert http.post(made["actions"]["detach"]).json()["state"] == "detached"
    assert http.delete("/v1/volumes/pvc-a").status_code == 200
    assert http.delete("/v1/volumes/pvc-a").status_code == 200
    assert http.get("/v1/volumes").json() == {
        "type": "collection",
        "resourceType": "volume",
        "links": {"self": "http://longhorn-backend:9500/v1/volumes"},
        "actions": {},
        "data": [],
    }


def test_snapshots_by_action_and_by_list(http: Http) -> None:
    http.post("/v1/volumes", json={"name": "pvc-a", "size": str(16 * MIB)})
    cut = http.post("/v1/volumes/pvc-a?action=snapshotCreate", json={"name": "snap-1", "labels": {"type": "snap"}})
    snapshot = cut.json()

    assert (snapshot["volume"], snapshot["restoreSize"], snapshot["readyToUse"]) == ("pvc-a", str(16 * MIB), True)
    assert http.post("/v1/volumes/pvc-a?action=snapshotList").json()["data"] == [snapshot]
    assert http.post("/v1/volumes/pvc-a?action=snapshotGet", json={"name": "snap-1"}).json() == snapshot
    assert http.get("/v1/snapshots?volume=pvc-b").json()["data"] == []
    http.delete("/v1/volumes/pvc-a")
    assert http.get("/v1/snapshots").json()["data"] == [snapshot]
    assert http.delete(snapshot["links"]["self"]).status_code == 200
    assert http.get("/v1/snapshots/snap-1").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/v1/volumes/nobody", {}, 404, "NotFound"),
        ("POST", "/v1/volumes", {"name": "Not A Label", "size": "1"}, 400, "InvalidArgument"),
        ("POST", "/v1/volumes", {"name": "a", "size": 1}, 400, "InvalidArgument"),
        ("POST", "/v1/volumes", {"name": "a", "size": "1Gi"}, 400, "InvalidArgument"),
        ("POST", "/v1/volumes", {"name": "a", "size": str(1 << 60)}, 422, "OutOfRange"),
        ("POST", "/v1/volumes", {"name": "a", "size": "1", "dataSource": "vol://nobody"}, 404, "NotFound"),
        ("POST", "/v1/volumes/nobody?action=dance", {}, 400, "InvalidArgument"),
    ],
)
def test_refusals_say_what_and_why(
    http: Http, method: str, path: str, body: dict[str, object], status: int, code: str
) -> None:
    answer = http.request(method, path, json=body)

    assert answer.status_code == status
    assert (answer.json()["type"], answer.json()["code"], answer.json()["status"]) == ("error", code, status)
    assert answer.json()["message"]
