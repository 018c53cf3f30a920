"""The same faults before Kubernetes' own tests of storage: which of them their nine cases can see.

A fault is asked about if it breaks a clause that one of our tests for these cases judges; what the cases do not
look at, they cannot find. They run on an embedded cluster, where faults are switched on and off by restarting a
role, or on kind clusters, one for each fault.
Cases that fail there without any fault are left out, and told: five of them (snapshots, restore, clones) look at
data by exec into pods, which the process nodes of an embedded cluster do not serve.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from bench.e2e import running
from bench.e2e.cases import CASES, E2eCase
from bench.e2e.running import Driver, E2eRun
from bench.troubles import BenchError

from pytest_csi_snapshot.cluster import Cluster

from .cases import CLEAN, Case
from .tests import Tests

PROCESSES = 4

LIMIT = 240.0
"""Seconds for all cases; without a fault they take one."""

TIMEOUTS = dict.fromkeys(
    ("ClaimProvision", "DataSourceProvision", "PodStart", "PodStartSlow", "PodDelete", "SnapshotCreate",
     "SnapshotDelete", "PVDelete", "PVDeleteSlow", "PVBound"), "60s")  # fmt: skip
"""Their own are five minutes and more, for clouds; a fault that hangs is told as well after one."""


@dataclass(frozen=True)
class Judged:
    """What they say of a fault: the cases that failed, each with what it said."""

    fault: str
    by: tuple[str, ...]
    seconds: float

    @property
    def word(self) -> str:
        """As it is noted."""
        return "caught" if self.by else "missed"


def visible(cases: Sequence[Case], tests: Tests, able: Sequence[E2eCase] = CASES) -> list[Case]:
    """The faults of a clause that one of these cases looks at."""
    ours = tuple(test for case in able for test in case.ours)
    seen = {clause for clause, known in tests.of.items() if any(each.endswith(ours) for each in known)}
    return [case for case in cases if seen.intersection(case.breaks)]


class Clusters(Protocol):
    """Where they run: a cluster that has faults and others that have not."""

    @property
    def about(self) -> Cluster: ...

    def up(self) -> None: ...

    def down(self) -> None: ...

    def switch(self, faults: tuple[str, ...]) -> None:
        """Raises BenchError where no cluster with them comes up."""

    def cleared(self) -> bool: ...

    def replace(self) -> None: ...


def judged_by_e2e(
    cases: Sequence[Case], tests: Tests, folder: Path, tell: Callable[[Judged], None], cluster: Clusters
) -> list[Judged]:
    """What e2e.test says of each fault that the cases which can run here look at; it stands in ``folder`` too.

    Raises RuntimeError and BenchError where it cannot be asked, CalledProcessError if it cannot be built.
    """
    found: list[Judged] = []
    try:
        cluster.up()
        able = _able(cluster, folder)
        asked = visible(cases, tests, able)
        if left := [case.name for case in cases if case not in asked]:
            print(f"not asked about, for no case that runs here looks at them: {', '.join(left)}", flush=True)
        for case in asked:
            if not cluster.cleared():
                cluster.replace()
            began = time.monotonic()
            try:
                cluster.switch((case.name,))
            except BenchError as error:  # some faults let no cluster come up; the others are asked about
                print(f"not asked about, for no cluster with it comes up: {case.name}: {error}", flush=True)
                continue
            run = _run(cluster, able, folder / case.name)
            by = tuple(f"{each.name} ({each.said})" for each in run.failed)
            found.append(Judged(case.name, by, time.monotonic() - began))
            tell(found[-1])
            (folder / "results.json").write_text(json.dumps([asdict(each) for each in found], indent=1) + "\n")
        return found
    finally:
        cluster.down()


def _able(cluster: Clusters, folder: Path) -> tuple[E2eCase, ...]:
    """The cases that pass without a fault. Raises RuntimeError where none does."""
    run = _run(cluster, CASES, folder / CLEAN)
    passed = {each.name for each in run.results if each.outcome == "passed"}
    for each in run.results:
        if each.name not in passed:
            print(f"left out, for without a fault it is {each.outcome}: {each.name}: {each.said}", flush=True)
    if not passed:
        raise RuntimeError(f"no case of e2e passes without a fault, see {folder / CLEAN / 'log'}")
    print(f"without a fault {len(passed)} of {len(CASES)} cases pass in {run.seconds:.0f} s", flush=True)
    return tuple(case for case in CASES if case.name in passed)


def _run(cluster: Clusters, cases: Sequence[E2eCase], folder: Path) -> E2eRun:
    about = cluster.about
    driver = Driver(about.driver, about.storage_class, about.snapshot_class, TIMEOUTS)
    return running.run(cases, driver, about.kubeconfig, folder, processes=PROCESSES, limit=LIMIT)
