"""A run in a cluster that is full of somebody else's objects: when it begins, and what memory its workers take.

An embedded cluster is filled with snapshots, contents, claims and volumes of a driver that is not there, and once
its controllers have taken them in, a few tests of its own driver are run as on any cluster that exists; then
leftovers are looked for. With ``--compare``, beside it the same run in the cluster while it was empty.

    python ci/bench/large.py [--objects 20000] [--memory-mb 200] [--start-s 20] [--compare]

Exit status 1 where a worker takes more memory, a run begins later, or a test of it fails.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_csi_snapshot.fixtures.embedded.rundir import RunDir, Runs
from pytest_csi_snapshot.kube.client import KubeClient
from pytest_csi_snapshot.kube.kinds import NAMESPACE, PVC, SNAPSHOT
from pytest_csi_snapshot.kube.refusals import ApiError

FOLDER = Path(__file__).parent
FIXTURES = (sys.executable, "-m", "pytest_csi_snapshot.fixtures")
DRIVER = "driver.longhorn.io"
SELECTION = "--csi-clauses=SNAP-DYN-001,RES-001,BIND-001,GRP-001,DEL-019,PFL-003,PFL-014"
"""Tests that look at all contents, at volumes, at groups, which have watches of their own, and the preflight."""

WITNESS = "CSI_WITNESS"
"""The variable that ``witness.py`` reads."""

PATIENCE = 600
"""Seconds for a run, and for the controllers to take in what was put before them."""


@dataclass(frozen=True)
class Run:
    """Figures of one run: seconds from the command to its first test, and to its end; memory in 10^6 bytes."""

    start: float
    whole: float
    workers: tuple[float, ...]
    first_process: float
    tests: str
    """Last line that pytest wrote."""
    code: int


@dataclass(frozen=True)
class Figures:
    """What ``measure`` found. Times in seconds, memory in 10^6 bytes."""

    objects: int
    filled_in: float
    taken_in: float
    """From then until the controllers made a snapshot again."""
    before: Run | None
    crowded: Run
    sweep: float
    sweep_peak: float


def measure(each: int, workers: int = 2, *, compare: bool = False) -> Figures:
    """Figures of a run with ``workers`` in a cluster with ``each`` objects of a kind; ``compare`` it without."""
    with tempfile.TemporaryDirectory() as cwd, cluster() as run:
        kubeconfig = str(run.kubeconfig)
        before = tests(kubeconfig, workers, cwd) if compare else None
        began = time.monotonic()
        objects = fill(run, each)
        filled = time.monotonic()
        settle(KubeClient.from_kubeconfig(kubeconfig))
        taken = time.monotonic()
        print(f"filled in {filled - began:.0f} s, answered {taken - filled:.0f} s later", file=sys.stderr)
        crowded = tests(kubeconfig, workers, cwd)
        print(crowded, file=sys.stderr)
        swept = time.monotonic()
        peak = sweep(kubeconfig, cwd)
        return Figures(objects, filled - began, taken - filled, before, crowded, time.monotonic() - swept, peak)


@contextmanager
def cluster() -> Iterator[RunDir]:
    """An embedded cluster that is kept for several runs, and taken down in the end."""
    name = f"large-{os.getpid()}"
    subprocess.run([*FIXTURES, "up", "--name", name], stdout=subprocess.DEVNULL, check=True)
    try:
        yield RunDir(Runs.of_user().root / name)
    finally:
        subprocess.run([*FIXTURES, "down", "--name", name], stdout=subprocess.DEVNULL, check=True)


def fill(run: RunDir, each: int) -> int:
    """Put the objects into the cluster; their number."""
    inside = run.recorded("inside")
    if inside is None:
        raise SystemExit(f"the cluster {run.name} has ended")
    command = ["nsenter", f"--net=/proc/{inside.pid}/ns/net", sys.executable, str(FOLDER / "crowd.py"), str(each)]
    return int(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


def settle(client: KubeClient) -> None:
    """Return once the controllers do what they are asked: they have taken in all that is there."""
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
    raise SystemExit(f"the controllers made no snapshot within {PATIENCE} s")


def tests(kubeconfig: str, workers: int, cwd: str) -> Run:
    """One run of the selection, as a user of the cluster starts it."""
    with tempfile.TemporaryDirectory() as told:
        began = time.time()
        options = ["-p", "witness", "-n", str(workers), f"--csi-driver={DRIVER}", SELECTION]
        ended = pytest(kubeconfig, cwd, *options, environment={WITNESS: told})
        whole = time.time() - began
        heard = {path.stem: json.loads(path.read_text()) for path in Path(told).glob("*.json")}
    main = heard.pop("main", None)
    if main is None or not heard:
        raise SystemExit(f"the run came to no test, or was not witnessed:\n{ended.stdout}")
    if ended.returncode:
        print(ended.stdout, file=sys.stderr)
    first = min(each["first_test"] for each in heard.values() if each["first_test"])
    peaks = tuple(each["peak_mb"] for _, each in sorted(heard.items()))
    summary = re.findall(r"=+ (.* in [0-9.]+s.*?) =+", ended.stdout)
    return Run(first - began, whole, peaks, main["peak_mb"], summary[-1] if summary else "", ended.returncode)


def sweep(kubeconfig: str, cwd: str) -> float:
    """Look for leftovers; the most memory that took. Raises SystemExit where it fails."""
    with tempfile.TemporaryDirectory() as told:
        ended = pytest(kubeconfig, cwd, "-p", "witness", "--csi-sweep", environment={WITNESS: told})
        if ended.returncode:
            raise SystemExit(ended.stdout)
        return float(json.loads(Path(told, "main.json").read_text())["peak_mb"])


def pytest(kubeconfig: str, cwd: str, *args: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).parent / "pytest"
    return subprocess.run(
        [str(program), "-p", "no:cacheprovider", f"--csi-kubeconfig={kubeconfig}", *args],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(FOLDER), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def table(found: Figures) -> Iterator[str]:
    """The figures in lines."""
    answered = f"the controllers answered {found.taken_in:.0f} s later"
    yield f"{found.objects} objects put in {found.filled_in:.0f} s, {answered}"
    runs = [*([found.before] if found.before else []), found.crowded]
    yield f"{'':<30}{'empty':>10}{'crowded':>10}" if found.before else f"{'':<30}{'crowded':>10}"
    rows: dict[str, Any] = {
        "command to first test (s)": lambda run: run.start,
        "whole run (s)": lambda run: run.whole,
        "memory of a worker (MB)": lambda run: max(run.workers),
        "memory of first process (MB)": lambda run: run.first_process,
        "exit code": lambda run: run.code,
    }
    for name, of in rows.items():
        yield f"{name:<30}" + "".join(f"{of(run):>10.1f}" for run in runs)
    yield f"looked for leftovers in {found.sweep:.1f} s, {found.sweep_peak:.0f} MB"
    yield f"crowded: {found.crowded.tests}"


def over(found: Figures, memory: float, start: float) -> list[str]:
    """What is over its budget, in words."""
    run = found.crowded
    told = {
        f"a worker takes {max(run.workers):.0f} MB of {memory:.0f} MB": max(run.workers) > memory,
        f"a run begins after {run.start:.1f} s of {start:.0f} s": run.start > start,
        f"the run ends with {run.code}": run.code != 0,
    }
    return [words for words, broken in told.items() if broken]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--objects", type=int, default=20_000, help="of each of four kinds")
    parser.add_argument("--memory-mb", type=float, default=200.0)
    parser.add_argument("--start-s", type=float, default=20.0)
    parser.add_argument("--compare", action="store_true", help="run in the empty cluster too")
    given = parser.parse_args()
    found = measure(given.objects, compare=given.compare)
    print("\n".join(table(found)))
    broken = over(found, given.memory_mb, given.start_s)
    print("\n".join(f"broken: {each}" for each in broken) or "kept")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
