"""The backend in the shape of the older release: what its volumes show and offer."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_csi_snapshot.reference_impl.backend.engine import Engine
from pytest_csi_snapshot.reference_impl.backend.pool import Pool
from pytest_csi_snapshot.reference_impl.backend.records import Node
from pytest_csi_snapshot.reference_impl.profiles import PROFILES

from .http import Http


@pytest.fixture
def seed(data: Path) -> Iterator[Http]:
    engine = Engine.open(data, Pool(data, 1 << 30), PROFILES["seed"])
    engine.nodes.put(Node("node-1"))
    yield Http(engine)
    for _, fd in engine.devices._held.values():  # noqa: SLF001  what the kernel does to a killed process
        os.close(fd)


def test_a_volume_looks_as_it_did(seed: Http) -> None:
    made = seed.post("/v1/volumes", json={"name": "pvc-a", "size": "16Mi"}).json()
    assert "image" not in made
    assert made["engineImage"]
    assert set(made["conditions"]) == {"scheduled", "restore", "toomanysnapshots"}
    assert all(name == item["type"] for name, item in made["conditions"].items())
    schema = seed.get("/v1/schemas/volume").json()
    assert set(schema["resourceFields"]) == set(made) - {"id", "type", "links", "actions"}


def test_snapshots_need_an_attached_volume_and_expansion_a_detached_one(seed: Http) -> None:
    made = seed.post("/v1/volumes", json={"name": "pvc-a", "size": "16Mi"}).json()
    assert "expand" in made["actions"]
    attached = seed.post(made["actions"]["attach"], json={"hostId": "node-1"}).json()
    for volume in (made, attached):
        assert not [action for action in volume["actions"] if action.startswith("snapshotCR")]
    assert ("snapshotCreate" in made["actions"], "snapshotCreate" in attached["actions"]) == (False, True)
    assert "expand" not in attached["actions"]
    refused = seed.post("/v1/volumes/pvc-a?action=expand", json={"size": "32Mi"})
    assert (refused.status_code, refused.json()["code"]) == (412, "Server Error")
    assert "needs it detached, it is attached" in refused.json()["message"]
    assert seed.post("/v1/volumes/pvc-a?action=snapshotCreate", json={"name": "s1"}).status_code == 200
