"""Workers that have Kubernetes' own tests judge one fault after the other, each on clusters of its own."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench.e2e import running
from bench.e2e.cases import E2eCase
from bench.e2e.running import CaseResult, Driver
from bench.troubles import BenchError

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.fixtures.installing.awaiting import NotInTimeError
from pytest_csi_snapshot.kube.refusals import ApiError, ApiUnreachableError

from .clusters import KeptCluster, Lasting, kept
from .crew import Pipe, given
from .kind_clusters import KindCluster

PROCESSES = 4

LIMIT = 240.0
"""Seconds for all cases; without a fault they take one hundred."""

TIMEOUTS = dict.fromkeys(
    ("ClaimProvision", "DataSourceProvision", "PodStart", "PodStartSlow", "PodDelete", "SnapshotCreate",
     "SnapshotDelete", "PVDelete", "PVDeleteSlow", "PVBound"), "60s")  # fmt: skip
"""Their own are five minutes and more, for clouds; a fault that hangs is told as well after one."""


_TROUBLES = (BenchError, NotInTimeError, ApiError, ApiUnreachableError, OSError)


@dataclass(frozen=True)
class Question:
    """What these cases say with these faults on; ``name`` is that of the fault."""

    name: str
    faults: tuple[str, ...]
    cases: tuple[E2eCase, ...]


@dataclass(frozen=True)
class Answer:
    """What came of it; ``trouble`` says why nothing did."""

    name: str
    results: tuple[CaseResult, ...] = ()
    seconds: float = 0.0
    trouble: str = ""


class Kept(Lasting, Protocol):
    """Where the cases run: a cluster in which faults are switched on, by restarting a role."""

    @property
    def about(self) -> Cluster: ...

    def switch(self, faults: tuple[str, ...]) -> None:
        """Raises BenchError, or an error of the API, where no cluster with them comes up."""

    def cleared(self) -> bool: ...

    def replace(self) -> None: ...


def on_kind(_name: str, folder: Path, pipe: Pipe) -> None:
    """The main function of a worker with a kind cluster."""
    _work(KindCluster(folder), folder, pipe)


def embedded(name: str, folder: Path, pipe: Pipe) -> None:
    """The main function of a worker with an embedded cluster."""
    _work(KeptCluster(name), folder, pipe)


def _work(cluster: Kept, folder: Path, pipe: Pipe) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        answer(cluster, given(pipe), pipe.send, folder)


def answer(cluster: Kept, questions: Iterable[Question], tell: Callable[[Answer], None], folder: Path) -> None:
    """Answer one after the other; no cluster is there afterwards, whatever happens."""
    with kept(cluster):
        for question in questions:
            began = time.monotonic()
            try:
                results, trouble = _results(cluster, question, folder), ""
            except _TROUBLES as error:  # some faults let no cluster come up; the others are asked about
                results, trouble = (), str(error)
                cluster.replace()
            tell(Answer(question.name, results, time.monotonic() - began, trouble))


def _results(cluster: Kept, question: Question, folder: Path) -> tuple[CaseResult, ...]:
    if not cluster.cleared():
        cluster.replace()
    cluster.switch(question.faults)
    about = cluster.about
    driver = Driver(about.driver, about.storage_class, about.snapshot_class, TIMEOUTS)
    place = folder / question.name
    run = running.run(question.cases, driver, about.kubeconfig, place, processes=PROCESSES, limit=LIMIT)
    return run.results
