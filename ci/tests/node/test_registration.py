"""Drivers come and go by their sockets, and the CSINode follows."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_csi_snapshot.csi.wire import csi_pb2_grpc, registration_pb2_grpc
from pytest_csi_snapshot.fixtures.node import paths
from pytest_csi_snapshot.fixtures.node.csi.csi_node import CsiNode
from pytest_csi_snapshot.fixtures.node.csi.drivers import Drivers
from pytest_csi_snapshot.fixtures.node.csi.registration import Registrar
from pytest_csi_snapshot.kube.kinds import CSI_NODE, NODE, Kind

from .fakes import FakeApi, FakeDriver, FakeRegistration, served

_PATIENCE = 30


class WatchedApi(FakeApi):
    """Tells when the CSINode is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = threading.Condition()

    def replace(self, kind: Kind, body: dict[str, Any]) -> dict[str, Any]:
        with self.written:
            done = super().replace(kind, body)
            self.written.notify_all()
            return done

    def drivers(self) -> list[dict[str, Any]]:
        return list(self.get(CSI_NODE, None, "n")["spec"]["drivers"])

    def wait_for_no_driver(self) -> bool:
        with self.written:
            return self.written.wait_for(lambda: not self.drivers(), _PATIENCE)


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WatchedApi]:
    monkeypatch.setattr(paths, "REGISTRY", tmp_path / "registry")
    api: Any = WatchedApi()
    api.put(NODE, {"metadata": {"name": "n"}})
    csi_node = CsiNode(api, "n", lambda: "uid")
    csi_node.create()
    stop = threading.Event()
    Registrar(Drivers(lambda: None), csi_node, stop).start()
    yield api
    stop.set()


def test_a_driver_comes_and_goes(tmp_path: Path, api: WatchedApi) -> None:
    registration = FakeRegistration("fake.test", tmp_path / "csi.sock")
    socket = tmp_path / "registry" / "fake.test-reg.sock"
    with served(tmp_path / "csi.sock", csi_pb2_grpc.add_NodeServicer_to_server, FakeDriver()):
        with served(socket, registration_pb2_grpc.add_RegistrationServicer_to_server, registration):
            assert registration.told.wait(_PATIENCE)
            assert registration.verdict.plugin_registered
            (entry,) = api.drivers()
            assert entry == {
                "name": "fake.test",
                "nodeID": "id-1",
                "topologyKeys": ["fake.test/zone"],
                "allocatable": {"count": 7},
            }
            assert api.get(NODE, None, "n")["metadata"]["labels"] == {"fake.test/zone": "z"}
        assert api.wait_for_no_driver()


def test_a_driver_of_another_age_is_refused(tmp_path: Path, api: WatchedApi) -> None:
    registration = FakeRegistration("fake.test", tmp_path / "csi.sock", versions=("0.3.0",))
    socket = tmp_path / "registry" / "old-reg.sock"
    with served(socket, registration_pb2_grpc.add_RegistrationServicer_to_server, registration):
        assert registration.told.wait(_PATIENCE)
    assert not registration.verdict.plugin_registered
    assert "need 1.x" in registration.verdict.error
    assert api.drivers() == []
