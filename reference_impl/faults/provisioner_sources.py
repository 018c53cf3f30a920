"""Faults of the provisioner's look at a source: what should be refused is filled, or what should wait is not."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from ..controllers.provisioner import sources
from ..controllers.provisioner.cluster import requested_bytes
from .fault import Fault
from .wrapping import Clean, inner, wrap

if TYPE_CHECKING:
    from ..controllers.kube.client import Json
    from ..controllers.provisioner.main import Provisioner


def _unchecked(_clean: Clean, *_args: Any) -> None:
    """A check that finds nothing wrong."""


class RestoreSizeNotChecked(Fault):
    """A restore may ask for less than its snapshot needs: the claim is bound, and says less than it has."""

    name = "restore-size-not-checked"
    component = "csi-provisioner"
    breaks = ("RES-003",)
    kind = "state"

    def apply(self, target: Provisioner) -> None:
        """restoreSize is left to the driver, which is asked for no size where the claim asks for too little."""
        wrap(sources, "check_restore_size", _unchecked)
        wrap(target.claims, "plan", _without_size)


class CloneSizeNotChecked(Fault):
    """A clone may ask for less than its source asked for."""

    name = "clone-size-not-checked"
    component = "csi-provisioner"
    breaks = ("CLN-004",)
    kind = "state"

    def apply(self, target: Provisioner) -> None:
        """The source's size is left to the driver, which is asked for no size."""

        def lenient(clean: Clean, claim: Json, origin: Json) -> None:
            smaller = copy.deepcopy(origin)
            smaller["spec"]["resources"]["requests"]["storage"] = str(min(requested_bytes(claim), 1))
            clean(claim, smaller)

        wrap(sources, "check_clone", lenient)
        wrap(target.claims, "plan", _without_size)


class CloneSizeOfCapacity(Fault):
    """A clone as large as its source asked to be is refused, because the source has got more than that."""

    name = "clone-size-held-against-capacity"
    component = "csi-provisioner"
    breaks = ("CLN-004",)
    kind = "state"

    def apply(self, target: Provisioner) -> None:
        """status.capacity of the source counts in the place of its request."""

        def strict(clean: Clean, claim: Json, origin: Json) -> None:
            real = copy.deepcopy(origin)
            capacity = ((origin.get("status") or {}).get("capacity") or {}).get("storage")
            if capacity:
                real["spec"]["resources"]["requests"]["storage"] = capacity
            clean(claim, real)

        wrap(sources, "check_clone", strict)


class ModeNotChecked(Fault):
    """A snapshot of a filesystem may be restored as a raw device by anybody."""

    name = "restore-mode-not-checked"
    component = "csi-provisioner"
    breaks = ("RES-013", "SNAP-PRE-010")
    kind = "state"

    def apply(self, target: Provisioner) -> None:
        """sourceVolumeMode of the content counts for nothing."""
        wrap(sources, "check_mode", _unchecked)


class ModeChangeNeverAllowed(Fault):
    """A restore in the other volume mode is refused although the content allows it."""

    name = "allowed-mode-change-refused"
    component = "csi-provisioner"
    breaks = ("RES-014",)
    kind = "state"

    def apply(self, target: Provisioner) -> None:
        """The annotation of the content counts for nothing."""

        def strict(clean: Clean, claim: Json, content: Json) -> None:
            bare = {**content, "metadata": {**content["metadata"], "annotations": {}}}
            clean(claim, bare)

        wrap(sources, "check_mode", strict)


class CloneModeNotChecked(Fault):
    """A clone may have another volume mode than its source."""

    name = "clone-mode-not-checked"
    component = "csi-provisioner"
    breaks = ("CLN-007",)
    kind = "state"

    def apply(self, target: Provisioner) -> None:
        """The source is taken to have the mode of the claim."""

        def lenient(clean: Clean, claim: Json, origin: Json) -> None:
            alike = copy.deepcopy(origin)
            alike["spec"]["volumeMode"] = claim["spec"].get("volumeMode")
            clean(claim, alike)

        wrap(sources, "check_clone", lenient)


class CloneOfTerminating(Fault):
    """A claim that is being deleted can still be cloned, so that it never goes as long as clones are asked for."""

    name = "terminating-claim-cloned"
    component = "csi-provisioner"
    breaks = ("CLN-003",)
    kind = "lifecycle"

    def apply(self, target: Provisioner) -> None:
        """The source's deletionTimestamp counts for nothing."""

        def lenient(clean: Clean, claim: Json, origin: Json) -> None:
            alive = copy.deepcopy(origin)
            alive["metadata"].pop("deletionTimestamp", None)
            clean(claim, alive)

        wrap(sources, "check_clone", lenient)


class CloneWithoutClass(Fault):
    """A claim that has no StorageClass name is cloned like others."""

    name = "clone-of-classless-claim"
    component = "csi-provisioner"
    breaks = ("CLN-008",)
    kind = "state"

    def apply(self, target: Provisioner) -> None:
        """A name that is absent is as good as an empty one."""

        def lenient(clean: Clean, claim: Json, origin: Json) -> None:
            named = copy.deepcopy(origin)
            named["spec"].setdefault("storageClassName", "")
            clean(claim, named)

        wrap(sources, "check_clone", lenient)


class GrantNotChecked(Fault):
    """Anybody may restore from any namespace: no ReferenceGrant is asked for."""

    name = "grant-not-checked"
    component = "csi-provisioner"
    breaks = ("RES-024", "CLN-009")
    kind = "state"

    def apply(self, target: Provisioner) -> None:
        """Every crossing of namespaces is taken to be granted."""
        wrap(inner(target.claims, "_sources"), "check_grant", _unchecked)


class GrantForOneNameOnly(Fault):
    """A ReferenceGrant for all snapshots of a namespace grants nothing: only one that names the snapshot does."""

    name = "grant-without-name-ignored"
    component = "csi-provisioner"
    breaks = ("RES-023",)
    kind = "state"

    def apply(self, target: Provisioner) -> None:
        """Entries of ``to`` without a name are passed over."""

        def strict(clean: Clean, claim: Json, source: Any, grants: list[Json]) -> bool:
            named = copy.deepcopy(grants)
            for grant in named:
                grant["spec"]["to"] = [each for each in grant["spec"].get("to") or [] if each.get("name")]
            return bool(clean(claim, source, named))

        wrap(sources, "allowed", strict)


def _without_size(clean: Clean, claim: Json, storage_class: Json, source: Any) -> Any:
    """A plan that lets the driver choose the size of a copy."""
    made = clean(claim, storage_class, source)
    if source:
        made.request.capacity_range.required_bytes = 1
    return made
