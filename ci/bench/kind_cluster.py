"""A kind cluster with the reference driver, kept while several runs work in it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kind_lab import KindLab, NotHereError

from bench import trials
from bench.e2e.running import Driver
from bench.troubles import BenchError
from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.fixtures.kind.clusters import Kind
from pytest_csi_snapshot.fixtures.kind.commands import Runner
from pytest_csi_snapshot.fixtures.kind.records import KEPT, Records
from pytest_csi_snapshot.fixtures.kind.sweeper import bury
from pytest_csi_snapshot.fixtures.programs import kind as kind_program

WORDS = (*trials.REFERENCE, "--csi-cluster=kind", "--csi-controllers=upstream")
"""What runs on it are started with."""

ONE_CLAUSE = "--csi-clauses=API-CLS-001"
"""A short one: the first run is there for the cluster alone."""


@dataclass(frozen=True)
class KindCluster:
    """The cluster, and the variables that lead to its engine."""

    cluster: Cluster
    environment: Mapping[str, str]

    @property
    def driver(self) -> Driver:
        return Driver(self.cluster.driver, self.cluster.storage_class, self.cluster.snapshot_class)


@contextlib.contextmanager
def kept(folder: Path) -> Iterator[KindCluster]:
    """Bring it up, in the engine that is there or in a lab's, and delete it at the end.

    A cluster that was kept before is taken instead, and stays. Raises BenchError where there
    is no engine, or where the kept cluster is another one than is needed.
    """
    there = Records.of_user().named(KEPT).about
    needed = {"controllers": "upstream", "faults": ""}
    if there and there["settings"] != {**there["settings"], **needed}:
        raise BenchError(
            f"the kept kind cluster {KEPT} has other controllers than are needed, or faults: end it first"
        )
    lab = KindLab()
    lab.begin()
    try:
        environment = lab.environment()
        if there:
            yield KindCluster(Cluster.from_plain(there["cluster"]), environment)
            return
        try:
            trials.run(folder, [*WORDS, "--csi-keep", ONE_CLAUSE], environment=environment)
            cluster = Cluster.from_plain(Records.of_user().named(KEPT).about["cluster"])
            yield KindCluster(cluster, environment)
        finally:
            _end(environment)
    except NotHereError as missing:
        raise BenchError(str(missing)) from missing
    finally:
        lab.end()


def _end(environment: Mapping[str, str]) -> None:
    """Delete the kept cluster, whatever there is of it."""
    record = Records.of_user().named(KEPT)
    if not record.path.exists():
        return
    lock = record.try_lock()
    if lock is None:
        raise BenchError(f"{record.name} is in use by somebody else, and was not deleted")
    try:
        program = kind_program.locate(lambda _line: None, rewriting=False)
        with _variables(environment):
            bury(record, Kind(program, Runner()), lambda _line: None)
    finally:
        os.close(lock)


@contextlib.contextmanager
def _variables(environment: Mapping[str, str]) -> Iterator[None]:
    """These variables as this process's own: programs that are started meanwhile have them."""
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
