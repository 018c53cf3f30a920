"""The metrics of the snapshot-controller, scraped through the API server's proxy (ERR-010)."""

from __future__ import annotations

from collections.abc import Iterable

import tenacity

from pytest_csi_snapshot.conditions import POD_READY
from pytest_csi_snapshot.inventory import SNAPSHOT_CONTROLLER, Component
from pytest_csi_snapshot.kube.kinds import POD
from pytest_csi_snapshot.kube.refusals import ApiError
from pytest_csi_snapshot.kube.repeating import lost, repeating
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.prometheus import Sample, samples
from pytest_csi_snapshot.verbs.inquiries import InquiryVerbs

DURATIONS = "snapshot_controller_operation_total_seconds"
IN_FLIGHT = "snapshot_controller_operations_in_flight"


class MetricVerbs(InquiryVerbs):
    """Verbs on metrics."""

    def controller_metrics(self, clause: str) -> list[Sample]:
        """The samples of all instances of the snapshot-controller; only the one that leads counts operations.

        Ends the test as not supported where no instance serves metrics, or its page cannot be read; as unknown
        where one that serves them is not ready.
        """
        __tracebackhide__ = True
        running = [each for each in self.components() if each.program == SNAPSHOT_CONTROLLER]
        pages = [page for each in running if (page := _page_of(each))]
        if not pages:
            self.not_supported(clause, "no snapshot-controller that runs here has an argument --http-endpoint")
        texts, troubles = [], []
        for page in pages:
            try:
                answer = repeating(lost)(self.station.client.request, "GET", page)
                texts.append(str(answer.get("text", "")))
            except ApiError as error:
                troubles.append(str(error))
        if not texts:
            why = f"the metrics cannot be read: {'; '.join(troubles)}"
            if unready := [each.pod for each in running if not self._is_ready(each)]:
                self.unknown(clause, f"{', '.join(unready)} not ready, {why}")
            self.not_supported(clause, why)
        return [sample for text in texts for sample in samples(text)]

    def _is_ready(self, controller: Component) -> bool:
        pod = self.api.find(POD, controller.namespace, controller.pod)
        return pod is not None and POD_READY.holds(pod)

    def measured(self, clause: str, operation: str, kind: str, *, more_than: float, since: Handle) -> None:
        """Check that more operations of a kind are counted soon.

        Unknown where a controller ended or began after ``since`` was made: it counts from zero. Asked again
        until the limit for a reaction: a page of metrics does not tell of its changes.
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
        if counted <= more_than:
            self.steady(clause, since, "what it had counted by then is gone")
        self.check(
            clause,
            expected=f"more than {more_than:g}",
            observed=f"{counted:g}",
            holds=counted > more_than,
            about=f"{DURATIONS}_count of {operation}, {kind}, {self.cluster.driver}",
        )

    def landed(self, clause: str, *, at_most: float) -> None:
        """Check that soon no more operations are in flight than these. Asked again as ``measured`` asks."""
        __tracebackhide__ = True

        def flying() -> float | None:
            return in_flight(self.controller_metrics(clause))

        patiently = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda number: number is not None and number > at_most),
            wait=tenacity.wait_fixed(0.5),
            stop=tenacity.stop_after_delay(self.limits.reaction),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        number: float | None = patiently(flying)
        self.check(
            clause,
            expected=f"from 0 to {at_most:g}, as before the operations of this test",
            observed="no such metric" if number is None else f"{number:g} operations in flight",
            holds=number is not None and 0 <= number <= at_most,
            about=IN_FLIGHT,
        )


def in_flight(metrics: Iterable[Sample]) -> float | None:
    """How many operations are in flight, of all instances; None where none of them tells."""
    values = [sample.value for sample in metrics if sample.name == IN_FLIGHT]
    return sum(values) if values else None


def done(metrics: Iterable[Sample], driver: str, operation: str, kind: str) -> float:
    """How many operations have been measured for a driver; ``kind`` is ``dynamic`` or ``pre-provisioned``."""
    wanted = {"driver_name": driver, "operation_name": operation, "snapshot_type": kind}
    return sum(
        sample.value
        for sample in metrics
        if sample.name == f"{DURATIONS}_count" and wanted.items() <= sample.labels.items()
    )


def _page_of(controller: Component) -> str:
    """The path of a controller's page of metrics, "" where it has none."""
    port = (controller.argument("http-endpoint") or controller.argument("metrics-address") or "").rpartition(":")[
        2
    ]
    if not port.isdecimal():
        return ""
    page = controller.argument("metrics-path") or "/metrics"
    return f"{POD.path(controller.namespace, controller.pod)}:{port}/proxy{page}"
