"""How long snapshots take, as Prometheus metrics (clause ERR-010).

Operations are seen from outside, by the changes of the objects: a snapshot asks for its creation by being there,
for its deletion by its deletionTimestamp. Nothing in the controller has to report, so nothing can forget to.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ..kube import objects
from ..kube.client import Json
from .cluster import Cluster, claim_name, ready

BUCKETS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 120, 300, 600)
"""Upper bounds in seconds."""

DURATIONS = "snapshot_controller_operation_total_seconds"
IN_FLIGHT = "snapshot_controller_operations_in_flight"

CREATE = "CreateSnapshot"
READY = "CreateSnapshotAndReady"
DELETE = "DeleteSnapshot"


@dataclass(frozen=True)
class Labels:
    """What a duration is told by."""

    driver: str
    operation: str
    kind: str
    status: str

    def __str__(self) -> str:
        return (
            f'driver_name="{self.driver}",operation_name="{self.operation}",'
            f'operation_status="{self.status}",snapshot_type="{self.kind}"'
        )


@dataclass
class Histogram:
    """Durations of one kind of operation."""

    counts: list[int] = field(default_factory=lambda: [0] * len(BUCKETS))
    total: float = 0.0
    number: int = 0

    def add(self, seconds: float) -> None:
        self.total += seconds
        self.number += 1
        for index, limit in enumerate(BUCKETS):
            self.counts[index] += seconds <= limit


class Operations:
    """Follows the snapshots of a cluster; ``text`` is what a scrape gets. Safe to share between threads."""

    def __init__(self, cluster: Cluster, clock: Callable[[], float] = time.monotonic) -> None:
        self._cluster = cluster
        self._clock = clock
        self._lock = threading.Lock()
        self._begun: dict[tuple[str, str], float] = {}
        """(uid of a snapshot, operation) -> when it began."""
        self._drivers: dict[str, str] = {}
        self._done: dict[Labels, Histogram] = {}

    def changed(self, before: Json | None, after: Json | None) -> None:
        """A snapshot changed: begin and end what that tells."""
        obj = after or before
        assert obj is not None
        with self._lock:
            if after is None:
                self._end(obj, DELETE, "success")
                self._drivers.pop(objects.uid(obj), None)
                return
            self._learn(after)
            if objects.deleting(after):
                for operation in (CREATE, READY):
                    self._end(after, operation, "cancelled")
                self._begin(after, DELETE)
                return
            status = after.get("status") or {}
            for operation, reached in ((CREATE, bool(status.get("creationTime"))), (READY, ready(after))):
                if reached:
                    self._end(after, operation, "success")
                elif before is None:
                    self._begin(after, operation)

    def text(self) -> str:
        """The metrics in Prometheus' text format."""
        with self._lock:
            lines = [f"# TYPE {DURATIONS} histogram"]
            for labels, histogram in sorted(self._done.items(), key=lambda item: str(item[0])):
                for limit, count in zip((*BUCKETS, "+Inf"), (*histogram.counts, histogram.number), strict=True):
                    lines.append(f'{DURATIONS}_bucket{{{labels},le="{limit}"}} {count}')
                lines.append(f"{DURATIONS}_sum{{{labels}}} {histogram.total:.6f}")
                lines.append(f"{DURATIONS}_count{{{labels}}} {histogram.number}")
            lines += [f"# TYPE {IN_FLIGHT} gauge", f"{IN_FLIGHT} {len(self._begun)}"]
        return "\n".join(lines) + "\n"

    def _learn(self, snapshot: Json) -> None:
        """Note the driver while the content is there: at the end of a deletion it is gone."""
        name = (snapshot.get("status") or {}).get("boundVolumeSnapshotContentName")
        content = self._cluster.contents.get(name) if name else None
        if content:
            self._drivers[objects.uid(snapshot)] = content["spec"]["driver"]

    def _begin(self, snapshot: Json, operation: str) -> None:
        self._begun.setdefault((objects.uid(snapshot), operation), self._clock())

    def _end(self, snapshot: Json, operation: str, status: str) -> None:
        begun = self._begun.pop((objects.uid(snapshot), operation), None)
        if begun is None:
            return
        kind = "dynamic" if claim_name(snapshot) else "pre-provisioned"
        labels = Labels(self._drivers.get(objects.uid(snapshot), "unknown"), operation, kind, status)
        self._done.setdefault(labels, Histogram()).add(self._clock() - begun)
