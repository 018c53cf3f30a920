"""Faults around the class of a snapshot: what it needs, what counts, and what is told where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..controllers import markers
from ..controllers.kube import objects
from ..controllers.kube.objects import Json
from .class_choice import ClassFault, names_class, static
from .fault import Fault
from .wrapping import Clean, wrap

if TYPE_CHECKING:
    from ..controllers.snapshot_controller.main import Controller

_TRUE = {"1", "t", "true"}


class DefaultMarkReadLeniently(Fault):
    """A class is a default one also by "True", "TRUE" or "1", as a parser of booleans reads them."""

    name = "default-mark-read-leniently"
    component = "snapshot-controller"
    breaks = ("CLS-007",)
    kind = "state"

    def apply(self, target: Controller) -> None:
        wrap(target.cluster.classes, "all", self._all)

    def _all(self, clean: Clean, namespace: str | None = None) -> Any:
        return [self._read(one) for one in clean(namespace)]

    def _read(self, snapshot_class: Json) -> Json:
        meta = snapshot_class["metadata"]
        mark = objects.annotation(snapshot_class, markers.DEFAULT_CLASS)
        if mark is None or mark.lower() not in _TRUE:
            return snapshot_class
        annotations = {**meta["annotations"], markers.DEFAULT_CLASS: "true"}
        return {**snapshot_class, "metadata": {**meta, "annotations": annotations}}


class UnknownDriverUntold(ClassFault):
    """A snapshot without a class on an unbound claim waits without a word."""

    name = "unknown-driver-untold"
    breaks = ("CLS-008",)
    kind = "errors"

    def apply(self, target: Controller) -> None:
        super().apply(target)
        wrap(target.snapshots, "advance", self._advance)

    def choose(self, clean: Clean, snapshot: Json) -> Any:
        return clean(snapshot)

    def _advance(self, clean: Clean, snapshot: Json) -> None:
        from ..controllers.snapshot_controller.sources import SourceError
        from ..controllers.work.loop import SyncError

        if not names_class(snapshot) and not static(snapshot):
            try:
                self.target.snapshots.driver(snapshot)
            except SourceError as error:
                raise SyncError(str(error)) from error
        clean(snapshot)


class ClassLookedUpOnce(ClassFault):
    """A snapshot that found no class is never looked at again: a class that comes later does not help."""

    name = "class-looked-up-once"
    breaks = ("CLS-009", "CLS-002", "CLS-004", "CLS-005")
    kind = "errors"

    def __init__(self) -> None:
        self._failed: set[str] = set()

    def apply(self, target: Controller) -> None:
        super().apply(target)
        wrap(target.snapshots, "advance", self._advance)

    def choose(self, clean: Clean, snapshot: Json) -> Any:
        from ..controllers.snapshot_controller.classes import ClassError

        try:
            return clean(snapshot)
        except ClassError:
            self._failed.add(objects.uid(snapshot))
            raise

    def _advance(self, clean: Clean, snapshot: Json) -> None:
        if objects.uid(snapshot) not in self._failed:
            clean(snapshot)


class ImportGetsDefault(ClassFault):
    """A pre-provisioned snapshot that names no class is given the default one of its content's driver."""

    name = "import-gets-default-class"
    breaks = ("SNAP-PRE-002",)

    def choose(self, clean: Clean, snapshot: Json) -> Any:
        if static(snapshot) and not names_class(snapshot):
            source = snapshot["spec"]["source"]["volumeSnapshotContentName"]
            content = self.target.cluster.contents.get(source)
            for default in self.defaults():
                if content and default["driver"] == content["spec"]["driver"]:
                    return self.write(snapshot, default)
        return clean(snapshot)


class ImportedClassUnchecked(ClassFault):
    """A pre-provisioned snapshot is bound although it names a class that does not exist."""

    name = "imported-class-unchecked"
    breaks = ("SNAP-PRE-002",)

    def choose(self, clean: Clean, snapshot: Json) -> Any:
        return snapshot if static(snapshot) else clean(snapshot)


class ImportedClassNotCopied(Fault):
    """The class of a pre-provisioned snapshot is not copied into its content."""

    name = "imported-class-not-copied"
    component = "snapshot-controller"
    breaks = ("SNAP-PRE-003",)
    kind = "state"

    def apply(self, target: Controller) -> None:
        wrap(target.cluster.contents, "edit", self._edit)

    def _edit(self, clean: Clean, obj: Json, change: Clean, **options: Any) -> Any:
        def partly(draft: Json) -> bool:
            before = draft["spec"].get("volumeSnapshotClassName")
            changed = bool(change(draft))
            if before is None:
                draft["spec"].pop("volumeSnapshotClassName", None)
            return changed

        return clean(obj, partly, **options)


class ContentForDriverOfVolume(Fault):
    """A class of another driver is used as if it were one of the volume's driver."""

    name = "content-for-driver-of-volume"
    component = "snapshot-controller"
    breaks = ("CLS-010", "SNAP-DYN-002")
    kind = "state"

    def apply(self, target: Controller) -> None:
        def create(clean: Clean, body: Json) -> Any:
            handle = body["spec"]["source"].get("volumeHandle")
            for volume in target.cluster.volumes.all():
                csi = volume["spec"].get("csi") or {}
                if csi.get("volumeHandle") == handle:
                    body["spec"]["driver"] = csi["driver"]
            return clean(body)

        wrap(target.cluster.contents, "create", create)


class ClassErrorTurnsNotReady(Fault):
    """A ready snapshot turns not ready when its class is deleted."""

    name = "class-error-turns-not-ready"
    component = "snapshot-controller"
    breaks = ("SNAP-DYN-012", "CLS-002")
    kind = "state"

    def apply(self, target: Controller) -> None:
        def fail(clean: Clean, obj: Json, reason: str, message: str, *, not_ready: bool = True) -> Any:
            return clean(obj, reason, message, not_ready=not_ready or reason == "GetSnapshotClassFailed")

        wrap(target.snapshots.status, "fail", fail)
