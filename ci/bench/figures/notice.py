"""How late a waiting test goes on: from what happens in the API server to the return of the wait.

The event of an object cannot be there before the request that makes it was sent, so the whole time from the
request to the end of the wait is an upper bound of what the budget is about: it has the API server's work and the
disk of etcd in it. Beside it stand the parts: what is left once the answer to the request is there, and what is
the harness's own, from the arrival in the history.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bench.figure import Budget, Measurement, Order, Taken
from bench.troubles import BenchError
from pytest_csi_snapshot.fixtures.embedded.kubeconfigs import CONTEXT
from pytest_csi_snapshot.fixtures.embedded.rundir import RunDir, Runs
from pytest_csi_snapshot.fixtures.existing import connect
from pytest_csi_snapshot.history import History, Version
from pytest_csi_snapshot.kube.client import KubeClient
from pytest_csi_snapshot.kube.kinds import Kind
from pytest_csi_snapshot.waiting import wait_for
from pytest_csi_snapshot.watching import Scope, Watch

MEDIAN = Budget("notice", "request to the waiting test going on", "ms", 20.0)
LATE = Budget("notice p99", "the same, 99 of 100", "ms", 100.0, by="p99")
ANSWER = Budget("answer to notice", "answer to the request, to going on", "ms")
OWN = Budget("arrival to notice", "arrival of the event, to going on", "ms")

CONFIG_MAP = Kind("v1", "ConfigMap", "configmaps")
NAMESPACE = "default"
PATIENCE = 30.0
"""Seconds for any one event."""


class Moments(NamedTuple):
    """Of one object, on the monotonic clock."""

    sent: float
    answered: float
    arrived: float
    noticed: float


def take(order: Order) -> Taken:
    """Objects made by one thread, each awaited by another one as a test does."""
    with _cluster(order) as client:
        moments = measured(client, order.repetitions)
    whole = [1000 * (each.noticed - each.sent) for each in moments]
    return Taken(
        {
            MEDIAN.name: whole,
            LATE.name: whole,
            # The event may overtake the answer.
            ANSWER.name: [1000 * max(0.0, each.noticed - each.answered) for each in moments],
            OWN.name: [1000 * (each.noticed - each.arrived) for each in moments],
        }
    )


def measured(client: KubeClient, times: int) -> list[Moments]:
    """So many objects, one after the other. Raises WaitTimeout, ApiError."""
    history = History()
    watch = Watch(client, history, Scope(CONFIG_MAP, NAMESPACE, label_selector="bench=notice"))
    watch.start()
    try:
        return [_one(client, history, f"notice-{os.getpid()}-{number}") for number in range(times)]
    finally:
        watch.stop()


def _one(client: KubeClient, history: History, name: str) -> Moments:
    sent: list[float] = []
    body = {"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": NAMESPACE, "labels": {"bench": "notice"}}}  # fmt: skip

    def write() -> None:
        sent.append(time.monotonic())
        client.create(CONFIG_MAP, body)
        sent.append(time.monotonic())

    def there() -> Version | None:
        return history.named(CONFIG_MAP, NAMESPACE, name)

    writer = threading.Thread(target=write)
    writer.start()
    found = wait_for(history, there, clause="", awaited="its first version", about=name, within=PATIENCE,
                     observed=list)  # fmt: skip
    noticed = time.monotonic()
    writer.join()
    if len(sent) < 2:
        raise BenchError(f"the request that makes {name} failed, though its event came")
    return Moments(sent[0], sent[1], found.at, noticed)


@contextlib.contextmanager
def _cluster(order: Order) -> Iterator[KubeClient]:
    """An embedded cluster, as it is while tests run: driver, controllers and nodes are there."""
    name = f"bench-{os.getpid()}"
    _fixtures(order.folder / "log", "up", "--name", name)
    try:
        yield connect(str(RunDir(Runs.of_user().root / name).kubeconfig), CONTEXT)
    finally:
        _fixtures(order.folder / "log", "down", "--name", name)


def _fixtures(log: Path, *words: str) -> None:
    command = [sys.executable, "-m", "pytest_csi_snapshot.fixtures", *words]
    with log.open("ab") as file:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, check=False)
    if done.returncode:
        raise BenchError(f"{' '.join(words)} ended with {done.returncode}, see {log}")


MEASUREMENT = Measurement(
    "notice",
    "ConfigMaps made one after the other in an embedded cluster by one thread, awaited by another one with the "
    "waits that tests use",
    (MEDIAN, LATE, ANSWER, OWN),
    take,
    repetitions=500,
    quick=100,
)
