"""Faults of what the csi-snapshotter asks of the driver: names, parameters, and what is asked at all."""

from __future__ import annotations

import uuid
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from ..controllers import clock
from ..controllers.kube.objects import Json
from ..controllers.parameters import PREFIX, SNAPSHOT_USES
from .fault import Fault
from .wrapping import Clean, inner, wrap

if TYPE_CHECKING:
    from ..controllers.snapshotter.main import Snapshotter


class _Input(Fault):
    """A fault of what CreateSnapshot is given."""

    component = "csi-snapshotter"
    kind = "state"

    target: Snapshotter

    def apply(self, target: Snapshotter) -> None:
        self.target = target
        wrap(inner(target.contents, "_inputs"), "for_creation", self._for_creation)

    def _for_creation(self, clean: Clean, content: Json) -> Any:
        name, parameters, credentials = clean(content)
        return *self.given(name, parameters, content), credentials

    @abstractmethod
    def given(self, name: str, parameters: dict[str, str], content: Json) -> tuple[str, dict[str, str]]:
        """The CSI name and the parameters that the driver is given; the arguments are the right ones."""


class NamePerTry(_Input):
    """Each try of CreateSnapshot has another name: a slow driver makes a snapshot for each of them."""

    name = "csi-name-per-try"
    breaks = ("ERR-009", "DEL-011")
    kind = "flaky"
    issue = "https://github.com/longhorn/longhorn/issues/10501"
    seen = "L04"

    def given(self, name: str, parameters: dict[str, str], content: Json) -> tuple[str, dict[str, str]]:
        return f"{name}-{uuid.uuid4().hex[:8]}", parameters


class NameWithoutUid(_Input):
    """The CSI name is made of the VolumeSnapshot's name: one that is created again is given the old data."""

    name = "csi-name-without-uid"
    breaks = ("SNAP-DYN-011",)

    def given(self, name: str, parameters: dict[str, str], content: Json) -> tuple[str, dict[str, str]]:
        ref = content["spec"]["volumeSnapshotRef"]
        return f"snapshot-{ref['namespace']}-{ref['name']}", parameters


class NameOfVolume(_Input):
    """The CSI name is made of the volume's handle: all snapshots of a volume are the first one."""

    name = "csi-name-of-volume"
    breaks = ("SNAP-DYN-010", "SNAP-DYN-011")

    def given(self, name: str, parameters: dict[str, str], content: Json) -> tuple[str, dict[str, str]]:
        return f"snapshot-{content['spec']['source']['volumeHandle']}", parameters


class ReservedParametersPassed(_Input):
    """Parameters that are for the sidecar, names of secrets among them, are passed to the driver."""

    name = "reserved-parameters-passed"
    breaks = ("SEC-001",)

    def given(self, name: str, parameters: dict[str, str], content: Json) -> tuple[str, dict[str, str]]:
        classes = inner(inner(self.target.contents, "_inputs"), "_classes")
        given = classes.find(content["spec"]["volumeSnapshotClassName"]).get("parameters") or {}
        return name, {**parameters, **{key: given[key] for key in given if key.startswith(PREFIX)}}


class ExtraMetadataMissing(_Input):
    """The driver is not told of VolumeSnapshot and content although that is switched on."""

    name = "extra-metadata-missing"
    breaks = ("SNAP-DYN-013",)

    def given(self, name: str, parameters: dict[str, str], content: Json) -> tuple[str, dict[str, str]]:
        return name, {key: parameters[key] for key in parameters if not key.startswith(PREFIX)}


class ExtraMetadataMixedUp(_Input):
    """The driver is told the namespace of the VolumeSnapshot as its name."""

    name = "extra-metadata-mixed-up"
    breaks = ("SNAP-DYN-013",)

    def given(self, name: str, parameters: dict[str, str], content: Json) -> tuple[str, dict[str, str]]:
        key = f"{PREFIX}volumesnapshot/name"
        namespace = content["spec"]["volumeSnapshotRef"]["namespace"]
        return name, {**parameters, key: namespace} if key in parameters else parameters


