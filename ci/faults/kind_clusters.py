"""Kind clusters for Kubernetes' own tests: another one for each fault, which is in it from the beginning.

Process nodes serve no exec into pods, by which most of those tests look at data; real kubelets do.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from bench import kind_cluster, trials
from kind_lab import KindLab

from pytest_csi_snapshot.cluster import Cluster

WORDS = (*trials.REFERENCE, "--csi-cluster=kind")
"""With the controllers of the reference, so that each role can have a fault."""


class KindClusters:
    """One cluster at a time; ``folder`` takes what is told as they come up.

    ``up`` and ``switch`` raise BenchError where none comes up.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lab = KindLab()
        self._made = ExitStack()
        self._number = 0

    def up(self) -> None:
        """Begin the engine, where nobody has, and make a cluster without a fault."""
        self._lab.begin()
        self.switch(())

    def down(self) -> None:
        """End the cluster, and what was begun for it."""
        try:
            self._made.close()
        finally:
            self._lab.end()

    def switch(self, faults: tuple[str, ...]) -> None:
        """Another cluster, with these faults."""
        self._made.close()
        self._number += 1
        words = (*WORDS, *(f"--csi-fault={name}" for name in faults))
        self._there = self._made.enter_context(kind_cluster.kept(self._folder / f"up-{self._number}", words))

    @property
    def about(self) -> Cluster:
        """The cluster that is there now."""
        return self._there.cluster

    def cleared(self) -> bool:
        """Always: the next fault has another cluster."""
        return True

    def replace(self) -> None:
        """Nothing: see ``cleared``."""
