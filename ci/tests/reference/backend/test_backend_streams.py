"""Websockets that bring collections whole, and who may open them."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Message
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection

from pytest_csi_snapshot.reference_impl.backend import streams
from pytest_csi_snapshot.reference_impl.backend.api import Api
from pytest_csi_snapshot.reference_impl.backend.engine import Engine

from .served import Served, receive, serve

MIB = 1 << 20


@pytest.fixture
def served(engine: Engine) -> Iterator[Served]:
    with serve(Api(engine).application()) as running:
        yield running


@pytest.fixture
def only_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream looks again only when it was told of a change."""
    monkeypatch.setattr(streams, "REREAD", 3600.0)


def make(served: Served, name: str) -> None:
    answer = served.http.post("/v1/volumes", json={"name": name, "size": str(16 * MIB)})
    assert answer.status_code == 200, answer.text


def await_data(connection: ClientConnection, what: Callable[[Any], bool]) -> None:
    """Until ``what`` accepts it; a step between two states may be seen or not."""
    while not what(receive(connection)["data"]):
        pass


def replica_count(data: list[dict[str, Any]]) -> str:
    """The value of the setting ``default-replica-count``."""
    return next(str(item["value"]) for item in data if item["name"] == "default-replica-count")


@pytest.mark.parametrize("plural", ["volumes", "settings", "nodes", "events", "snapshotcrs"])
def test_the_first_message_is_the_whole_collection(served: Served, plural: str) -> None:
    make(served, "pvc-a")
    served.http.post("/v1/volumes/pvc-a?action=snapshotCRCreate", json={"name": "snap-1"})

    for address in (f"/v1/ws/{plural}", f"/v1/ws/1s/{plural}"):
        with served.listen(address) as socket:
            assert receive(socket) == served.http.get(f"/v1/{plural}").json()


def test_every_listed_collection_has_a_stream(served: Served) -> None:
    for name, address in served.http.get("/v1").json()["links"].items():
        if name != "self":
            with served.listen(address.removeprefix(served.base).replace("/v1/", "/v1/ws/")) as socket:
                assert receive(socket)["links"]["self"] == address


def test_a_change_brings_the_collection_again(served: Served, only_told: None) -> None:
    with served.listen("/v1/ws/volumes") as socket:
        assert receive(socket)["data"] == []
        make(served, "pvc-a")
        await_data(socket, lambda data: [item["state"] for item in data] == ["detached"])
        served.http.post("/v1/volumes/pvc-a?action=attach", json={"hostId": "node-1"})
        await_data(socket, lambda data: data[0]["state"] == "attached")
        served.http.post("/v1/volumes/pvc-a?action=expand", json={"size": str(32 * MIB)})
        await_data(socket, lambda data: data[0]["size"] == str(32 * MIB))
        served.http.post("/v1/volumes/pvc-a?action=detach")
        await_data(socket, lambda data: data[0]["state"] == "detached")
        served.http.delete("/v1/volumes/pvc-a")
        await_data(socket, lambda data: data == [])


def test_settings_and_nodes_are_pushed_too(served: Served, only_told: None) -> None:
    with served.listen("/v1/ws/settings") as settings, served.listen("/v1/ws/nodes") as nodes:
        receive(settings)
        receive(nodes)
        served.http.put("/v1/settings/default-replica-count", json={"value": "2"})
        served.http.put("/v1/nodes/node-9", json={})
        await_data(settings, lambda data: replica_count(data) == "2")
        await_data(nodes, lambda data: "node-9" in [item["name"] for item in data])


def test_what_did_not_change_is_not_sent_again(served: Served, engine: Engine, only_told: None) -> None:
    with served.listen("/v1/ws/settings") as socket:
        receive(socket)
        make(served, "pvc-a")  # tells of many changes, none of them to settings
        served.http.put("/v1/settings/default-replica-count", json={"value": "2"})
        assert replica_count(receive(socket)["data"]) == "2"


def test_what_nothing_tells_is_seen_by_looking_again(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "REREAD", 0.01)
    make(served, "pvc-a")
    attached = served.http.post("/v1/volumes/pvc-a?action=attach", json={"hostId": "node-1"}).json()
    with served.listen("/v1/ws/volumes") as socket:
        assert receive(socket)["data"][0]["controllers"][0]["actualSize"] == "0"
        with Path(attached["controllers"][0]["endpoint"]).open("r+b") as device:
            device.write(b"x" * MIB)
            os.fsync(device.fileno())
        await_data(socket, lambda data: data[0]["controllers"][0]["actualSize"] != "0")


