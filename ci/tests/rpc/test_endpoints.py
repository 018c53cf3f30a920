"""Addresses, and who may be found behind them."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest

from pytest_csi_snapshot.csi.calls import DeadPluginError, Line
from pytest_csi_snapshot.csi.endpoints import Endpoint, check_there, parse_endpoint
from pytest_csi_snapshot.csi.plugin import Plugin, reach
from pytest_csi_snapshot.csi.wire import csi_pb2
from pytest_csi_snapshot.errors import EnvironmentTrouble

from . import fake_driver
from .fake_state import State

PATIENCE = 0.5


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("unix:///run/csi.sock", Endpoint(path="/run/csi.sock")),
        ("unix:/run/csi.sock", Endpoint(path="/run/csi.sock")),
        ("/run/csi.sock", Endpoint(path="/run/csi.sock")),
        ("tcp://127.0.0.1:10000", Endpoint(host="127.0.0.1", port=10000)),
        ("localhost:10000", Endpoint(host="127.0.0.1", port=10000)),
        ("[::1]:10000", Endpoint(host="::1", port=10000)),
    ],
)
def test_an_address_is_read(text: str, endpoint: Endpoint) -> None:
    assert parse_endpoint(text) == endpoint


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("unix://", "names no path"),
        ("http://localhost:1", "unknown scheme"),
        ("localhost", "neither unix:///path/csi.sock nor"),
        ("localhost:0", "neither unix:///path/csi.sock nor"),
        ("10.0.0.1:10000", "10.0.0.1 is not a loopback address"),
        ("storage.example.com:10000", "is not a loopback address"),
    ],
)
def test_a_wrong_address_is_told(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse_endpoint(text)


def test_a_socket_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no socket"):
        check_there(Endpoint(path=str(tmp_path / "csi.sock")))
    with pytest.raises(ValueError, match="is not a socket"):
        check_there(Endpoint(path=str(tmp_path)))


def test_a_plugin_is_reached(folder: Path) -> None:
    with fake_driver.serving(folder) as (endpoint, _):
        assert reach(parse_endpoint(endpoint)) == Plugin("fake.example.com", "1.2.3")


def test_a_path_may_be_longer_than_a_socket_address(folder: Path) -> None:
    deep = folder / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    with fake_driver.serving(folder):
        os.link(folder / "csi.sock", deep / "csi.sock")
        assert reach(Endpoint(path=str(deep / "csi.sock"))).name == "fake.example.com"


def test_nothing_listens(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(folder / "csi.sock"))
    told = told_by(Endpoint(path=str(folder / "csi.sock")))
    assert told.startswith(f"nothing answers at unix://{folder}/csi.sock; Connection refused")


def test_what_listens_says_nothing(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(folder / "csi.sock"))
        mute.listen()
        told = told_by(Endpoint(path=str(folder / "csi.sock")))
    assert told == f"what listens at unix://{folder}/csi.sock does not speak gRPC; no answer within 0.5 s"


def test_a_server_of_something_else(folder: Path) -> None:
    with server(folder, None) as endpoint:
        assert "is not a CSI identity server; GetPluginInfo answered UNIMPLEMENTED" in told_by(endpoint)


def test_a_plugin_that_hangs(folder: Path) -> None:
    with server(folder, Hanging()) as endpoint:
        assert told_by(endpoint) == f"{endpoint} hangs; no answer to GetPluginInfo within 0.5 s"


def test_a_plugin_that_is_never_ready(folder: Path) -> None:
    with server(folder, Unready()) as endpoint:
        assert told_by(endpoint).endswith("does not become ready; Probe answered ready: false")


def test_a_plugin_that_begins_to_hang_costs_one_call(folder: Path) -> None:
    """Every later call fails at once, and says why."""
    with server(folder, Hanging()) as endpoint:
        line = Line(endpoint, call_seconds=PATIENCE, alive_seconds=PATIENCE)
        with pytest.raises(DeadPluginError, match=r"GetPluginInfo was answered by DEADLINE_EXCEEDED"):
            line.ask(csi_pb2.GetPluginInfoRequest())
        began = time.monotonic()
        with pytest.raises(DeadPluginError, match="then Probe not within"):
            line.ask(csi_pb2.GetPluginInfoRequest())
        assert time.monotonic() - began < PATIENCE
        line.close()


class Hanging(fake_driver.Identity):
    """Answers nothing in time."""

    def __init__(self) -> None:
        super().__init__(State(frozenset()))

    def GetPluginInfo(  # noqa: N802
        self, request: csi_pb2.GetPluginInfoRequest, context: grpc.ServicerContext
    ) -> csi_pb2.GetPluginInfoResponse:
        time.sleep(4 * PATIENCE)
        return csi_pb2.GetPluginInfoResponse()

    def Probe(  # noqa: N802
        self, request: csi_pb2.ProbeRequest, context: grpc.ServicerContext
    ) -> csi_pb2.ProbeResponse:
        time.sleep(4 * PATIENCE)
        return csi_pb2.ProbeResponse()


class Unready(fake_driver.Identity):
    """Has a name, and is not ready."""

    def __init__(self) -> None:
        super().__init__(State(frozenset()))

    def Probe(  # noqa: N802
        self, request: csi_pb2.ProbeRequest, context: grpc.ServicerContext
    ) -> csi_pb2.ProbeResponse:
        found = csi_pb2.ProbeResponse()
        found.ready.value = False
        return found


@contextmanager
def server(folder: Path, identity: fake_driver.Identity | None) -> Iterator[Endpoint]:
    """A gRPC server with this identity service, or with none."""
    from pytest_csi_snapshot.csi.wire import csi_pb2_grpc

    made = grpc.server(futures.ThreadPoolExecutor(4))
    if identity:
        csi_pb2_grpc.add_IdentityServicer_to_server(identity, made)
    made.add_insecure_port(f"unix://{folder}/csi.sock")
    made.start()
    try:
        yield Endpoint(path=f"{folder}/csi.sock")
    finally:
        made.stop(None).wait()


def told_by(endpoint: Endpoint) -> str:
    """The one line of a plugin that cannot be reached."""
    with pytest.raises(EnvironmentTrouble) as trouble:
        reach(endpoint, patience=PATIENCE, ready_patience=PATIENCE)
    text = str(trouble.value)
    assert "\n" not in text
    return text
