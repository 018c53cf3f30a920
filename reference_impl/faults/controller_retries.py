"""Faults of trying again, of the snapshot-controller and of the csi-snapshotter: too often, too late, or never."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ..controllers.kube import objects
from .fault import Fault
from .wrapping import Clean, inner, wrap

if TYPE_CHECKING:
    from ..controllers.snapshot_controller.main import Controller
    from ..controllers.snapshotter.main import Snapshotter

_EAGER_S = 0.3
_LONGEST_S = 300.0


class SidecarRetriesWithoutPause(Fault):
    """A driver that refuses a snapshot is asked for it again three times a second, for ever."""

    name = "sidecar-retries-without-pause"
    component = "csi-snapshotter"
    breaks = ("ERR-006",)
    kind = "errors"

    def apply(self, target: Snapshotter) -> None:
        wrap(target.contents, "sync", self._sync)

    def _sync(self, clean: Clean, key: str) -> None:
        from ..controllers.work.loop import SyncError

        try:
            clean(key)
        except SyncError as error:
            raise SyncError(str(error), after=_EAGER_S) from error


class _ChangeWaits(Fault):
    """After a failure nothing is looked at until the pause is over."""

    kind = "errors"

    def __init__(self) -> None:
        self._due: dict[str, float] = {}
        self._pause: dict[str, float] = {}

    def sync(self, clean: Clean, key: str) -> None:
        from ..controllers.work.loop import SyncError

        left = self._due.get(key, 0.0) - time.monotonic()
        if left > 0:
            raise SyncError("its pause is not over", after=left)
        try:
            clean(key)
        except SyncError as error:
            pause = self._pause[key] = min(2 * self._pause.get(key, 0.5), _LONGEST_S)
            self._due[key] = time.monotonic() + pause
            raise SyncError(str(error), after=pause) from error
        self._pause.pop(key, None)


class ControllerChangeWaits(_ChangeWaits):
    """A change of a failing VolumeSnapshot is looked at only when the pause after its last failure is over."""

    name = "controller-change-waits"
    component = "snapshot-controller"
    breaks = ("ERR-007",)

    def apply(self, target: Controller) -> None:
        wrap(target.snapshots, "sync", self.sync)


class SidecarChangeWaits(_ChangeWaits):
    """A change of a failing content is looked at only when the pause after its last failure is over."""

    name = "sidecar-change-waits"
    component = "csi-snapshotter"
    breaks = ("ERR-007",)

    def apply(self, target: Snapshotter) -> None:
        wrap(target.contents, "sync", self.sync)


class _GivesUp(Fault):
    """After its first failure an object is looked at again only to be deleted."""

    kind = "errors"

    def __init__(self) -> None:
        self._failed: set[str] = set()

    def watch(self, part: Any, collection: Any) -> None:
        def sync(clean: Clean, key: str) -> None:
            from ..controllers.work.loop import SyncError

            obj = collection.get(key)
            if obj and objects.uid(obj) in self._failed and not objects.deleting(obj):
                return
            try:
                clean(key)
            except SyncError:
                after = collection.get(key)
                if after and (after.get("status") or {}).get("error"):
                    self._failed.add(objects.uid(after))
                raise

        wrap(part, "sync", sync)


class ControllerGivesUp(_GivesUp):
    """A VolumeSnapshot that failed once stays as it is, also when the cause has been repaired."""

    name = "controller-gives-up"
    component = "snapshot-controller"
    breaks = ("SNAP-DYN-008", "ERR-008", "CLS-002", "SNAP-PRE-008")

    def apply(self, target: Controller) -> None:
        self.watch(target.snapshots, target.cluster.snapshots)


class SidecarGivesUp(_GivesUp):
    """A snapshot that the driver refused once is never asked for again."""

    name = "sidecar-gives-up"
    component = "csi-snapshotter"
    breaks = ("ERR-008", "ERR-006", "ERR-009", "SEC-005")
    issue = "https://github.com/longhorn/longhorn/issues/3886"
    seen = "L15"

    def apply(self, target: Snapshotter) -> None:
        self.watch(target.contents, inner(target.contents, "_contents"))
