"""Faults of the choice of a class for a snapshot."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from ..controllers import markers
from ..controllers.kube import objects
from ..controllers.kube.objects import Json
from .fault import Fault
from .wrapping import Clean, wrap

if TYPE_CHECKING:
    from ..controllers.snapshot_controller.main import Controller

_CLASS = "volumeSnapshotClassName"
_STATIC = "volumeSnapshotContentName"


class ClassFault(Fault):
    """A fault of ``choose_class``, of ``create`` after it, or of both. ``target`` is the running controller."""

    component = "snapshot-controller"
    kind = "state"

    target: Controller

    def apply(self, target: Controller) -> None:
        self.target = target
        wrap(target.snapshots, "choose_class", self.choose)

    @abstractmethod
    def choose(self, clean: Clean, snapshot: Json) -> Any:
        """Settle the class of a snapshot, and return the snapshot as it is then."""

    def defaults(self) -> list[Json]:
        """The default classes, of whichever driver."""
        classes = self.target.cluster.classes.all()
        return [one for one in classes if objects.annotation(one, markers.DEFAULT_CLASS) == "true"]

    def write(self, snapshot: Json, snapshot_class: Json) -> Json:
        """Write the class into the snapshot's spec."""

        def change(draft: Json) -> bool:
            draft["spec"][_CLASS] = objects.name(snapshot_class)
            return True

        return self.target.cluster.snapshots.edit(snapshot, change)


def names_class(snapshot: Json) -> bool:
    return snapshot["spec"].get(_CLASS) is not None


def static(snapshot: Json) -> bool:
    """The snapshot was made by hand for a content."""
    return snapshot["spec"]["source"].get(_STATIC) is not None


def with_class(snapshot: Json, snapshot_class: Json) -> Json:
    """A snapshot as if it named a class; nothing is written."""
    return {**snapshot, "spec": {**snapshot["spec"], _CLASS: objects.name(snapshot_class)}}


class DefaultOverNamed(Fault):
    """Where a default class exists it is used for every snapshot, also for one that names another class."""

    name = "default-class-over-named"
    component = "snapshot-controller"
    breaks = ("CLS-001",)
    kind = "state"

    def apply(self, target: Controller) -> None:
        from ..controllers.snapshot_controller.sources import SourceError

        def create(clean: Clean, snapshot: Json) -> Any:
            try:
                driver = target.snapshots.driver(snapshot)
            except SourceError:
                return clean(snapshot)
            for one in target.cluster.classes.all():
                if one["driver"] == driver and objects.annotation(one, markers.DEFAULT_CLASS) == "true":
                    return clean(with_class(snapshot, one))
            return clean(snapshot)

        wrap(target.snapshots, "create", create)


class MissingClassReplaced(ClassFault):
    """A snapshot that names a missing class is cut with another class of its driver."""

    name = "missing-class-replaced"
    breaks = ("CLS-002",)

    def apply(self, target: Controller) -> None:
        super().apply(target)
        wrap(target.snapshots, "create", self._create)

    def choose(self, clean: Clean, snapshot: Json) -> Any:
        return clean(snapshot) if static(snapshot) or not self._missing(snapshot) else snapshot

    def _create(self, clean: Clean, snapshot: Json) -> Any:
        from ..controllers.snapshot_controller.sources import SourceError

        if self._missing(snapshot):
            try:
                driver = self.target.snapshots.driver(snapshot)
            except SourceError:
                return clean(snapshot)
            for one in sorted(self.target.cluster.classes.all(), key=objects.name):
                if one["driver"] == driver:
                    return clean(with_class(snapshot, one))
        return clean(snapshot)

    def _missing(self, snapshot: Json) -> bool:
        return names_class(snapshot) and self.target.cluster.classes.find(snapshot["spec"][_CLASS]) is None


class DefaultNotWritten(ClassFault):
    """The default class is used, but its name is not written into the snapshot: nobody sees which it was."""

    name = "default-class-not-written"
    breaks = ("CLS-003",)

    def apply(self, target: Controller) -> None:
        super().apply(target)
        wrap(target.snapshots, "create", self._create)

    def choose(self, clean: Clean, snapshot: Json) -> Any:
        if names_class(snapshot) or static(snapshot) or self._default(snapshot) is None:
            return clean(snapshot)
        return snapshot

    def _create(self, clean: Clean, snapshot: Json) -> Any:
        default = None if names_class(snapshot) else self._default(snapshot)
        return clean(snapshot if default is None else with_class(snapshot, default))

    def _default(self, snapshot: Json) -> Json | None:
        from ..controllers.snapshot_controller.sources import SourceError

        try:
            driver = self.target.snapshots.driver(snapshot)
        except SourceError:
            return None
        found = [one for one in self.defaults() if one["driver"] == driver]
        return found[0] if len(found) == 1 else None


class _OtherDefault(ClassFault):
    """Where the clean controller finds no class to choose, one is chosen nevertheless."""

    def choose(self, clean: Clean, snapshot: Json) -> Any:
        from ..controllers.snapshot_controller.classes import ClassError
        from ..controllers.snapshot_controller.sources import SourceError

        try:
            return clean(snapshot)
        except ClassError:
            if names_class(snapshot):
                raise
            try:
                driver = self.target.snapshots.driver(snapshot)
            except SourceError:
                driver = ""
            found = sorted(self.candidates(driver), key=objects.name)
            if not driver or not found:
                raise
            return self.write(snapshot, found[0])

    @abstractmethod
    def candidates(self, driver: str) -> list[Json]:
        """What may be chosen for a snapshot of this driver; the first by name is."""


class AnyClassForDefault(_OtherDefault):
    """Without a default class the first class of the driver is taken."""

    name = "any-class-for-default"
    breaks = ("CLS-004", "CLS-007")

    def candidates(self, driver: str) -> list[Json]:
        if any(one["driver"] == driver for one in self.defaults()):
            return []
        return [one for one in self.target.cluster.classes.all() if one["driver"] == driver]


class FirstOfSeveralDefaults(_OtherDefault):
    """Of several default classes the first by name is taken, and nobody is told."""

    name = "first-of-several-defaults"
    breaks = ("CLS-005",)

    def candidates(self, driver: str) -> list[Json]:
        return [one for one in self.defaults() if one["driver"] == driver]


class DefaultOfAnyDriver(ClassFault):
    """Default classes count whichever driver they are for: another driver's is taken, or makes two of one."""

    name = "default-class-of-any-driver"
    breaks = ("CLS-006",)

    def choose(self, clean: Clean, snapshot: Json) -> Any:
        from ..controllers.snapshot_controller.classes import ClassError

        found = self.defaults()
        if names_class(snapshot) or static(snapshot) or not found:
            return clean(snapshot)
        if len(found) > 1:
            why = f"{len(found)} default snapshot classes were found"
            text = f"Failed to set default snapshot class with error {why}"
            raise ClassError(
                "SetDefaultSnapshotClassFailed", f"Failed to set default snapshot class with error {text}"
            )
        return self.write(snapshot, found[0])
