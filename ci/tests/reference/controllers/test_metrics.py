"""Metrics of the snapshot-controller: which operation lasted how long (clause ERR-010)."""

from __future__ import annotations

import argparse
import socket
import urllib.error
import urllib.request
from typing import Any

import pytest
import tenacity

from pytest_csi_snapshot.reference_impl.controllers.kube import objects
from pytest_csi_snapshot.reference_impl.controllers.kube.kinds import SNAPSHOT
from pytest_csi_snapshot.reference_impl.controllers.snapshot_controller.metrics import Operations
from pytest_csi_snapshot.reference_impl.controllers.work import scraping
from pytest_csi_snapshot.reference_impl.controllers.work.process import StartError

from .snapshot_stage import Theatre
from .stage import DRIVER, NS

Json = dict[str, Any]


class Watched:
    """The operations of a stage, on a clock that the test moves."""

    def __init__(self) -> None:
        self.stage = Theatre()
        self.now = 0.0
        self.operations = Operations(self.stage.cluster, lambda: self.now)
        self._before: Json | None = None

    def look(self, name: str = "s", *, after: float = 0.0) -> None:
        """Let time pass and tell the operations how the snapshot is now."""
        self.now += after
        current = self.stage.kube.peek(SNAPSHOT, f"{NS}/{name}")
        self.operations.changed(self._before, current)
        self._before = current

    def values(self, part: str) -> dict[str, str]:
        """Operation and status -> value, of the lines that begin with ``part``."""
        lines = [line for line in self.operations.text().splitlines() if line.startswith(part + "{")]
        return {line.partition('operation_name="')[2].split('"')[0]: line.rpartition(" ")[2] for line in lines}


TOTAL = "snapshot_controller_operation_total_seconds"


def test_a_snapshot_from_its_creation_to_its_deletion() -> None:
    watched = Watched()
    stage = watched.stage
    stage.bound_claim()
    stage.snapshot_class()
    stage.snapshot()
    watched.look()
    assert "snapshot_controller_operations_in_flight 2" in watched.operations.text()
    stage.sync()
    stage.answer(readyToUse=False)
    stage.sync()
    watched.look(after=2)
    stage.answer()
    stage.sync()
    watched.look(after=3)
    stage.sync()
    assert watched.values(f"{TOTAL}_sum") == {"CreateSnapshot": "2.000000", "CreateSnapshotAndReady": "5.000000"}
    stage.delete(SNAPSHOT, f"{NS}/s")
    watched.look()
    stage.change(SNAPSHOT, f"{NS}/s", metadata={**stage.seen()["metadata"], "finalizers": []})
    watched.look(after=1)
    assert watched.values(f"{TOTAL}_sum")["DeleteSnapshot"] == "1.000000"
    text = watched.operations.text()
    labels = f'driver_name="{DRIVER}",operation_name="CreateSnapshot",operation_status="success"'
    assert f'{TOTAL}_bucket{{{labels},snapshot_type="dynamic",le="1"}} 0' in text
    assert f'{TOTAL}_bucket{{{labels},snapshot_type="dynamic",le="2.5"}} 1' in text
    assert "snapshot_controller_operations_in_flight 0" in text


def test_a_snapshot_deleted_before_it_was_ready_is_told_apart() -> None:
    watched = Watched()
    watched.stage.static_snapshot()
    watched.look()
    snapshot = watched.stage.seen()
    meta = {**snapshot["metadata"], "finalizers": ["f"]}
    watched.stage.change(SNAPSHOT, objects.key(snapshot), metadata=meta)
    watched.stage.delete(SNAPSHOT, objects.key(snapshot))
    watched.look(after=1)
    lines = [line for line in watched.operations.text().splitlines() if line.startswith(f"{TOTAL}_count")]
    assert len(lines) == 2
    assert all('operation_status="cancelled",snapshot_type="pre-provisioned"' in line for line in lines)


def test_a_snapshot_that_was_ready_before_the_controller_came_is_no_operation() -> None:
    watched = Watched()
    watched.stage.ready()
    watched.look()
    assert watched.values(f"{TOTAL}_count") == {}


def test_the_page() -> None:
    server = scraping.serve(("127.0.0.1", 0), "/metrics", lambda: "a 1\n")
    try:
        address = f"http://127.0.0.1:{server.server_port}"
        with urllib.request.urlopen(f"{address}/metrics") as answer:
            assert answer.read() == b"a 1\n"
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{address}/other")
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("endpoint", ["9500", "host:", "host:http"])
def test_an_endpoint_of_another_form(endpoint: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="not HOST:PORT"):
        scraping.endpoint(endpoint)


def test_an_address_that_is_taken_is_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = taken.getsockname()
        server = scraping.serve(address, "/metrics", lambda: "a 1\n")
    try:
        patiently = tenacity.Retrying(wait=tenacity.wait_fixed(0.05), stop=tenacity.stop_after_delay(20))
        with patiently(urllib.request.urlopen, f"http://127.0.0.1:{address[1]}/metrics") as answer:
            assert answer.read() == b"a 1\n"
    finally:
        server.shutdown()
        server.server_close()


def test_an_address_that_nobody_has() -> None:
    with pytest.raises(StartError, match=r"--http-endpoint 192\.0\.2\.1:80: Cannot assign"):
        scraping.serve(("192.0.2.1", 80), "/metrics", str)