class Wire:
    """A websocket without a socket: the server's side runs in this event loop, so that its end can be awaited."""

    def __init__(self, engine: Engine, path: str) -> None:
        self.sent: asyncio.Queue[Message] = asyncio.Queue()
        self._said: asyncio.Queue[Message] = asyncio.Queue()
        self._said.put_nowait({"type": "websocket.connect"})
        scope = {"type": "websocket", "scheme": "ws", "path": path, "query_string": b"", "headers": []}
        self._ended = asyncio.ensure_future(Api(engine).application()(scope, self._said.get, self.sent.put))

    async def receive(self) -> Message:
        while (message := await asyncio.wait_for(self.sent.get(), 10))["type"] != "websocket.send":
            pass
        return message

    async def leave(self) -> None:
        """Until the server's side has ended."""
        self._said.put_nowait({"type": "websocket.disconnect", "code": 1006})
        await self.end()

    async def end(self) -> None:
        await asyncio.wait_for(self._ended, 10)


def test_within_a_period_it_is_sent_once(engine: Engine, monkeypatch: pytest.MonkeyPatch, only_told: None) -> None:
    monkeypatch.setattr(streams, "PERIOD_LIMIT", 3600.0)

    async def story() -> None:
        slow, fast = Wire(engine, "/v1/ws/1h/settings"), Wire(engine, "/v1/ws/settings")
        await slow.receive()
        await fast.receive()
        engine.settings.put("default-replica-count", "2")
        await fast.receive()
        await fast.leave()
        await slow.leave()
        assert slow.sent.empty()

    asyncio.run(story())


def test_clients_that_go_away_leave_nothing_behind(engine: Engine, only_told: None) -> None:
    async def story() -> None:
        wires = [Wire(engine, "/v1/ws/volumes") for _ in range(3)]
        for wire in wires:
            await wire.receive()
        assert engine.changes.listeners == 3
        for wire in wires:
            await wire.leave()
        assert engine.changes.listeners == 0
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(story())


def test_what_cannot_be_read_ends_the_stream_and_all_of_it(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> list[str]:
        raise OSError("no disk")

    monkeypatch.setattr(type(engine.settings), "names", broken)

    async def story() -> None:
        wire = Wire(engine, "/v1/ws/settings")
        await wire.end()
        said = [wire.sent.get_nowait() for _ in range(wire.sent.qsize())]
        assert [item["type"] for item in said] == ["websocket.accept", "websocket.close"]
        assert said[-1]["code"] == 1011
        assert engine.changes.listeners == 0
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(story())


@pytest.mark.parametrize(
    ("address", "status"),
    [("/v1/ws/nothing", 404), ("/v1/ws/1s/nothing", 404), ("/v1/ws/soon/volumes", 400), ("/v1/ws/1/volumes", 400)],
)
def test_what_cannot_be_streamed_is_refused(served: Served, address: str, status: int) -> None:
    with pytest.raises(InvalidStatus) as refused, served.listen(address):
        pass
    assert refused.value.response.status_code == status
    assert json.loads(refused.value.response.body)["message"]


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [
        ("0", 0),
        ("0s", 0),
        ("-1s", 0),
        ("500ms", 0.5),
        ("1s", 1),
        ("1.5s", 1.5),
        ("1m30s", 15),
        ("15s", 15),
        ("1h", 15),
    ],
)
def test_periods_are_durations_of_go(duration: str, seconds: float) -> None:
    assert streams.least_gap(duration) == seconds


@pytest.mark.parametrize("duration", ["", "s", "1", "1 s", "1d", "one", "1s2", "--"])
def test_what_is_no_duration(duration: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        streams.least_gap(duration)


def test_a_page_of_another_site_may_neither_listen_nor_act(served: Served) -> None:
    hostile = "http://hostile.example"
    with pytest.raises(InvalidStatus) as refused, served.listen("/v1/ws/volumes", origin=hostile):
        pass
    assert refused.value.response.status_code == 403
    body = {"name": "pvc-a", "size": "16Mi"}
    answer = served.http.post("/v1/volumes", json=body, headers={"Origin": hostile})
    assert (answer.status_code, answer.json()["type"]) == (403, "error")
    assert served.http.get("/v1/volumes", headers={"Origin": hostile}).json()["data"] == []


def test_its_own_page_may(served: Served) -> None:
    with served.listen("/v1/ws/volumes", origin=served.base) as socket:
        assert receive(socket)["links"]["self"] == f"{served.base}/v1/volumes"
    body = {"name": "pvc-a", "size": "16Mi"}
    for headers in (
        {"Origin": served.base},
        {"Origin": "https://ui.example", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "ui.example"},
    ):
        assert served.http.post("/v1/volumes", json=body, headers=headers).status_code == 200
