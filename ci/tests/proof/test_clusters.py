"""When a kept cluster is clear of what a fault has left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
from faults import clusters

from pytest_csi_snapshot.kube import kinds
from pytest_csi_snapshot.kube.client import KubeClient
from pytest_csi_snapshot.kube.kinds import Kind

HOME = {"name": "csi-home", "uid": "1"}
ENDING = {"metadata": {**HOME, "deletionTimestamp": "now"}}
Bodies = list[dict[str, Any]]
Objects = dict[Kind, Bodies]


class Client:
    """A server in which nothing ever changes."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def list(self, kind: Kind, **_selector: str) -> Bodies:
        return self._objects.get(kind, [])

    def collect(self, kind: Kind) -> tuple[Bodies, str]:
        return self.list(kind), "1"

    def watch(self, _kind: Kind, **_query: object) -> Iterator[Any]:
        yield from ()


def named(namespace: str) -> dict[str, Any]:
    return {"metadata": {"name": "s", "namespace": namespace, "uid": "2"}}


@pytest.mark.parametrize(
    ("objects", "clear"),
    [
        ({}, True),
        ({kinds.NAMESPACE: [ENDING]}, True),
        ({kinds.NAMESPACE: [ENDING], kinds.PVC: [named("csi-home")]}, False),
        ({kinds.NAMESPACE: [ENDING], kinds.SNAPSHOT: [named("of-somebody-else")]}, True),
        ({kinds.NAMESPACE: [{"metadata": HOME}]}, False),
        ({kinds.NAMESPACE: [ENDING], kinds.PV: [{"metadata": {"name": "pv", "uid": "3"}}]}, False),
    ],
)
def test_an_empty_namespace_on_its_way_is_no_residue(
    objects: Objects, clear: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "PATIENCE", 0.0)
    assert clusters.gone_soon(cast(KubeClient, Client(objects))) is clear
