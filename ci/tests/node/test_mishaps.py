"""What nobody foresaw: a thread of the node tells it and goes on, instead of ending unseen."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_csi_snapshot.fixtures.node import worker as worker_module
from pytest_csi_snapshot.fixtures.node.container import Container
from pytest_csi_snapshot.fixtures.node.pod_volumes import PodVolumes
from pytest_csi_snapshot.fixtures.node.probes import Probe
from pytest_csi_snapshot.fixtures.node.records import ContainerRecord, Waiting
from pytest_csi_snapshot.fixtures.node.volumes.base import UnknownVolume
from pytest_csi_snapshot.fixtures.node.watching import Mirror
from pytest_csi_snapshot.fixtures.node.worker import Worker
from pytest_csi_snapshot.kube.kinds import POD
from pytest_csi_snapshot.kube.refusals import ApiUnreachableError

LOST = ApiUnreachableError("GET", "/", ConnectionError("reset"))


def pod(name: str, *volumes: dict[str, Any]) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": "ns", "uid": f"uid-{name}", "resourceVersion": "1"},
        "spec": {"containers": [], "volumes": list(volumes)},
    }


def services(told: list[tuple[Any, ...]], top: Path) -> Any:
    """As much of a node as a worker without containers asks for."""
    return SimpleNamespace(
        config=SimpleNamespace(address="198.18.0.1", name="node-1", run_dir=str(top)),
        client=None,
        processes=None,
        capacity={},
        csi=None,
        recorder=SimpleNamespace(record=lambda *event: told.append(event)),
        hosts=SimpleNamespace(add=lambda *_: None, remove=lambda *_: None),
    )


class Once:
    """A watch that brings two pods and then waits for the end of the test."""

    def __init__(self, end: threading.Event) -> None:
        self._end = end

    def collect(self, *_: object, **__: object) -> tuple[list[dict[str, Any]], str]:
        return [], "1"

    def watch(self, *_: object, **__: object) -> Iterator[dict[str, Any]]:
        for name in ("first", "second"):
            yield {"type": "ADDED", "object": pod(name)}
        self._end.wait()


def test_an_object_that_cannot_be_taken_in_does_not_end_the_watch() -> None:
    end, second = threading.Event(), threading.Event()

    def changed(_change: str, item: dict[str, Any]) -> None:
        if item["metadata"]["name"] == "first":
            raise KeyError("unforeseen")
        second.set()

    Mirror(Once(end), POD, end, changed).start()  # type: ignore[arg-type]
    assert second.wait(30)
    end.set()


def test_a_probe_that_cannot_be_carried_out_is_a_probe_that_failed() -> None:
    told = threading.Event()
    failures: list[str] = []

    def act(_: float) -> None:
        raise KeyError("unforeseen")

    def failed(text: str) -> None:
        failures.append(text)

    probe = Probe({"periodSeconds": 3600, "failureThreshold": 1}, act, lambda _: told.set(), failed, eager=False)
    probe.start()
    assert told.wait(30)
    probe.stop()
    assert failures == ["KeyError: 'unforeseen'"]


class Stumbling(Worker):
    """Fails at its first step in a way that nobody foresaw."""

    stumbled = False

    def _prepare(self) -> str | None:
        if not self.stumbled:
            self.stumbled = True
            raise KeyError("unforeseen")
        return super()._prepare()


def test_a_pod_goes_on_after_an_unforeseen_error_and_tells_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "_MISHAP_RETRY", 0)
    told: list[tuple[Any, ...]] = []
    ended = threading.Event()
    stumbling = Stumbling(pod("p"), services(told, tmp_path))
    stumbling.removed()
    stumbling.start(lambda _worker: ended.set())
    assert ended.wait(30)
    assert [(reason, text) for _, _, reason, text in told] == [
        ("FailedSync", "error while its volumes are set up: KeyError: 'unforeseen'")
    ]


def test_a_kind_of_volume_that_is_not_known_makes_a_pod_that_can_be_refused(tmp_path: Path) -> None:
    made = Worker(pod("p", {"name": "v", "nfs": {"server": "s", "path": "/"}}), services([], tmp_path))
    assert isinstance(made.pod.volumes["v"], UnknownVolume)
    assert made.volumes.tear_down()


def test_a_volume_is_tried_again_when_the_api_server_did_not_answer(tmp_path: Path) -> None:
    told: list[tuple[Any, ...]] = []
    made = Worker(pod("p", {"name": "v", "emptyDir": {}}), services(told, tmp_path))
    made.pod.volumes["v"].set_up = _lost  # type: ignore[method-assign]
    volumes = PodVolumes(made.pod)
    assert not volumes.set_up()
    assert volumes.next_moment(running=False) is not None
    assert [event[2] for event in told] == ["FailedMount"]


def _lost(*_: object) -> None:
    raise LOST


def test_a_container_whose_variables_cannot_be_read_is_tried_again(tmp_path: Path) -> None:
    events: list[tuple[str, ...]] = []
    surface = SimpleNamespace(
        address="198.18.0.1",
        policy="Never",
        grace=1.0,
        image=lambda _name: SimpleNamespace(match="busybox"),
        spec=_lost,
        directory=lambda name: tmp_path / name,
        workspace=lambda identifier: tmp_path / identifier,
        event=lambda *event: events.append(event),
        wake=lambda: None,
    )
    record = ContainerRecord("c", "busybox", Waiting("ContainerCreating"))
    container = Container({"name": "c"}, record, surface, None, init=False)  # type: ignore[arg-type]
    container.step(may_start=True)
    assert isinstance(record.state, Waiting)
    assert record.state.reason == "CreateContainerError"
    assert container.deadline is not None
