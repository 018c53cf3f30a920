"""Faults of the provisioner's look at a source: what should be refused is filled, or what should wait is not."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from ..controllers.provisioner import sources
from ..controllers.provisioner.cluster import requested_bytes
from ..controllers.provisioner.sources import SourceRefusedError
from .fault import Fault
from .wrapping import Clean, wrap

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
        small = _sizeless(target)

        def lenient(clean: Clean, claim: Json, snapshot: Json) -> None:
            try:
                clean(claim, snapshot)
            except SourceRefusedError:
                small.add(claim["metadata"]["uid"])

        wrap(sources, "check_restore_size", lenient)


class CloneSizeNotChecked(Fault):
    """A clone may ask for less than its source asked for."""

    name = "clone-size-not-checked"
    component = "csi-provisioner"
    breaks = ("CLN-004",)
    kind = "state"

    def apply(self, target: Provisioner) -> None:
        """The source's size is left to the driver, which is asked for none where the claim asks for too little."""
        small = _sizeless(target)

        def lenient(clean: Clean, claim: Json, origin: Json) -> None:
            if requested_bytes(claim) < requested_bytes(origin):
                small.add(claim["metadata"]["uid"])
                origin = copy.deepcopy(origin)
                origin["spec"]["resources"]["requests"]["storage"] = "1"
            clean(claim, origin)

        wrap(sources, "check_clone", lenient)


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


def _sizeless(target: Provisioner) -> set[str]:
    """The driver chooses the size of the claims whose uids are put into this set."""
    small = set[str]()

    def plan(clean: Clean, claim: Json, *args: Any) -> Any:
        made = clean(claim, *args)
        if claim["metadata"]["uid"] in small:
            made.request.capacity_range.required_bytes = 0
        return made

    wrap(target.claims, "plan", plan)
    return small
