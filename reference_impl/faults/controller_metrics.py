"""Faults of the metrics of the snapshot-controller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..controllers.kube.objects import Json
from .fault import Fault
from .wrapping import Clean, inner, wrap

if TYPE_CHECKING:
    from ..controllers.snapshot_controller.main import Controller


class InFlightNeverFalls(Fault):
    """The number of operations in flight only grows, so that an alert on stuck snapshots always fires."""

    name = "in-flight-never-falls"
    component = "snapshot-controller"
    breaks = ("ERR-010",)
    kind = "errors"

    def apply(self, target: Controller) -> None:
        begun = inner(target.operations, "_begun")

        def begin(clean: Clean, snapshot: Json, operation: str) -> None:
            clean(snapshot, operation)
            begun[(f"{snapshot['metadata']['uid']}+", operation)] = 0.0

        wrap(target.operations, "_begin", begin)


class MetricsWithoutDriver(Fault):
    """The durations are told of no driver: those of two drivers in one cluster cannot be told apart."""

    name = "metrics-without-driver"
    component = "snapshot-controller"
    breaks = ("ERR-010",)
    kind = "errors"

    def apply(self, target: Controller) -> None:
        wrap(target.operations, "_learn", lambda _clean, _snapshot: None)


class DeletionsUncounted(Fault):
    """Deletions are not counted among the operations."""

    name = "deletions-uncounted"
    component = "snapshot-controller"
    breaks = ("ERR-010",)
    kind = "errors"

    def apply(self, target: Controller) -> None:
        def end(clean: Clean, snapshot: Json, operation: str, status: str) -> None:
            if operation == "DeleteSnapshot":
                inner(target.operations, "_begun").pop((snapshot["metadata"]["uid"], operation), None)
            clean(snapshot, operation, status)

        wrap(target.operations, "_end", end)
