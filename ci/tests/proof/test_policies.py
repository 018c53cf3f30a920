"""When policies count as acting: once the server shows the guard that was put in behind them."""

from __future__ import annotations

import time
from typing import Any

import pytest

from pytest_csi_snapshot.fixtures.installing import policies
from pytest_csi_snapshot.fixtures.installing.awaiting import NotInTimeError
from pytest_csi_snapshot.kube.kinds import Kind
from pytest_csi_snapshot.kube.refusals import ApiError

Json = dict[str, Any]


class Server:
    """Keeps policies and bindings by kind and name, and acts by them at once, or never."""

    def __init__(self, *, acts: bool = True) -> None:
        self.kept: dict[tuple[str, str], Json] = {}
        self.told: list[str] = []
        self._acts = acts

    def apply(self, objects: list[Json]) -> None:
        for body in objects:
            self.kept[body["kind"], body["metadata"]["name"]] = body
            self.told.append(f"+ {body['kind']} {body['metadata']['name'].partition('.')[0]}")

    def list(self, kind: Kind) -> list[Json]:
        return [body for (name, _), body in self.kept.items() if name == kind.kind]

    def delete(self, kind: Kind, _namespace: None, name: str) -> None:
        if self.kept.pop((kind.kind, name), None):
            self.told.append(f"- {kind.kind} {name.partition('.')[0]}")

    def create(self, _kind: Kind, body: Json, *, dry_run: bool) -> Json:
        assert dry_run
        for name in (policies.MUTATING, policies.VALIDATING):
            bound = (f"{name}Binding", "guard.fault.example.com") in self.kept
            if self._acts and bound and body["metadata"]["name"] == f"guard-{name.lower()}":
                if name == policies.VALIDATING:
                    raise ApiError("POST", "configmaps", 422, "denied: guard.fault.example.com")
                return {**body, "data": {"guard": "on"}}
        return body


def faulty(kind: str) -> list[Json]:
    meta = {"name": "broken.fault.example.com"}
    return [{"kind": each, "metadata": meta, "spec": {}} for each in (kind, f"{kind}Binding")]


def turn(server: Server, wanted: list[Json], monkeypatch: pytest.MonkeyPatch, seconds: float = 5.0) -> None:
    monkeypatch.setattr(policies, "Applier", lambda client: client)
    policies.Policies(server).turn_to(wanted, time.monotonic() + seconds)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [policies.MUTATING, policies.VALIDATING])
def test_the_guard_comes_last_and_its_binding_goes_last(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server()
    turn(server, faulty(kind), monkeypatch)
    turn(server, [], monkeypatch)
    assert server.told == [
        f"+ {kind} broken",
        f"+ {kind}Binding broken",
        f"+ {kind} guard",
        f"+ {kind}Binding guard",
        f"- {kind}Binding broken",
        f"- {kind}Binding guard",
        f"- {kind} broken",
        f"- {kind} guard",
    ]
    assert not server.kept


def test_a_server_that_never_acts_by_them_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotInTimeError, match="does not act by them"):
        turn(Server(acts=False), faulty(policies.MUTATING), monkeypatch, 0.2)


def test_nothing_is_done_where_there_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server()
    turn(server, [], monkeypatch)
    assert server.told == []
