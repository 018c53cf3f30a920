"""A worker that asks Kubernetes' own tests, without a cluster and without those tests."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bench.e2e import running
from bench.e2e.cases import CASES
from bench.e2e.running import CaseResult, E2eRun
from bench.troubles import BenchError
from faults.e2e_workers import Answer, Question, answer

from pytest_csi_snapshot.cluster import Cluster


class StandIn:
    """A cluster in which ``dirty`` faults leave something behind; with ``unable`` ones it does not come up."""

    about = Cluster.from_plain(
        {"provider": "embedded", "kubeconfig": "k", "context": "c", "driver": "d", "storage_class": "s",
         "snapshot_class": "v", "image": "i"}
    )  # fmt: skip

    def __init__(self) -> None:
        self.log: list[str] = []
        self.on = ""

    def up(self) -> None:
        self.log.append("up")

    def down(self) -> None:
        self.log.append("down")

    def replace(self) -> None:
        self.log.append("replaced")
        self.on = ""

    def cleared(self) -> bool:
        return self.on != "dirty"

    def switch(self, faults: tuple[str, ...]) -> None:
        self.on = " ".join(faults)
        if self.on == "unable":
            raise BenchError("the driver does not begin")
        self.log.append(f"{self.on} on")


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    def run(cases: Any, driver: Any, kubeconfig: str, folder: Path, **_limits: Any) -> E2eRun:
        return E2eRun(9.0, (CaseResult(f"{folder.name} by {driver.name} at {kubeconfig}", "passed"),))

    monkeypatch.setattr(running, "run", run)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield StandIn()
    for number, handler in handlers.items():
        signal.signal(number, handler)


def answers(cluster: StandIn, folder: Path, *names: str) -> list[Answer]:
    told: list[Answer] = []
    answer(cluster, [Question(name, (name,), CASES) for name in names], told.append, folder)
    return told


def test_each_question_is_asked_in_its_cluster(tmp_path: Path, cluster: StandIn) -> None:
    (told,) = answers(cluster, tmp_path, "tail-lost")
    assert [each.name for each in told.results] == ["tail-lost by d at k"]
    assert (told.name, told.trouble) == ("tail-lost", "")
    assert cluster.log == ["up", "tail-lost on", "down"]


def test_what_a_fault_leaves_is_no_matter_of_the_next(tmp_path: Path, cluster: StandIn) -> None:
    answers(cluster, tmp_path, "dirty", "next")
    assert cluster.log == ["up", "dirty on", "replaced", "next on", "down"]


def test_a_fault_that_lets_no_cluster_come_up_is_told_and_the_next_asked(tmp_path: Path, cluster: StandIn) -> None:
    unable, following = answers(cluster, tmp_path, "unable", "next")
    assert (unable.trouble, unable.results) == ("the driver does not begin", ())
    assert following.results
    assert cluster.log == ["up", "replaced", "next on", "down"]


def test_the_cluster_goes_when_somebody_has_enough(
    tmp_path: Path, cluster: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any, **__: Any) -> E2eRun:
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        answers(cluster, tmp_path, "tail-lost")
    assert cluster.log == ["up", "tail-lost on", "down"]
