"""Faults of taking turns: two leaders at work, a lease that nobody can take over, work of before that is lost."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..controllers import clock
from ..controllers.kube import objects
from ..controllers.kube.objects import Json
from .fault import Fault
from .wrapping import Clean, inner, put, wrap

if TYPE_CHECKING:
    from ..controllers.snapshot_controller.main import Controller
    from ..controllers.snapshotter.main import Snapshotter

_HOUR_S = 3600.0


class _Concurrency(Fault):
    kind = "concurrency"


class _NotRenewed(_Concurrency):
    def candidate(self, clean: Clean, lease: str) -> Any:
        elector = clean(lease)

        def hold(_clean: Clean, _lost: Any) -> None:
            put(elector, "_until", math.inf)

        wrap(elector, "hold", hold)
        return elector


class ControllerLeaseNotRenewed(_NotRenewed):
    """The leading snapshot-controller never renews its lease and works on: after one term there are two."""

    name = "controller-lease-not-renewed"
    component = "snapshot-controller"
    breaks = ("HA-001",)

    def apply(self, target: Controller) -> None:
        wrap(target.process, "_candidate", self.candidate)


class SidecarLeaseNotRenewed(_NotRenewed):
    """The leading csi-snapshotter never renews its lease and works on: after one term there are two."""

    name = "sidecar-lease-not-renewed"
    component = "csi-snapshotter"
    breaks = ("HA-001",)

    def apply(self, target: Snapshotter) -> None:
        wrap(target.process, "_candidate", self.candidate)


class LeaseOutlivesHolder(_Concurrency):
    """An instance that ends keeps the lease for an hour, in which nobody works."""

    name = "lease-outlives-holder"
    component = "snapshot-controller"
    breaks = ("HA-003", "HA-002")

    def apply(self, target: Controller) -> None:
        wrap(target.process, "_candidate", self._candidate)

    def _candidate(self, clean: Clean, lease: str) -> Any:
        elector = clean(lease)

        def spec(clean_spec: Clean, given: Json) -> Any:
            return {**clean_spec(given), "leaseDurationSeconds": int(_HOUR_S)}

        wrap(elector, "_spec", spec)
        wrap(elector, "release", lambda _clean: None)
        return elector


class _Beginning:
    """The moment from which an instance works: it may have stood by for long before it leads."""

    def __init__(self) -> None:
        self._at = ""

    def is_before(self, body: Json) -> bool:
        """Whether an object was made before; the first that is asked about is when it begins."""
        self._at = self._at or clock.rfc3339()
        return str(body["metadata"]["creationTimestamp"]) < self._at


class EarlierSnapshotsIgnored(_Concurrency):
    """After a restart the snapshot-controller looks only at what is created from then on."""

    name = "earlier-snapshots-ignored"
    component = "snapshot-controller"
    breaks = ("HA-002",)

    def apply(self, target: Controller) -> None:
        beginning = _Beginning()

        def sync(clean: Clean, key: str) -> None:
            snapshot = target.cluster.snapshots.get(key)
            if snapshot and not beginning.is_before(snapshot):
                clean(key)

        wrap(target.snapshots, "sync", sync)


class EarlierContentsIgnored(_Concurrency):
    """After a restart the csi-snapshotter looks only at contents that are created from then on."""

    name = "earlier-contents-ignored"
    component = "csi-snapshotter"
    breaks = ("HA-002",)

    def apply(self, target: Snapshotter) -> None:
        beginning, contents = _Beginning(), inner(target.contents, "_contents")

        def sync(clean: Clean, key: str) -> None:
            content = contents.get(key)
            if content and not beginning.is_before(content):
                clean(key)

        wrap(target.contents, "sync", sync)


class MissingCrdsWaitedFor(Fault):
    """Without the snapshot CRDs the snapshot-controller waits for ever, and looks healthy."""

    name = "missing-crds-waited-for"
    component = "snapshot-controller"
    breaks = ("HA-004",)
    kind = "lifecycle"

    def apply(self, target: Controller) -> None:
        def wait(_clean: Clean, _limit: float) -> None:
            inner(target.process, "_wait_for_caches")()

        wrap(target.process, "_wait_for_kinds", wait)


class GroupCrdsNeeded(Fault):
    """Without the CRDs of groups the snapshot-controller does not work at all."""

    name = "group-crds-needed"
    component = "snapshot-controller"
    breaks = ("HA-004",)
    kind = "lifecycle"

    def apply(self, target: Controller) -> None:
        cluster = target.cluster
        for collection in (cluster.group_snapshots, cluster.group_contents, cluster.group_classes):
            put(collection, "_optional", False)


class AnnotationOverwritten(_Concurrency):
    """The snapshot-controller writes back the annotations that it knows: the sidecar's mark of a cut is lost."""

    name = "sidecar-annotation-overwritten"
    component = "snapshot-controller"
    breaks = ("ERR-005", "DEL-011")

    def apply(self, target: Controller) -> None:
        from ..controllers import markers

        def sync(clean: Clean, key: str) -> None:
            clean(key)
            content = target.cluster.contents.get(key)
            if content and not objects.deleting(content):
                target.cluster.contents.edit(
                    content, lambda draft: objects.annotate(draft, markers.BEING_CREATED, None)
                )

        wrap(target.contents, "sync", sync)
