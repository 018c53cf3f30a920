"""A cluster that lacks the snapshot CRDs: what a snapshot-controller does there can be seen nowhere else.

It is brought up for one test, and only beside an embedded cluster: somebody's CRDs are never removed.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import tenacity

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.conditions import status_of
from pytest_csi_snapshot.history import History, Version
from pytest_csi_snapshot.kube.client import KubeClient
from pytest_csi_snapshot.kube.kinds import CRD, EVENT, POD, SNAPSHOT, Kind
from pytest_csi_snapshot.kube.refusals import ApiError
from pytest_csi_snapshot.observing import observations
from pytest_csi_snapshot.waiting import wait_for
from pytest_csi_snapshot.watching import Scope, Watch

Json = dict[str, Any]

BESIDE = "pytest_csi_snapshot.fixtures.embedded.bare:beside"
"""Reached by name, as providers are: a context manager from an embedded cluster to the one beside it."""

_SERVED = 60.0
"""Seconds until a new CRD is served, on a machine that runs tests meanwhile."""


class BareCluster:
    """The cluster, with a record of the pods and the events in it."""

    def __init__(self, client: KubeClient) -> None:
        self.client = client
        self.history = History()
        self._watches = [Watch(client, self.history, Scope(kind)) for kind in (POD, EVENT)]
        for watch in self._watches:
            watch.start(with_past=True)

    def close(self) -> None:
        """End the watches."""
        for watch in self._watches:
            watch.stop()

    def first(self, kind: Kind, text: str, holds: Callable[[Json], bool], clause: str, within: float) -> Json:
        """The first version of any object of a kind for which ``holds``; ``text`` completes "awaited ..."."""
        __tracebackhide__ = True

        def seen() -> Version | None:
            versions = (version for each in self.history.objects(kind) for version in each)
            return next((version for version in versions if holds(version.object)), None)

        def told() -> list[tuple[float, str]]:
            uids = [each[0].uid for each in self.history.objects(kind)]
            return sorted(line for uid in uids for line in observations(self.history, uid))[-20:]

        about = f"a cluster without snapshot CRDs, {kind}s"
        found = wait_for(
            self.history, seen, clause=clause, awaited=text, about=about, within=within, observed=told
        )
        return found.object

    def install(self, crd: Json) -> None:
        """Create a CRD as another cluster has it."""
        meta = crd["metadata"]
        kept = {"name": meta["name"], "annotations": meta.get("annotations") or {}}
        self.client.create(CRD, {"apiVersion": CRD.api_version, "kind": CRD.kind, "metadata": kept,
                                 "spec": crd["spec"]})  # fmt: skip

    def snapshot(self, name: str, content: str) -> None:
        """A VolumeSnapshot that names a content, as soon as the CRD just installed is served."""
        spec = {"source": {"volumeSnapshotContentName": content}}
        meta = {"name": name, "namespace": "default"}
        body = {"apiVersion": SNAPSHOT.api_version, "kind": SNAPSHOT.kind, "metadata": meta, "spec": spec}
        # Asked again: an API server sends no event when it begins to serve a kind.
        served = tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda error: isinstance(error, ApiError) and error.not_found),
            wait=tenacity.wait_fixed(0.2),
            stop=tenacity.stop_after_delay(_SERVED),
            reraise=True,
        )
        served(self.client.create, SNAPSHOT, body)


@contextmanager
def bare_cluster(cluster: Cluster) -> Iterator[BareCluster]:
    """A cluster of its own without snapshot CRDs, with a snapshot-controller. Raises RunError."""
    module, _, function = BESIDE.partition(":")
    with getattr(importlib.import_module(module), function)(cluster) as beside:
        made = BareCluster(KubeClient.from_kubeconfig(beside.kubeconfig, beside.context))
        try:
            yield made
        finally:
            made.close()


def restarted(pod: Json) -> bool:
    """A container of the pod has ended with an error and was, or is to be, started again."""
    for container in status_of(pod).get("containerStatuses") or []:
        states = (container.get("state") or {}, container.get("lastState") or {})
        if any((state.get("terminated") or {}).get("exitCode") for state in states):
            return True
    return False
