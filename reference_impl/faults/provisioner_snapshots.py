"""Faults of the provisioner's look at a snapshot: one that is not ready, not there or not ours is used."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from ..controllers.kube.errors import ApiError
from ..controllers.kube.kinds import SNAPSHOT
from ..controllers.provisioner.sources import SourceRefusedError
from .fault import Fault
from .wrapping import Clean, inner, wrap

if TYPE_CHECKING:
    from ..controllers.kube.client import Json
    from ..controllers.provisioner.main import Provisioner


class NotReadyRestored(Fault):
    """A snapshot that is cut and not yet ready is restored from."""

    name = "unready-snapshot-restored"
    component = "csi-provisioner"
    breaks = ("RES-007",)
    kind = "state"

    def apply(self, target: Provisioner) -> None:
        """readyToUse counts for nothing."""

        def ready(kind: Any, found: Json) -> Json:
            return _with_status(found, readyToUse=True) if kind == SNAPSHOT else found

        _reading(target, ready)


class DeletingRestored(Fault):
    """A snapshot that is being deleted is restored from, and never goes as long as somebody asks."""

    name = "terminating-snapshot-restored"
    component = "csi-provisioner"
    breaks = ("RES-009",)
    kind = "lifecycle"

    def apply(self, target: Provisioner) -> None:
        """deletionTimestamp of the snapshot counts for nothing."""

        def alive(kind: Any, found: Json) -> Json:
            if kind == SNAPSHOT:
                found = copy.deepcopy(found)
                found["metadata"].pop("deletionTimestamp", None)
            return found

        _reading(target, alive)


class MisboundRestored(Fault):
    """A snapshot is restored from a content that belongs to another snapshot: somebody else's data."""

    name = "content-of-other-snapshot-restored"
    component = "csi-provisioner"
    breaks = ("RES-011",)
    kind = "data"

    def apply(self, target: Provisioner) -> None:
        """The content's reference back is not looked at."""
        driver = target.claims.peer.name

        def lenient(clean: Clean, snapshot: Json, content: Json, claim: Json) -> None:
            if content["spec"]["driver"] != driver:
                clean(snapshot, content, claim)

        wrap(inner(target.claims, "_sources"), "_check_content", lenient)


class MissingSourceEmpty(Fault):
    """A claim that is to be filled from a snapshot that is not there gets an empty volume."""

    name = "missing-snapshot-gives-empty-volume"
    component = "csi-provisioner"
    breaks = ("RES-008", "RES-012")
    kind = "data"

    def apply(self, target: Provisioner) -> None:
        """A source that cannot be read is as good as none."""
        _forgiving(target, "not found")


class ForeignSnapshotEmpty(Fault):
    """A claim that is to be filled from another driver's snapshot gets an empty volume."""

    name = "foreign-snapshot-gives-empty-volume"
    component = "csi-provisioner"
    breaks = ("RES-010",)
    kind = "data"

    def apply(self, target: Provisioner) -> None:
        """A snapshot of which the driver knows nothing is as good as none."""
        _forgiving(target, "is not handled by CSI driver")


class ForeignCloneEmpty(Fault):
    """A claim that is to be a clone of another driver's volume gets an empty volume."""

    name = "foreign-clone-gives-empty-volume"
    component = "csi-provisioner"
    breaks = ("CLN-006",)
    kind = "data"

    def apply(self, target: Provisioner) -> None:
        """A volume of which the driver knows nothing is as good as none."""
        _forgiving(target, "claim in dataSource not bound or invalid")


class CloneCapabilityIgnored(Fault):
    """Where the driver cannot clone, a claim that is to be a clone gets an empty volume."""

    name = "unsupported-clone-gives-empty-volume"
    component = "csi-provisioner"
    breaks = ("CLN-010",)
    kind = "data"

    def apply(self, target: Provisioner) -> None:
        """What the driver does not announce is left out of the request."""
        _forgiving(target, "does not support clone operations")


class SelectorIgnored(Fault):
    """A restore with a selector gets a volume that the selector knows nothing of."""

    name = "restore-with-selector-filled"
    component = "csi-provisioner"
    breaks = ("RES-021",)
    kind = "state"

    def apply(self, target: Provisioner) -> None:
        """spec.selector counts for nothing."""

        def lenient(clean: Clean, claim: Json, *args: Any) -> Any:
            spec = {key: value for key, value in claim["spec"].items() if key != "selector"}
            return clean({**claim, "spec": spec}, *args)

        wrap(target.claims, "plan", lenient)


def _forgiving(target: Provisioner, reason: str) -> None:
    """Make an empty volume where the source was to be refused for ``reason``."""

    def forgiving(clean: Clean, claim: Json, storage_class: Json, source: Any) -> Any:
        try:
            return clean(claim, storage_class, source)
        except SourceRefusedError as error:
            if reason not in str(error):
                raise
            return clean(claim, storage_class, None)

    def unprotected(clean: Clean, claim: Json, source: Any) -> None:
        try:
            clean(claim, source)
        except ApiError as error:
            if not error.not_found:
                raise

    wrap(target.claims, "plan", forgiving)
    wrap(target.protection, "begin", unprotected)


def _reading(target: Provisioner, seen: Any) -> None:
    """Let ``seen(kind, object)`` be what the checks of a source find."""

    def read(clean: Clean, kind: Any, *args: Any) -> Json:
        found: Json = seen(kind, clean(kind, *args))
        return found

    wrap(inner(target.claims, "_sources"), "_read", read)


def _with_status(found: Json, **fields: Any) -> Json:
    return {**found, "status": {**(found.get("status") or {}), **fields}}
