"""Loaded by ``-p`` into every inner pytest: a cluster that only writes a log, and suites of the test's own."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from functools import partialmethod
from pathlib import Path
from typing import Any

from pytest_csi_snapshot import checks, collection, deviations, plugin, session
from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.errors import EnvironmentTrouble
from pytest_csi_snapshot.reporting.progress import hooks as progress

VERSIONS = "Kubernetes v1.37.2, snapshot-controller v8.6.0, driver 1.4.0"

session.PROVIDER = "stand_in:LogProvider"
session.VISIT = "stand_in:visit"
checks.FAULTS = "stand_in:known_faults"
for each in ("SILENCE", "APART"):
    setattr(progress, each, float(os.environ.get(each, getattr(progress, each))))
if "DEVIATIONS" in os.environ:
    vars(deviations)["deviations"] = lambda: deviations.read_deviations(json.loads(os.environ["DEVIATIONS"]))
if not os.environ.get("REAL_SUITES"):
    collection.SUITES = "demo.suites"


def known_faults() -> tuple[str, ...]:
    """What ``--csi-fault`` takes here."""
    return ("slow-cut", "drop-handle")


def visit(cluster: Cluster, _settings: Any, write: Callable[..., None], *, brief: bool) -> Cluster:
    """A look at the cluster; FOUND tells what hinders and what is broken in it."""
    found = json.loads(os.environ.get("FOUND", "{}"))
    if not brief:
        write("looked at the cluster")
    return replace(cluster, **found)


def _log(word: str) -> None:
    with Path(os.environ["STAND_IN_LOG"]).open("a") as log:
        log.write(word + "\n")


class LogProvider:
    """A provider; BREAK names the call that fails, BLOCK the call that tells a FIFO and then waits for ever."""

    def __init__(self, chosen: Any) -> None:
        self._driver = chosen.driver_name

    def create(self, progress: Callable[[str], None]) -> Cluster:
        """Log, and answer with a cluster that is not there."""
        _log("create")
        progress("etcd answers")
        self._trouble("create")
        name = "existing" if "LEFT" in os.environ else "stand-in"
        cluster = Cluster(name, "", "", self._driver, "longhorn", "longhorn", "busybox:1.37", versions=VERSIONS)
        return replace(cluster, components=json.loads(os.environ.get("COMPONENTS", "{}")))

    def delete(self, progress: Callable[[str], None]) -> None:
        """Log; what progress does wrong keeps the cluster alive."""
        progress("going")
        _log("delete")
        self._trouble("delete")

    def _trouble(self, call: str) -> None:
        if os.environ.get("BREAK") == call:
            raise EnvironmentTrouble("etcd did not start", why="port 2379 is taken", do="end what listens there")
        if os.environ.get("BLOCK") == call:
            block()


def leave_behind(told: list[str]) -> None:
    """Have the cluster be somebody's, in which the run has left two objects, of which these do not go."""
    from pytest_csi_snapshot import leftovers
    from pytest_csi_snapshot.kube.client import KubeClient
    from pytest_csi_snapshot.kube.kinds import NAMESPACE
    from pytest_csi_snapshot.labels import RUN
    from pytest_csi_snapshot.presence import Presence

    def remove(_api: Any, *, but: str = "") -> list[str]:
        if os.environ.get("BLOCK") == "remove":
            block()
        return told

    staying, going = {"labels": {RUN: "this"}}, {"deletionTimestamp": "now"}
    bodies: list[Any] = [{"metadata": {"name": name, **meta}} for name, meta in (("a", staying), ("b", going))]
    vars(leftovers)["left_behind"] = lambda _api: [(NAMESPACE, body) for body in bodies]
    vars(leftovers)["put_back_defaults"] = lambda _api: []
    vars(leftovers)["remove"] = remove
    for name, word in (("begin", "arrive"), ("end", "leave")):
        setattr(Presence, name, partialmethod(_say, word))
    KubeClient.from_kubeconfig = lambda *_: None  # type: ignore[assignment]


def _say(_presence: object, word: str) -> None:
    _log(word)


def block() -> None:
    """Say so through the FIFO, then wait for a signal."""
    import threading

    Path(os.environ["FIFO"]).write_text("blocked")
    threading.Event().wait()


if "LEFT" in os.environ:
    leave_behind(os.environ["LEFT"].split())
assert plugin  # loaded already, by its entry point
