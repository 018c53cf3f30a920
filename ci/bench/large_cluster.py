"""A run in a cluster that is full of somebody else's objects: when it begins, and what memory its workers take.

An embedded cluster is filled with snapshots, contents, claims and volumes of a driver that is not there, and once
its controllers have taken them in, a few tests of its own driver are run as on any cluster that exists; then
leftovers are looked for. The same run while the cluster was empty tells what the objects add to it.
"""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from kept_cluster import kept

from pytest_csi_snapshot.fixtures.embedded.rundir import RunDir
from pytest_csi_snapshot.kube.client import KubeClient
from pytest_csi_snapshot.kube.kinds import NAMESPACE, PVC, SNAPSHOT
from pytest_csi_snapshot.kube.refusals import ApiError

from . import trials
from .troubles import BenchError

FOLDER = Path(__file__).parent
DRIVER = "driver.longhorn.io"
SELECTION = "--csi-clauses=SNAP-DYN-001,RES-001,BIND-001,GRP-001,DEL-019,PFL-003,PFL-014"
"""Tests that look at all contents, at volumes, at groups, which have watches of their own, and the preflight."""

WORKERS = 2
RESYNC = 15
"""Seconds, Kubernetes' own: as often as an embedded cluster does, tens of thousands cannot be looked at."""

PATIENCE = 600
"""Seconds for the controllers to take in what was put before them."""


@dataclass(frozen=True)
class Crowded:
    """What was seen of a cluster with so many ``objects``. Times in seconds."""

    objects: int
    filled: float
    """What it took to put them there; ``answered``: from then until the controllers made a snapshot again."""
    answered: float
    empty: trials.Trial
    """A run before the objects were there; ``run``: the same with them."""
    run: trials.Trial
    sweep: trials.Trial


def measure(folder: Path, each: int) -> Crowded:
    """A run, and a look for leftovers, in a cluster with ``each`` objects of four kinds. Raises BenchError."""
    with kept("large", f"--resync={RESYNC}") as kubeconfig:
        where = [f"--csi-kubeconfig={kubeconfig}"]
        words = [*where, f"--csi-driver={DRIVER}", "-n", str(WORKERS), SELECTION]
        empty = trials.run(folder / "empty", words, judged=(0,))
        began = time.monotonic()
        objects = fill(RunDir(kubeconfig.parent), each)
        filled = time.monotonic()
        settle(KubeClient.from_kubeconfig(str(kubeconfig)))
        answered = time.monotonic()
        crowded = trials.run(folder / "crowded", words, judged=(0,))
        sweep = trials.run(folder / "sweep", [*where, "--csi-sweep"], judged=(0,))
    return Crowded(objects, filled - began, answered - filled, empty, crowded, sweep)


def fill(run: RunDir, each: int) -> int:
    """Put the objects into the cluster; their number. Raises BenchError where it has ended."""
    inside = run.recorded("inside")
    if inside is None:
        raise BenchError(f"the cluster {run.name} has ended")
    command = ["nsenter", f"--net=/proc/{inside.pid}/ns/net", sys.executable, str(FOLDER / "crowd.py"), str(each)]
    return int(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


def settle(client: KubeClient) -> None:
    """Return once the controllers do what they are asked: they have taken in all that is there.

    Raises BenchError where that takes too long.
    """
    home = "before-the-run"
    client.create(NAMESPACE, {"metadata": {"name": home}})
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "16Mi"}}}
    client.create(PVC, {"metadata": {"name": "one", "namespace": home}, "spec": claim})
    source = {"source": {"persistentVolumeClaimName": "one"}, "volumeSnapshotClassName": "longhorn"}
    body = {"apiVersion": SNAPSHOT.api_version, "kind": SNAPSHOT.kind, "spec": source}
    client.create(SNAPSHOT, {**body, "metadata": {"name": "one", "namespace": home}})
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            for event in client.watch(SNAPSHOT, home, timeoutSeconds=PATIENCE):
                if (event["object"].get("status") or {}).get("readyToUse"):
                    client.delete(NAMESPACE, None, home)
                    return
        except ApiError as error:
            if not error.busy:  # its cache still takes in what its store has: asked again, it says so 3 s later
                raise
    raise BenchError(f"the controllers made no snapshot within {PATIENCE} s")
