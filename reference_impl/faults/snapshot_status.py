"""Faults of the status of a VolumeSnapshot: it is not what its content says."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from ..controllers import clock, quantity
from ..controllers.kube import objects
from ..controllers.kube.objects import Json
from .fault import Fault
from .wrapping import Clean, wrap

if TYPE_CHECKING:
    from ..controllers.snapshot_controller.main import Controller

_GIB = 1 << 30


class _Merged(Fault):
    """A fault of the status that a VolumeSnapshot is given from that of its content."""

    component = "snapshot-controller"
    kind = "state"

    def apply(self, target: Controller) -> None:
        wrap(target.snapshots.status, "merged", self._merged)

    def _merged(self, clean: Clean, snapshot: Json, status: Json, content: Json) -> Any:
        result = clean(snapshot, status, content)
        self.spoil(result, status, content.get("status") or {})
        return result

    @abstractmethod
    def spoil(self, result: Json, before: Json, source: Json) -> None:
        """Change ``result``; ``before`` is the status until now, ``source`` that of the content."""


class ReadyBeforeContent(_Merged):
    """A VolumeSnapshot is ready as soon as its content has a handle, while the driver still works on it."""

    name = "ready-before-content"
    breaks = ("STAT-006", "STAT-001", "FIN-001")

    def spoil(self, result: Json, before: Json, source: Json) -> None:
        result["readyToUse"] = bool(source.get("snapshotHandle"))


class ReadyWhenBound(_Merged):
    """A VolumeSnapshot is ready as soon as it has a content, and never gets a size or a time."""

    name = "ready-when-bound"
    breaks = ("SNAP-DYN-004", "STAT-001", "STAT-010")

    def spoil(self, result: Json, before: Json, source: Json) -> None:
        result["readyToUse"] = True


class RestoreSizeRounded(_Merged):
    """restoreSize of a VolumeSnapshot is rounded up to whole GiB: another size than its content's."""

    name = "restore-size-rounded"
    breaks = ("STAT-001", "STAT-004")

    def spoil(self, result: Json, before: Json, source: Json) -> None:
        if source.get("restoreSize"):
            result["restoreSize"] = f"{-(-int(source['restoreSize']) // _GIB)}Gi"


class RestoreSizeNotCopied(_Merged):
    """A VolumeSnapshot does not show the restoreSize of its content."""

    name = "restore-size-not-copied"
    breaks = ("STAT-001",)

    def spoil(self, result: Json, before: Json, source: Json) -> None:
        result.pop("restoreSize", None)


class CreationTimeOfStatus(_Merged):
    """creationTime of a VolumeSnapshot is the moment at which its status was written, not that of the cut."""

    name = "creation-time-of-status"
    breaks = ("STAT-001", "STAT-003")

    def spoil(self, result: Json, before: Json, source: Json) -> None:
        if source.get("creationTime") and not before.get("creationTime"):
            result["creationTime"] = clock.rfc3339()


class ErrorNotCopied(_Merged):
    """A VolumeSnapshot does not show why its snapshot could not be created: only the content does."""

    name = "error-not-copied"
    breaks = ("ERR-003", "STAT-001")
    kind = "errors"

    def spoil(self, result: Json, before: Json, source: Json) -> None:
        result.pop("error", None)
        if before.get("error"):
            result["error"] = before["error"]


class ErrorStaysWhenReady(_Merged):
    """A VolumeSnapshot that became ready still shows an error of before."""

    name = "error-stays-when-ready"
    breaks = ("STAT-008", "SNAP-DYN-004")
    kind = "errors"
    issue = "https://github.com/longhorn/longhorn/issues/11429"
    seen = "L06"

    def apply(self, target: Controller) -> None:
        super().apply(target)
        wrap(target.snapshots.status, "clear", lambda _clean, obj: obj)

    def spoil(self, result: Json, before: Json, source: Json) -> None:
        if before.get("error"):
            result["error"] = before["error"]


class BoundNameLate(_Merged):
    """A VolumeSnapshot names its content only when it is ready: until then nobody can find it."""

    name = "bound-name-late"
    breaks = ("STAT-010",)

    def spoil(self, result: Json, before: Json, source: Json) -> None:
        if not result["readyToUse"]:
            result.pop("boundVolumeSnapshotContentName", None)


class _Status(Fault):
    """A fault of when the status is written."""

    component = "snapshot-controller"
    kind = "state"


class BoundNameEarly(_Status):
    """A VolumeSnapshot names a content before that is made: one that cannot be made at once never is."""

    name = "bound-name-before-content"
    breaks = ("SNAP-DYN-008", "SNAP-DYN-007", "ERR-008")

    def apply(self, target: Controller) -> None:
        def create(clean: Clean, snapshot: Json) -> Any:
            name = target.snapshots.dynamic_name(snapshot)
            target.snapshots.status.write(
                snapshot, lambda status: {**status, "boundVolumeSnapshotContentName": name}
            )
            return clean(snapshot)

        wrap(target.snapshots, "create", create)


class CreationTimeMoves(_Status):
    """creationTime of a VolumeSnapshot is written anew each time that it is looked at."""

    name = "creation-time-moves"
    breaks = ("STAT-003", "STAT-001")
    issue = "https://github.com/longhorn/longhorn/issues/6266"
    seen = "L31"

    def apply(self, target: Controller) -> None:
        def follow(clean: Clean, snapshot: Json, content: Json) -> Any:
            snapshot = clean(snapshot, content)
            if not (snapshot.get("status") or {}).get("creationTime"):
                return snapshot
            now = clock.rfc3339()
            return target.snapshots.status.write(snapshot, lambda status: {**status, "creationTime": now})

        wrap(target.snapshots, "follow", follow)


class ReadinessFlaps(_Status):
    """A ready VolumeSnapshot is not ready for a moment when it is looked at again."""

    name = "readiness-flaps"
    breaks = ("STAT-007",)

    def apply(self, target: Controller) -> None:
        flapped = set[str]()

        def follow(clean: Clean, snapshot: Json, content: Json) -> Any:
            snapshot = clean(snapshot, content)
            if (snapshot.get("status") or {}).get("readyToUse") and objects.uid(snapshot) not in flapped:
                flapped.add(objects.uid(snapshot))
                write = target.snapshots.status.write
                snapshot = write(snapshot, lambda status: {**status, "readyToUse": False})
                snapshot = write(snapshot, lambda status: {**status, "readyToUse": True})
            return snapshot

        wrap(target.snapshots, "follow", follow)


class RestoreSizeFollowsVolume(_Status):
    """restoreSize of a VolumeSnapshot grows with its source volume, although the snapshot does not."""

    name = "restore-size-follows-volume"
    breaks = ("STAT-005",)

    def apply(self, target: Controller) -> None:
        def changed(before: Json | None, after: Json | None) -> None:
            if before is None or after is None or _capacity(before) == _capacity(after):
                return
            owner = after["spec"].get("claimRef") or {}
            shown = quantity.from_bytes(quantity.to_bytes(_capacity(after)))
            for snapshot in target.cluster.snapshots_of_claim(f"{owner.get('namespace')}/{owner.get('name')}"):
                if (snapshot.get("status") or {}).get("restoreSize"):
                    target.snapshots.status.write(snapshot, lambda status: {**status, "restoreSize": shown})

        target.cluster.volumes.on_change(changed)


def _capacity(volume: Json) -> str:
    return str(volume["spec"]["capacity"]["storage"])
