"""Kind clusters for Kubernetes' own tests, in which faults are switched on and off.

Process nodes serve no exec into pods, by which most of those tests look at data; real kubelets do.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.troubles import BenchError
from kind_lab import KindLab, NotHereError

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.errors import RunError
from pytest_csi_snapshot.fixtures.__main__ import CommandLine
from pytest_csi_snapshot.fixtures.existing import connect
from pytest_csi_snapshot.fixtures.installing import awaiting
from pytest_csi_snapshot.fixtures.installing.bundled import placeholders
from pytest_csi_snapshot.fixtures.kind.provider import KindProvider
from pytest_csi_snapshot.kube import kinds
from pytest_csi_snapshot.kube.client import KubeClient
from pytest_csi_snapshot.kube.refusals import ApiError, ApiUnreachableError
from pytest_csi_snapshot.options import OPTIONS

from .clusters import CLUSTER_WIDE
from .switching import Switchboard

Json = dict[str, Any]

CASE = "e2e-framework"
"""Label that Kubernetes' own tests give their namespaces."""

PATIENCE = 25.0
"""Seconds in which what a case has made goes; a namespace with volumes takes half of that."""


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


class KindSwitchboard(Switchboard):
    """Of a kind cluster that this process has made."""

    def __init__(self, cluster: Cluster) -> None:
        told = json.loads((Path(cluster.run_dir) / "cluster.json").read_text())
        self._told: Json = {**told, "cluster": cluster.as_plain()}
        self._endpoint = cluster.endpoint
        super().__init__(self._told)

    def _about(self) -> Json:
        return self._told

    def _note(self, faults: tuple[str, ...]) -> None:
        self._told["faults"] = list(faults)

    def _values(self) -> Mapping[str, str]:
        there = self._told["placeholders"]
        driver = self._told["cluster"]["driver"]
        return placeholders(driver, self._told["profile"], image=there["IMAGE"], filesystem=there["FSTYPE"])

    def _companions(self) -> list[Json]:
        return []

    def _sockets(self) -> Sequence[Path]:
        return [Path(self._endpoint.removeprefix("unix://"))] if self._endpoint else []


class KindCluster:
    """One cluster, with the controllers of the reference, so that each role can have a fault.

    ``folder`` takes what is told as it comes up.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: KindProvider | None = None

    def up(self) -> None:
        """Bring it up, without a fault. Raises BenchError where it does not come up."""
        self._made = KindProvider(settings())
        try:
            self.about: Cluster = self._made.create(self._note)
        except RunError as error:
            raise BenchError(str(error)) from error
        self._board = KindSwitchboard(self.about)

    def down(self) -> None:
        """End it."""
        made, self._made = self._made, None
        if made is not None:
            made.delete(self._note)

    def replace(self) -> None:
        """Another one in its place."""
        self.down()
        self.up()

    def switch(self, faults: tuple[str, ...]) -> None:
        """Have these faults on and no others."""
        self._board.turn_to(faults)

    def cleared(self) -> bool:
        """Whether nothing is left of the last cases, with what held it gone where it does not go by itself."""
        client = connect(self.about.kubeconfig, self.about.context)
        if _gone(client):
            return True
        try:
            self._board.turn_to(())
        except (awaiting.NotInTimeError, ApiError, ApiUnreachableError, OSError):
            return False
        return _gone(client)

    def _note(self, step: str) -> None:
        with (self._folder / f"kind-{os.getpid()}.log").open("a") as log:
            log.write(f"{step}\n")


def _gone(client: KubeClient) -> bool:
    """Whether all that cases make goes in a while: their namespaces, and what controllers made for them."""
    deadline = time.monotonic() + PATIENCE
    try:
        awaiting.wait_for(client, awaiting.Awaited("end of the cases", kinds.NAMESPACE, _of_cases), deadline)
        for kind in CLUSTER_WIDE:
            awaiting.wait_for(client, awaiting.Awaited(f"end of {kind}", kind, _names), deadline)
    except awaiting.NotInTimeError:
        return False
    return True


def _of_cases(namespaces: Iterable[Json]) -> str:
    return _names(item for item in namespaces if CASE in (item["metadata"].get("labels") or {}))


def _names(items: Iterable[Json]) -> str:
    return ", ".join(item["metadata"]["name"] for item in items)


def settings() -> CommandLine:
    """Those of a cluster on the engine of this process's environment."""
    image, configuration, base, workload = map(
        _given, ("csi_kind_image", "csi_kind_config", "csi_base_image", "csi_image")
    )
    return CommandLine(
        csi_cluster="kind",
        csi_keep=False,
        csi_kind_image=image,
        csi_kind_config=configuration,
        csi_base_image=base,
        csi_image=workload,
    )


def _given(name: str) -> str:
    """What the environment says of an option that differs from machine to machine, or its default."""
    option = next(option for option in OPTIONS if option.name == name)
    return os.environ.get(option.variable) or option.default or ""
