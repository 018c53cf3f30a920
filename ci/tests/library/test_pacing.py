"""The rate of requests, and a server that is busy."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pytest_csi_snapshot.history import History
from pytest_csi_snapshot.kube.client import KubeClient
from pytest_csi_snapshot.kube.kinds import SNAPSHOT
from pytest_csi_snapshot.kube.pacing import BURST, Pace
from pytest_csi_snapshot.labels import Mark
from pytest_csi_snapshot.owning import OwnedClient

from .test_client import KUBECONFIG

MARK = Mark("abcd", "gw0")


class Turned:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def pace(self, rate: float) -> Pace:
        return Pace(rate, clock=lambda: self.now, sleep=self.sleep)


def test_no_more_requests_a_second_than_allowed() -> None:
    clock = Turned()
    pace = clock.pace(50)
    for _ in range(BURST + 100):
        pace.wait()
    assert clock.now - 1000 == pytest.approx(2.0)
    assert max(clock.slept) == pytest.approx(0.02)


def test_after_a_pause_a_burst_and_no_more() -> None:
    clock = Turned()
    pace = clock.pace(10)
    for _ in range(50):
        pace.wait()
    clock.now += 3600
    clock.slept.clear()
    for _ in range(BURST):
        pace.wait()
    assert sum(clock.slept) == pytest.approx(0, abs=1e-9)
    pace.wait()
    assert sum(clock.slept) == pytest.approx(0.1)


def test_nothing_is_sent_before_a_busy_server_wants_to_be_asked_again() -> None:
    clock = Turned()
    pace = clock.pace(50)
    pace.wait()
    pace.refused(429, 7)
    pace.wait()
    assert clock.slept == [pytest.approx(7)]
    pace.refused(404, 7)
    pace.wait()
    assert len(clock.slept) == 1
    assert pace.refusals == {429: 1, 404: 1}


class Busy(BaseHTTPRequestHandler):
    """Refuses the first two creations, as API priority and fairness does, and takes the third."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server = self.server
        assert isinstance(server, BusyServer)
        server.posts += 1
        if server.posts <= 2:
            self._answer(429, {"kind": "Status", "reason": "TooManyRequests"}, {"Retry-After": "4"})
        else:
            self._answer(201, {**body, "metadata": {**body["metadata"], "uid": "u", "resourceVersion": "1"}})

    def _answer(self, status: int, body: object, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


class BusyServer(ThreadingHTTPServer):
    posts = 0


@pytest.fixture
def busy() -> Iterator[BusyServer]:
    with BusyServer(("127.0.0.1", 0), Busy) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_429_is_honoured_and_the_creation_repeated(
    busy: BusyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(KUBECONFIG.format(host=f"http://127.0.0.1:{busy.server_address[1]}"))
    paused: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", paused.append)
    clock = Turned()
    owned = OwnedClient(KubeClient.from_kubeconfig(str(path)), History(), MARK)
    owned.keep_pace(clock.pace(50))

    made = owned.create(SNAPSHOT, {"metadata": {"name": "s", "namespace": MARK.fresh()}})

    assert made["metadata"]["uid"] == "u"
    assert busy.posts == 3
    assert len(paused) == 2
    assert min(paused) >= 4  # what the server asked for, not what our back-off would be
    assert clock.slept == [pytest.approx(4), pytest.approx(4)]
