"""Faults of what the snapshot-controller tells: errors that are not shown, events that are missing or wrong."""

from __future__ import annotations

import itertools
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from ..controllers import clock, markers
from ..controllers.kube import objects
from ..controllers.kube.objects import Json
from .fault import Fault
from .wrapping import Clean, wrap

if TYPE_CHECKING:
    from ..controllers.snapshot_controller.main import Controller


class _Failure(Fault):
    """A fault of how a failure is told: ``status.fail`` of single snapshots."""

    component = "snapshot-controller"
    kind = "errors"

    def apply(self, target: Controller) -> None:
        self.target = target
        wrap(target.snapshots.status, "fail", self.fail)

    @abstractmethod
    def fail(self, clean: Clean, obj: Json, reason: str, message: str, *, not_ready: bool = True) -> Any:
        """Tell a failure in the place of ``clean``."""


class SourceFailureUnshown(_Failure):
    """A VolumeSnapshot of a claim that cannot be cut shows no error: there is only an event."""

    name = "source-failure-unshown"
    breaks = ("SNAP-DYN-007",)

    def fail(self, clean: Clean, obj: Json, reason: str, message: str, *, not_ready: bool = True) -> Any:
        if reason != "SnapshotContentCreationFailed":
            return clean(obj, reason, message, not_ready=not_ready)
        self.target.cluster.events.event(obj, "Warning", reason, message)
        return True


class FailureWithoutEvent(_Failure):
    """A failure of a VolumeSnapshot is in its status only: no event tells it."""

    name = "failure-without-event"
    breaks = ("ERR-001", "SNAP-DYN-007")

    def fail(self, clean: Clean, obj: Json, reason: str, message: str, *, not_ready: bool = True) -> Any:
        from ..controllers.statuses import failed

        stamp = clock.rfc3339()
        self.target.snapshots.status.write(obj, lambda status: failed(status, message, stamp, not_ready=not_ready))
        return False


class FailureToldAboutClaim(_Failure):
    """The events of a failure are about the source PVC, where nobody looks who waits for the snapshot."""

    name = "failure-told-about-claim"
    breaks = ("ERR-001", "SNAP-DYN-007", "SNAP-DYN-012")

    def apply(self, target: Controller) -> None:
        super().apply(target)
        wrap(target.cluster.events, "event", self._event)

    def fail(self, clean: Clean, obj: Json, reason: str, message: str, *, not_ready: bool = True) -> Any:
        return clean(obj, reason, message, not_ready=not_ready)

    def _event(self, clean: Clean, about: Json, type_: str, reason: str, message: str) -> None:
        if type_ == "Warning" and about["kind"] == "VolumeSnapshot":
            about = self.target.cluster.source_claim(about) or about
        clean(about, type_, reason, message)


class FailureToldAtEachTry(_Failure):
    """Each retry of a failing VolumeSnapshot sends an event of its own, which differs in its number only."""

    name = "failure-told-at-each-try"
    breaks = ("ERR-004",)

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def fail(self, clean: Clean, obj: Json, reason: str, message: str, *, not_ready: bool = True) -> Any:
        if not clean(obj, reason, message, not_ready=not_ready):
            text = f"{message} (try {next(self._numbers)})"
            self.target.cluster.events.event(obj, "Warning", reason, text)
        return True


class ErrorTimeMoves(_Failure):
    """The time of an error is that of the last try, so that nobody sees since when it fails."""

    name = "error-time-moves"
    breaks = ("STAT-009",)

    def fail(self, clean: Clean, obj: Json, reason: str, message: str, *, not_ready: bool = True) -> Any:
        sent = clean(obj, reason, message, not_ready=not_ready)
        error = {"message": message, "time": clock.rfc3339()}
        self.target.snapshots.status.write(obj, lambda status: {**status, "error": error})
        return sent


class ErrorWithoutMessage(_Failure):
    """status.error of a VolumeSnapshot has a time and no message."""

    name = "error-without-message"
    breaks = ("STAT-009", "SNAP-DYN-007")

    def fail(self, clean: Clean, obj: Json, reason: str, message: str, *, not_ready: bool = True) -> Any:
        sent = clean(obj, reason, message, not_ready=not_ready)
        error = {"time": clock.rfc3339()}
        self.target.snapshots.status.write(obj, lambda status: {**status, "error": error})
        return sent


class _Events(Fault):
    """A fault of the events of the controller."""

    component = "snapshot-controller"
    kind = "errors"

    def apply(self, target: Controller) -> None:
        wrap(target.cluster.events, "event", self.event)

    @abstractmethod
    def event(self, clean: Clean, about: Json, type_: str, reason: str, message: str) -> None:
        """Send an event in the place of ``clean``."""


class ReadyUntold(_Events):
    """No event tells that a VolumeSnapshot is ready."""

    name = "ready-untold"
    breaks = ("SNAP-DYN-009",)

    def event(self, clean: Clean, about: Json, type_: str, reason: str, message: str) -> None:
        if reason != "SnapshotReady":
            clean(about, type_, reason, message)


class ReadyToldFirst(_Events):
    """The events tell that a VolumeSnapshot is ready before they tell that it was created."""

    name = "ready-told-before-created"
    breaks = ("SNAP-DYN-009",)

    def __init__(self) -> None:
        self._held: dict[str, tuple[Json, str, str, str]] = {}

    def event(self, clean: Clean, about: Json, type_: str, reason: str, message: str) -> None:
        if reason == "SnapshotCreated":
            self._held[objects.uid(about)] = (about, type_, reason, message)
            return
        clean(about, type_, reason, message)
        if reason == "SnapshotReady" and (held := self._held.pop(objects.uid(about), None)):
            clean(*held)


class ImportToldAsCreation(_Events):
    """An imported snapshot has the event CreatingSnapshot, as if the driver had cut it now."""

    name = "import-told-as-creation"
    breaks = ("SNAP-DYN-009",)

    def event(self, clean: Clean, about: Json, type_: str, reason: str, message: str) -> None:
        static = (about.get("spec") or {}).get("source", {}).get("volumeSnapshotContentName")
        if reason == "SnapshotCreated" and static:
            text = f"Waiting for a snapshot {objects.key(about)} to be created by the CSI driver."
            clean(about, type_, "CreatingSnapshot", text)
        clean(about, type_, reason, message)


class DyingClaimIsCut(Fault):
    """A snapshot is taken of a PVC that is being deleted, which may go under the cut."""

    name = "dying-claim-is-cut"
    component = "snapshot-controller"
    breaks = ("SNAP-DYN-007",)
    kind = "lifecycle"

    def apply(self, target: Controller) -> None:
        def edit(clean: Clean, obj: Json, change: Clean, **options: Any) -> Any:
            unprotected = not objects.has_finalizer(obj, markers.CLAIM_AS_SOURCE)
            return obj if objects.deleting(obj) and unprotected else clean(obj, change, **options)

        wrap(target.cluster.claims, "edit", edit)