class UnknownReservedIgnored(Fault):
    """A reserved parameter that nobody knows is passed over: a mistyped one is never found."""

    name = "unknown-reserved-parameter-ignored"
    component = "csi-snapshotter"
    breaks = ("SEC-001",)
    kind = "errors"

    def apply(self, target: Snapshotter) -> None:
        known = {key for use in SNAPSHOT_USES for key in (use.name_key, use.namespace_key)}

        def find(clean: Clean, name: str) -> Any:
            found = clean(name)
            given = (found or {}).get("parameters") or {}
            kept = {key: given[key] for key in given if key in known or not key.startswith(PREFIX)}
            return found and {**found, "parameters": kept}

        wrap(inner(inner(target.contents, "_inputs"), "_classes"), "find", find)


class ForeignContentServed(Fault):
    """The csi-snapshotter serves the contents of every driver."""

    name = "foreign-content-served"
    component = "csi-snapshotter"
    breaks = ("CLS-010", "DEL-018")
    kind = "state"

    def apply(self, target: Snapshotter) -> None:
        wrap(target.contents, "_ours", lambda _clean, _content: True)


class _Import(Fault):
    """A fault of how an imported snapshot is looked up."""

    component = "csi-snapshotter"
    kind = "state"

    target: Snapshotter

    def apply(self, target: Snapshotter) -> None:
        self.target = target
        wrap(target.contents, "look_up", self._look_up)

    def _look_up(self, clean: Clean, content: Json) -> Any:
        handle = content["spec"]["source"].get("snapshotHandle")
        return clean(content) if handle is None else self.look_up(clean, content, str(handle))

    @abstractmethod
    def look_up(self, clean: Clean, content: Json, handle: str) -> Any:
        """What is known of a handle that somebody imports."""


class ImportTakesFirstListed(_Import):
    """An imported handle is looked up by listing all snapshots and taking the first."""

    name = "import-takes-first-listed"
    breaks = ("STAT-002", "SNAP-PRE-004", "SNAP-PRE-006")

    def look_up(self, clean: Clean, content: Json, handle: str) -> Any:
        from ..controllers.snapshotter import calls
        from ..wire import csi_pb2

        driver = self.target.contents.peer.driver
        entries = driver.call(driver.controller.ListSnapshots, csi_pb2.ListSnapshotsRequest()).entries
        if not entries:
            return clean(content)
        first = entries[0].snapshot
        created = calls.nanoseconds(first.creation_time)
        return calls.Found(first.snapshot_id or handle, created, first.size_bytes, first.ready_to_use)


class ImportUnchecked(_Import):
    """An imported handle is believed without asking the driver, which can list its snapshots."""

    name = "import-unchecked"
    breaks = ("SNAP-PRE-004", "SNAP-PRE-007", "SEC-006")

    def look_up(self, clean: Clean, content: Json, handle: str) -> Any:
        from ..controllers.snapshotter import calls

        return calls.Found(handle, clock.now_ns(), 0, True)


class ImportNeedsListing(_Import):
    """A handle of a driver that cannot list snapshots can never be imported."""

    name = "import-needs-listing"
    breaks = ("SNAP-PRE-005",)

    def look_up(self, clean: Clean, content: Json, handle: str) -> Any:
        from ..controllers.csi.driver import Rpc
        from ..controllers.snapshotter.calls import UnknownSnapshotError

        if not self.target.contents.peer.abilities.can(Rpc.LIST_SNAPSHOTS):
            raise UnknownSnapshotError(f"can not find snapshot for snapshotID {handle}")
        return clean(content)


class ImportedHandleRewritten(_Import):
    """An imported snapshot shows another spelling of its handle, which the driver does not know."""

    name = "imported-handle-rewritten"
    breaks = ("STAT-002", "SNAP-PRE-006")
    issue = "https://github.com/longhorn/longhorn/issues/10366"
    seen = "L07"

    def look_up(self, clean: Clean, content: Json, handle: str) -> Any:
        import dataclasses

        return dataclasses.replace(clean(content), handle=handle.partition("://")[2] or handle.upper())


class ImportWaits(Fault):
    """Nothing is known of an imported content before its VolumeSnapshot is there."""

    name = "import-waits-for-snapshot"
    component = "csi-snapshotter"
    breaks = ("SNAP-PRE-007",)
    kind = "state"

    def apply(self, target: Snapshotter) -> None:
        def advance(clean: Clean, content: Json) -> None:
            if content["spec"]["volumeSnapshotRef"].get("uid"):
                clean(content)

        wrap(target.contents, "advance", advance)
