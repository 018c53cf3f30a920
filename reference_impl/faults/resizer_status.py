"""Faults of what the resizer writes into a growing claim and its volume."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..controllers import markers, quantity
from ..controllers.kube import objects
from ..controllers.resizer import claims, status
from .fault import Fault
from .wrapping import Clean, inner, wrap

if TYPE_CHECKING:
    from ..controllers.kube.client import Json
    from ..controllers.resizer.claims import Claims


class VolumeKeepsOldSize(Fault):
    """A claim says that it has grown, and its volume object has the old size."""

    name = "pv-keeps-old-size"
    component = "csi-resizer"
    breaks = ("EXP-005", "EXP-007")
    kind = "expansion"

    def apply(self, target: Claims) -> None:
        """spec.capacity of the PV is not written."""

        def unsized(clean: Clean, draft: Json, _size: int, before: str | None) -> bool:
            told = draft["spec"]["capacity"]["storage"]
            return bool(clean(draft, quantity.to_bytes(told), before))

        wrap(claims, "_resized", unsized)


class ClaimGrowsFirst(Fault):
    """A claim says that it has grown before its volume object does."""

    name = "claim-grows-before-its-volume"
    component = "csi-resizer"
    breaks = ("EXP-005", "EXP-007")
    kind = "expansion"

    def apply(self, target: Claims) -> None:
        """The capacity that is aimed at is written as soon as the driver is asked."""

        def early(clean: Clean, before: Json, target: int, stamp: str) -> Json:
            fresh: Json = clean(before, target, stamp)
            capacity = {**(before.get("capacity") or {}), "storage": quantity.from_bytes(target)}
            return {**fresh, "capacity": capacity}

        wrap(status, "begun", early)


class ConditionLeftBehind(Fault):
    """A claim that has grown says for ever that it is being resized."""

    name = "resizing-condition-left-behind"
    component = "csi-resizer"
    breaks = ("EXP-005",)
    kind = "expansion"

    def apply(self, target: Claims) -> None:
        """Conditions are left as they were when a growth without a node step is done."""

        def dirty(clean: Clean, before: Json, size: int) -> Json:
            fresh: Json = clean(before, size)
            return {**fresh, "conditions": before.get("conditions") or []}

        wrap(status, "done", dirty)


class StateLeftBehind(Fault):
    """A claim that has grown keeps the state of a growth that is under way."""

    name = "resize-state-left-behind"
    component = "csi-resizer"
    breaks = ("EXP-011",)
    kind = "expansion"

    def apply(self, target: Claims) -> None:
        """allocatedResourceStatuses is left as it was when a growth without a node step is done."""

        def dirty(clean: Clean, before: Json, size: int) -> Json:
            fresh: Json = clean(before, size)
            return {**fresh, "allocatedResourceStatuses": before.get("allocatedResourceStatuses") or {}}

        wrap(status, "done", dirty)


class NothingAllocated(Fault):
    """A growing claim does not say which size it is growing to."""

    name = "allocated-size-not-told"
    component = "csi-resizer"
    breaks = ("EXP-010",)
    kind = "expansion"

    def apply(self, target: Claims) -> None:
        """allocatedResources is not written."""

        def silent(clean: Clean, before: Json, target: int, stamp: str) -> Json:
            fresh: Json = clean(before, target, stamp)
            fresh.pop("allocatedResources", None)
            return fresh

        wrap(status, "begun", silent)


class NodeStepForgotten(Fault):
    """A claim says that it has grown while its filesystem waits for the node."""

    name = "growth-done-before-the-node"
    component = "csi-resizer"
    breaks = ("EXP-007", "EXP-009", "EXP-008")
    kind = "expansion"

    def apply(self, target: Claims) -> None:
        """The driver's word that a node has to follow counts for nothing."""

        def alone(clean: Clean, *args: Any) -> Any:
            grown = clean(*args)
            return type(grown)(grown.size, False)

        wrap(target.expansion, "grow", alone)


class OldSizeNotNoted(Fault):
    """A volume whose node step is due does not say which size it had."""

    name = "pre-resize-capacity-not-noted"
    component = "csi-resizer"
    breaks = ("EXP-025",)
    kind = "expansion"

    def apply(self, target: Claims) -> None:
        """The annotation pre-resize-capacity is not written."""

        def bare(clean: Clean, draft: Json, size: int, _before: str | None) -> bool:
            return bool(clean(draft, size, None))

        wrap(claims, "_resized", bare)


class OldSizeStays(Fault):
    """A volume that has grown, and whose node has followed, still notes the size that it had."""

    name = "pre-resize-capacity-left-behind"
    component = "csi-resizer"
    breaks = ("EXP-025",)
    kind = "expansion"

    def apply(self, target: Claims) -> None:
        """The annotation pre-resize-capacity is never taken off."""

        def idle(_clean: Clean, _volume: Json) -> None:
            """It stays."""

        wrap(target, "_tidy", idle)


class NotRequiredNotTold(Fault):
    """A claim whose volume needs no node to grow does not say so."""

    name = "node-expansion-not-required-not-told"
    component = "csi-resizer"
    breaks = ("EXP-025",)
    kind = "expansion"

    def apply(self, target: Claims) -> None:
        """The annotation of the claim is not written."""

        def silent(clean: Clean, draft: Json, key: str, value: str | None) -> bool:
            return key != markers.NODE_EXPANSION_NOT_REQUIRED and bool(clean(draft, key, value))

        wrap(objects, "annotate", silent)


class NoResizingEvent(Fault):
    """Nobody is told that a claim is being resized."""

    name = "growth-without-events"
    component = "csi-resizer"
    breaks = ("EXP-006",)
    kind = "errors"

    def apply(self, target: Claims) -> None:
        """The event Resizing is not sent."""

        def mute(clean: Clean, obj: Json, kind: str, reason: str, text: str) -> None:
            if reason != "Resizing":
                clean(obj, kind, reason, text)

        wrap(inner(target, "_events"), "event", mute)
