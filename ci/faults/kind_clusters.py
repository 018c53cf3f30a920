"""Kind clusters for Kubernetes' own tests: another one for each fault, which is in it from the beginning.

Process nodes serve no exec into pods, by which most of those tests look at data; real kubelets do.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from bench.troubles import BenchError
from kind_lab import KindLab, NotHereError

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.errors import RunError
from pytest_csi_snapshot.fixtures.__main__ import CommandLine
from pytest_csi_snapshot.fixtures.kind.provider import KindProvider
from pytest_csi_snapshot.options import OPTIONS


@contextlib.contextmanager
def engine() -> Iterator[None]:
    """The engine that is there or a lab's, in the environment of this process and of those that it starts.

    Raises RuntimeError where this machine has none.
    """
    lab, before = KindLab(), dict(os.environ)
    lab.begin()
    try:
        os.environ.update(lab.environment())
        yield
    except NotHereError as missing:
        raise RuntimeError(str(missing)) from missing
    finally:
        lab.end()
        os.environ.clear()
        os.environ.update(before)


class KindClusters:
    """One cluster at a time, with the controllers of the reference, so that each role can have a fault.

    ``folder`` takes what is told as they come up.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: KindProvider | None = None

    def up(self) -> None:
        """Nothing: ``switch`` makes a cluster."""

    def down(self) -> None:
        """End the cluster."""
        made, self._made = self._made, None
        if made is not None:
            made.delete(self._note)

    def switch(self, faults: tuple[str, ...]) -> None:
        """Another cluster, with these faults. Raises BenchError where none comes up."""
        self.down()
        self._made = KindProvider(settings(faults))
        try:
            self.about: Cluster = self._made.create(self._note)
        except RunError as error:
            raise BenchError(str(error)) from error

    def cleared(self) -> bool:
        """Always: the next fault has another cluster."""
        return True

    def replace(self) -> None:
        """Nothing: see ``cleared``."""

    def _note(self, step: str) -> None:
        with (self._folder / f"kind-{os.getpid()}.log").open("a") as log:
            log.write(f"{step}\n")


def settings(faults: tuple[str, ...]) -> CommandLine:
    """Those of a cluster with these faults, on the engine of this process's environment."""
    image, configuration, base, workload = map(
        _given, ("csi_kind_image", "csi_kind_config", "csi_base_image", "csi_image")
    )
    return CommandLine(
        csi_cluster="kind",
        csi_keep=False,
        csi_faults=faults,
        csi_kind_image=image,
        csi_kind_config=configuration,
        csi_base_image=base,
        csi_image=workload,
    )


def _given(name: str) -> str:
    """What the environment says of an option that differs from machine to machine, or its default."""
    option = next(option for option in OPTIONS if option.name == name)
    return os.environ.get(option.variable) or option.default or ""
