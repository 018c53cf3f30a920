"""The REST API in Longhorn's shape."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from pytest_csi_snapshot.reference_impl.backend.actions import FAULTED, OFFERED, VOLUME_ACTIONS
from pytest_csi_snapshot.reference_impl.backend.api import Api
from pytest_csi_snapshot.reference_impl.backend.devices import Devices
from pytest_csi_snapshot.reference_impl.backend.engine import Engine
from pytest_csi_snapshot.reference_impl.backend.quantities import volume_size
from pytest_csi_snapshot.reference_impl.backend.schemas import ALL_FIELDS
from pytest_csi_snapshot.reference_impl.backend.states import SETTLED, TRANSITIONS

from .conftest import Open
from .http import BASE, Http

MIB = 1 << 20


@pytest.fixture
def http(engine: Engine) -> Http:
    return Http(engine)


def make(http: Http, name: str = "pvc-a", **more: Any) -> dict[str, Any]:
    answer = http.post("/v1/volumes", json={"name": name, "size": str(16 * MIB), **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_volume_is_a_resource_with_links_and_actions(http: Http) -> None:
    made = make(http)

    assert (made["id"], made["type"], made["size"], made["state"]) == (
        "pvc-a",
        "volume",
        str(16 * MIB),
        "detached",
    )
    assert made["links"]["self"] == f"{BASE}/v1/volumes/pvc-a"
    attached = http.post(made["actions"]["attach"], json={"hostId": "node-1", "unknown": 1}).json()
    assert (attached["state"], attached["robustness"]) == ("attached", "healthy")
    assert attached["controllers"][0]["endpoint"].startswith("/dev/loop")
    assert attached["volumeAttachment"]["attachments"][""]["nodeID"] == "node-1"
    assert http.get("/v1/volumes").json()["data"] == [attached]
    assert http.post(made["actions"]["detach"]).json()["state"] == "detached"
    for _ in range(2):
        deleted = http.delete("/v1/volumes/pvc-a")
        assert (deleted.status_code, deleted.content) == (200, b"")
    empty = http.get("/v1/volumes").json()
    assert (empty["type"], empty["resourceType"], empty["data"]) == ("collection", "volume", [])
    assert empty["createTypes"] == {"volume": f"{BASE}/v1/volumes"}


def test_the_way_in(http: Http) -> None:
    assert http.get("/").json() == http.get("/v1/apiversions").json()
    version = http.get("/").json()["data"][0]
    assert (version["id"], version["links"]["self"]) == ("v1", f"{BASE}/v1")
    assert http.get(version["links"]["self"]).json() == version
    for name, address in version["links"].items():
        assert http.get(address).status_code == 200, name
    assert "events" in version["links"]
    assert "snapshots" not in version["links"]


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/volumes", "/v1/volumes/nobody", "/nowhere", "/v1/volumes/"])
def test_every_response_says_where_the_schemas_are(http: Http, path: str) -> None:
    assert http.get(path).headers["X-API-Schemas"] == f"{BASE}/v1/schemas"


@pytest.mark.parametrize(
    ("headers", "base"),
    [
        ({}, BASE),
        ({"Host": "10.0.0.1:30080"}, "http://10.0.0.1:30080"),
        ({"X-Forwarded-Proto": "https", "X-Forwarded-Host": "ui.example"}, "https://ui.example"),
        ({"X-Forwarded-Host": "ui.example, inner", "X-Forwarded-Port": "8000"}, "http://ui.example:8000"),
        ({"X-Forwarded-Host": "ui.example", "X-Forwarded-Port": "80"}, "http://ui.example"),
        ({"X-Forwarded-Host": "[fd00::1]", "X-Forwarded-Port": "81"}, "http://[fd00::1]:81"),
        ({"X-API-request-url": "https://a:1/v1/volumes", "X-Forwarded-Host": "b"}, "https://a:1"),
    ],
)
def test_links_begin_with_the_address_the_client_used(http: Http, headers: dict[str, str], base: str) -> None:
    answer = http.get("/v1/schemas", headers=headers)
    assert answer.headers["X-API-Schemas"] == answer.json()["links"]["self"] == f"{base}/v1/schemas"


def test_no_resource_has_a_field_its_schema_does_not_name(http: Http) -> None:
    make(http)
    http.post("/v1/volumes/pvc-a?action=attach", json={"hostId": "node-1"})
    http.post("/v1/volumes/pvc-a?action=snapshotCreate", json={"name": "snap-1"})
    http.post("/v1/groupsnapshots", json={"name": "group-1", "volumes": ["pvc-a"]})
    schemas = {item["id"]: item for item in http.get("/v1/schemas").json()["data"]}
    seen = [item for kind in schemas.values() if "collection" in kind["links"] for item in listed(http, kind)]
    seen += http.post("/v1/volumes/pvc-a?action=snapshotList").json()["data"]

    kinds = {"volume", "snapshot", "snapshotCR", "groupSnapshot", "node", "setting", "event"}
    assert kinds <= {item["type"] for item in seen}
    for item in seen:
        fields = set(schemas[item["type"]]["resourceFields"])
        assert set(item) - {"id", "type", "links", "actions"} == fields, item["type"]


def listed(http: Http, schema: dict[str, Any]) -> list[dict[str, Any]]:
    return list(http.get(schema["links"]["collection"]).json()["data"])


def test_what_schemas_and_actions_refer_to_is_there(engine: Engine) -> None:
    states = {state for state in TRANSITIONS.values() if state}
    assert set(OFFERED) == states
    offered = {action for actions in (*OFFERED.values(), FAULTED) for action in actions}
    assert offered == set(VOLUME_ACTIONS) == set(Api(engine)._actions)  # noqa: SLF001  no other way to see them
    for action in VOLUME_ACTIONS.values():
        assert {action.input or "empty", action.output or "empty"} <= set(ALL_FIELDS)


def test_actions_follow_the_state(http: Http) -> None:
    detached = make(http)
    assert set(detached["actions"]) == set(OFFERED["detached"])
    assert "snapshotCreate" not in detached["actions"]
    refused = http.post("/v1/volumes/pvc-a?action=snapshotCreate", json={"name": "s"})
    assert (refused.status_code, refused.json()["code"]) == (412, "FailedPrecondition")
    assert "needs it attached" in refused.json()["message"]
    attached = http.post(detached["actions"]["attach"], json={"hostId": "node-1"}).json()
    assert set(attached["actions"]) == set(OFFERED["attached"])
    refused = http.post("/v1/volumes/pvc-a?action=updateAccessMode", json={"accessMode": "rwx"})
    assert refused.json()["code"] == "FailedPrecondition"


@pytest.mark.parametrize(
    ("operation", "method", "between", "after"),
    [("attach", "attach", "attaching", "attached"), ("detach", "detach", "detaching", "detached")],
)
def test_who_reads_meanwhile_sees_the_state_in_between(
    http: Http, monkeypatch: pytest.MonkeyPatch, operation: str, method: str, between: str, after: str
) -> None:
    make(http)
    if operation == "detach":
        http.post("/v1/volumes/pvc-a?action=attach", json={"hostId": "node-1"})
    clean = getattr(Devices, method)
    inside, go_on = threading.Event(), threading.Event()

    def slow(*arguments: Any) -> Any:
        inside.set()
        assert go_on.wait(10)
        return clean(*arguments)

    monkeypatch.setattr(Devices, method, slow)
    thread = threading.Thread(
        target=http.post, args=(f"/v1/volumes/pvc-a?action={operation}",), kwargs={"json": {"hostId": "node-1"}}
    )
    thread.start()
    assert inside.wait(10)
    seen = http.get("/v1/volumes/pvc-a").json()
    go_on.set()
    thread.join()

    assert (seen["state"], set(seen["actions"])) == (between, set(OFFERED[between]))
    assert http.get("/v1/volumes/pvc-a").json()["state"] == after


def test_an_attach_that_fails_leaves_the_volume_detached(http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    make(http)

    def fail(*_arguments: Any) -> Any:
        raise OSError(16, "Device or resource busy")

    with monkeypatch.context() as patched:
        patched.setattr(Devices, "attach", fail)
        answer = http.post("/v1/volumes/pvc-a?action=attach", json={"hostId": "node-1"})
    assert (answer.status_code, answer.json()["code"]) == (500, "Internal")
    assert http.get("/v1/volumes/pvc-a").json()["state"] == "detached"
    assert http.post("/v1/volumes/pvc-a?action=attach", json={"hostId": "node-1"}).json()["state"] == "attached"


def test_a_state_is_there_again_after_a_restart(open_engine: Open) -> None:
    http = Http(open_engine())
    make(http)
    make(http, "pvc-b")
    http.post("/v1/volumes/pvc-a?action=attach", json={"hostId": "node-1"})
    again = Http(open_engine())
    assert [item["state"] for item in again.get("/v1/volumes").json()["data"]] == ["attached", "detached"]


def test_every_way_through_the_states_ends_in_a_settled_one() -> None:
    for (state, move), after in TRANSITIONS.items():
        assert (move in ("done", "failed")) == (after in SETTLED or after == ""), (state, move)


def test_a_volume_is_attached_while_anyone_holds_a_ticket(http: Http) -> None:
    attach = "/v1/volumes/pvc-a?action=attach"
    detach = "/v1/volumes/pvc-a?action=detach"
    make(http)
    http.post(attach, json={"hostId": "node-1", "attachedBy": "a person"})
    csi = {"hostId": "node-1", "attachmentID": "csi-1", "attacherType": "csi-attacher"}
    both = http.post(attach, json=csi).json()
    assert {key: item["attachmentType"] for key, item in both["volumeAttachment"]["attachments"].items()} == {
        "": "longhorn-api",
        "csi-1": "csi-attacher",
    }
    assert http.post(attach, json={"hostId": "node-of-nobody"}).json()["code"] == "NotFound"
    assert http.post(detach, json={"hostId": "node-2"}).json()["state"] == "attached"
    assert http.post(detach, json={"hostId": ""}).json()["state"] == "attached"
    assert http.post(detach, json={"attachmentID": "csi-1"}).json()["state"] == "detached"
    http.post(attach, json=csi)
    assert http.post(detach, json={"forceDetach": True}).json()["state"] == "detached"


def test_snapshots_as_layers_of_an_attached_volume(http: Http) -> None:
    make(http)
    http.post("/v1/volumes/pvc-a?action=attach", json={"hostId": "node-1"})
    first = http.post(
        "/v1/volumes/pvc-a?action=snapshotCreate", json={"name": "snap-1", "labels": {"a": "b"}}
    ).json()
    second = http.post("/v1/volumes/pvc-a?action=snapshotCreate", json={}).json()

    layers = http.post("/v1/volumes/pvc-a?action=snapshotList", content=b"not read").json()["data"]
    assert [(item["name"], item["parent"], item["children"]) for item in layers] == [
        ("snap-1", "", {second["name"]: True}),
        (second["name"], "snap-1", {"volume-head": True}),
        ("volume-head", second["name"], {}),
    ]
    assert (first["labels"], first["usercreated"], layers[2]["usercreated"]) == ({"a": "b"}, True, False)
    got = http.post("/v1/volumes/pvc-a?action=snapshotGet", json={"name": "snap-1"})
    assert got.json() == layers[0]
    missing = http.post("/v1/volumes/pvc-a?action=snapshotGet", json={"name": "nothing"})
    assert (missing.status_code, missing.json()["code"]) == (404, "NotFound")
    assert http.post("/v1/volumes/pvc-a?action=snapshotDelete", json={"name": "snap-1"}).json()["id"] == "pvc-a"
    layers = http.post("/v1/volumes/pvc-a?action=snapshotList").json()["data"]
    assert [(item["name"], item["removed"]) for item in layers] == [
        ("snap-1", True),
        (second["name"], False),
        ("volume-head", False),
    ]
    assert http.get("/v1/snapshotcrs/snap-1").status_code == 404


def test_a_snapshot_by_itself_outlives_its_volume(http: Http) -> None:
    make(http)
    cut = http.post(
        "/v1/volumes/pvc-a?action=snapshotCRCreate", json={"name": "snap-1", "labels": {"type": "snap"}}
    )
    snapshot = cut.json()

    assert (snapshot["volume"], snapshot["restoreSize"], snapshot["readyToUse"]) == ("pvc-a", 16 * MIB, True)
    assert http.post("/v1/volumes/pvc-a?action=snapshotCRList").json()["data"] == [snapshot]
    assert http.post("/v1/volumes/pvc-a?action=snapshotCRGet", json={"name": "snap-1"}).json() == snapshot
    assert http.get("/v1/snapshotcrs?volume=pvc-b").json()["data"] == []
    make(http, "pvc-b")
    other = http.post("/v1/volumes/pvc-b?action=snapshotCRDelete", json={"name": "snap-1"})
    assert other.json()["type"] == "empty"
    http.delete("/v1/volumes/pvc-a")
    assert http.get("/v1/snapshotcrs").json()["data"] == [{**snapshot, "children": {}}]
    assert http.delete(snapshot["links"]["self"]).status_code == 200
    assert http.get("/v1/snapshotcrs/snap-1").status_code == 404


def test_a_volume_has_at_most_as_many_snapshots_as_it_says(http: Http) -> None:
    http.put("/v1/settings/snapshot-count-warning-threshold", json={"value": " 2 "})
    assert make(http, snapshotMaxCount=3)["snapshotMaxCount"] == 3
    create = "/v1/volumes/pvc-a?action=snapshotCRCreate"
    codes = [http.post(create, json={"name": f"s-{number}"}).status_code for number in range(4)]
    assert codes == [200, 200, 200, 507]
    volume = http.post("/v1/volumes/pvc-a?action=updateSnapshotMaxCount", json={"snapshotMaxCount": 4}).json()
    assert volume["conditions"]["TooManySnapshots"]["status"] == "True"
    assert http.post(create, json={"name": "s-3"}).status_code == 200
    assert http.post(create, json={"name": "s-0"}).status_code == 200  # it is there


def test_settings_have_defaults_and_limits_and_are_kept(open_engine: Open) -> None:
    http = Http(open_engine())
    address = "/v1/settings/default-replica-count"
    assert (http.get(address).json()["value"], make(http)["numberOfReplicas"]) == ("3", 3)
    assert http.put(address, json={"value": "2"}).json()["value"] == "2"
    for value in ("21", "two", ""):
        assert http.put(address, json={"value": value}).json()["code"] == "InvalidArgument"
    again = Http(open_engine())
    assert (again.get(address).json()["value"], make(again, "pvc-b")["numberOfReplicas"]) == ("2", 2)
    assert again.get("/v1/settings/nothing").status_code == 404


def test_nodes_and_events(http: Http) -> None:
    assert http.put("/v1/nodes/node-2.example", json={"address": "10.0.0.2"}).json()["address"] == "10.0.0.2"
    nodes = http.get("/v1/nodes").json()["data"]
    assert [node["name"] for node in nodes] == ["node-1", "node-2.example"]
    assert nodes[0]["conditions"]["Ready"]["status"] == "True"
    make(http)
    assert nodes[0]["disks"]["pool"]["storageScheduled"] == 0
    assert http.get("/v1/nodes/node-1").json()["disks"]["pool"]["storageScheduled"] == 16 * MIB
    http.post("/v1/volumes/pvc-a?action=attach", json={"hostId": "node-1"})
    event = http.get("/v1/events").json()["data"][-1]
    assert (event["event"]["reason"], event["event"]["message"]) == (
        "Attached",
        "volume pvc-a has been attached to node-1",
    )
    assert http.get(event["links"]["self"]).json() == event


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/v1/volumes/nobody", {}, 404, "NotFound"),
        ("GET", "/v1/nowhere", {}, 404, "NotFound"),
        ("PUT", "/v1/volumes", {}, 405, "InvalidArgument"),
        ("POST", "/v1/volumes", {"name": "Not A Label", "size": "1"}, 400, "InvalidArgument"),
        ("POST", "/v1/volumes", {"name": "a" * 41, "size": "1"}, 400, "InvalidArgument"),
        ("POST", "/v1/volumes", {"name": "a", "size": 1}, 400, "InvalidArgument"),
        ("POST", "/v1/volumes", {"name": "a", "size": "1Qi"}, 400, "InvalidArgument"),
        ("POST", "/v1/volumes", {"name": "a", "size": "1", "numberOfReplicas": 21}, 400, "InvalidArgument"),
        ("POST", "/v1/volumes", {"name": "a", "size": str(1 << 60)}, 422, "OutOfRange"),
        ("POST", "/v1/volumes", {"name": "a", "size": "1", "dataSource": "vol://nobody"}, 404, "NotFound"),
        ("POST", "/v1/volumes", [], 400, "InvalidArgument"),
        ("POST", "/v1/volumes/nobody?action=dance", {}, 400, "InvalidArgument"),
        ("POST", "/v1/volumes/nobody?action=snapshotList", {}, 404, "NotFound"),
        ("POST", "/v1/volumes/nobody?action=expand", {"size": "1Gi"}, 404, "NotFound"),
        ("GET", "/v1/schemas/nothing", {}, 404, "NotFound"),
        ("GET", "/v1/events/nothing", {}, 404, "NotFound"),
    ],
)
def test_refusals_say_what_and_why(
    http: Http, method: str, path: str, body: dict[str, object], status: int, code: str
) -> None:
    answer = http.request(method, path, json=body)

    assert answer.status_code == status
    assert (answer.json()["type"], answer.json()["code"], answer.json()["status"]) == ("error", code, status)
    assert answer.json()["message"]


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 2097152),
        ("5242880", 6291456),
        ("10485761", 12582912),
        ("2000000000", 2000683008),
        ("5G", 5001707520),
        ("1Gi", 1 << 30),
        ("1.5Gi", 3 << 29),
        ("1e9", 1000341504),
        ("100m", 2097152),
    ],
)
def test_sizes_are_quantities_rounded_up(text: str, size: int) -> None:
    assert volume_size(text) == size


@pytest.mark.parametrize("text", ["", "Gi", "-1", "1 Gi", "1ki", "1.", "inf", "1e999", "0x10"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="not a size"):
        volume_size(text)
