"""What jitter does to a role: everything goes through in the end, and nothing is done twice."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_csi_snapshot.reference_impl.driver.refusals import Refusal
from pytest_csi_snapshot.reference_impl.faults import jitter
from pytest_csi_snapshot.reference_impl.wire import csi_pb2


class Controller:
    """A service that counts its calls."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def DeleteSnapshot(self, request: csi_pb2.DeleteSnapshotRequest, _context: object) -> None:  # noqa: N802
        self.done.append(request.snapshot_id)


def test_a_call_is_refused_before_it_is_done_and_goes_through_when_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(jitter, "CALL_SECONDS", 0.0)
    monkeypatch.setattr("random.random", lambda: 0.0)
    services: Any = SimpleNamespace(identity=None, controller=Controller(), groups=None, node=None)
    jitter.SlowCalls().apply(services)
    request = csi_pb2.DeleteSnapshotRequest(snapshot_id="s-1")
    with pytest.raises(Refusal) as refused:
        services.controller.DeleteSnapshot(request, None)
    assert refused.value.code.name in ("UNAVAILABLE", "ABORTED")
    assert services.controller.done == []
    services.controller.DeleteSnapshot(request, None)
    assert services.controller.done == ["s-1"]


STORY = """
import json, random
from pytest_csi_snapshot.reference_impl.controllers.kube.client import KubeClient, Watch
from pytest_csi_snapshot.reference_impl.controllers.kube.errors import ApiUnreachableError
from pytest_csi_snapshot.reference_impl.faults import jitter

sent = []
KubeClient._request = lambda self, method, path, **more: sent.append((method, path))
jitter.WRITE_SECONDS = jitter.EVENT_SECONDS = 0.0
luck = iter([0.0, 0.9])
random.random = lambda: next(luck)
jitter._lose_writes(KubeClient)
client = object.__new__(KubeClient)
for method, path in [("GET", "/a"), ("PUT", "/a"), ("PUT", "/a"), ("PUT", "/leases/l"), ("POST", "/b")]:
    try:
        KubeClient._request(client, method, path)
    except ApiUnreachableError:
        sent.append("lost")
print(json.dumps(sent))
"""


def test_a_write_of_a_controller_is_lost_before_it_is_sent_and_neither_reads_nor_leases_are() -> None:
    # In a process of its own, because it is the class that changes.
    told = subprocess.run([sys.executable, "-c", STORY], capture_output=True, text=True, check=True).stdout
    assert json.loads(told) == [["GET", "/a"], "lost", ["PUT", "/a"], ["PUT", "/leases/l"], ["POST", "/b"]]


def test_an_event_that_is_late_is_told_before_its_role_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    class Telling:
        def __init__(self) -> None:
            self.told: list[str] = []

        def event(self, _about: object, what: str) -> None:
            self.told.append(what)

        def stop(self, _timeout: float) -> None:
            self.told.append("end")

    monkeypatch.setattr(jitter, "EVENT_SECONDS", 3600.0)
    monkeypatch.setattr("random.uniform", lambda _least, most: most)
    kind: Any = Telling
    jitter.delay_events(kind)
    recorder = Telling()
    snapshot = {"metadata": {"uid": "u-1"}}
    recorder.event(snapshot, "first")
    recorder.event(snapshot, "second")
    assert recorder.told == []
    recorder.stop(1.0)
    assert recorder.told == ["first", "second", "end"]


def test_what_is_late_is_done_once_and_in_its_order() -> None:
    done: list[str] = []
    here = threading.Event()
    late = jitter.Late()
    late.add("one", 3600.0, lambda: done.append("first"))
    late.add("another", 3600.0, lambda: done.append("another"))
    late.add("one", 0.0, here.set)
    late.add("one", 0.0, lambda: done.append("third"))
    assert here.wait(30)
    late.hurry()
    assert sorted(done) == ["another", "first", "third"]
    assert done.index("first") < done.index("third")
