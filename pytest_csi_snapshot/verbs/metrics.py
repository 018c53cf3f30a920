"""The metrics of the snapshot-controller, scraped through the API server's proxy (ERR-010)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import tenacity

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.kube.kinds import POD
from pytest_csi_snapshot.kube.refusals import ApiError
from pytest_csi_snapshot.prometheus import Sample, samples
from pytest_csi_snapshot.verbs.core import Core

Json = dict[str, Any]

DURATIONS = "snapshot_controller_operation_total_seconds"
IN_FLIGHT = "snapshot_controller_operations_in_flight"

_CONTROLLER = "app.kubernetes.io/name in (snapshot-controller, csi-snapshot-controller)"
_ENDPOINT = re.compile(r"--(?:http-endpoint|metrics-address)[= ]\S*:(\d+)")
_PATH = re.compile(r"--metrics-path[= ](\S+)")


class MetricVerbs(Core):
    """Verbs on metrics."""

    cluster: Cluster

    def controller_metrics(self, clause: str) -> list[Sample]:
        """The samples of all instances of the snapshot-controller; only the one that leads counts operations.

        Ends the test as not supported where no instance serves metrics, or its page may not be read.
        """
        __tracebackhide__ = True
        pages = [page for pod in self.api.list(POD, labelSelector=_CONTROLLER) if (page := _page_of(pod))]
        if not pages:
            self.not_supported(clause, "no pod labelled as a snapshot-controller has an argument --http-endpoint")
        try:
            texts = [str(self.station.client.request("GET", page).get("text", "")) for page in pages]
        except ApiError as error:
            self.not_supported(clause, f"the metrics cannot be read: {error}")
        return [sample for text in texts for sample in samples(text)]

    def measured(self, clause: str, operation: str, kind: str, *, more_than: float) -> None:
        """Check that more operations of a kind are counted soon.

        Asked again until the limit for a reaction: a page of metrics does not tell of its changes.
        """
        __tracebackhide__ = True

        def count() -> float:
            return done(self.controller_metrics(clause), self.cluster.driver, operation, kind)

        patiently = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda counted: counted <= more_than),
            wait=tenacity.wait_fixed(0.5),
            stop=tenacity.stop_after_delay(self.limits.reaction),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else 0.0,
        )
        counted: float = patiently(count)
        self.check(
            clause,
            expected=f"more than {more_than:g}",
            observed=f"{counted:g}",
            holds=counted > more_than,
            about=f"{DURATIONS}_count of {operation}, {kind}, {self.cluster.driver}",
        )


def done(metrics: Iterable[Sample], driver: str, operation: str, kind: str) -> float:
    """How many operations have been measured for a driver; ``kind`` is ``dynamic`` or ``pre-provisioned``."""
    wanted = {"driver_name": driver, "operation_name": operation, "snapshot_type": kind}
    return sum(
        sample.value
        for sample in metrics
        if sample.name == f"{DURATIONS}_count" and wanted.items() <= sample.labels.items()
    )


def _page_of(pod: Json) -> str:
    """The path of a running pod's page of metrics, "" where it has none."""
    if (pod.get("status") or {}).get("phase") != "Running" or "deletionTimestamp" in pod["metadata"]:
        return ""
    for container in pod["spec"]["containers"]:
        words = " ".join([*(container.get("command") or []), *(container.get("args") or [])])
        if found := _ENDPOINT.search(words):
            path = _PATH.search(words)
            root = f"{POD.path(pod['metadata']['namespace'], pod['metadata']['name'])}:{found[1]}/proxy"
            return root + (path[1] if path else "/metrics")
    return ""
