"""Faults of what the resizer does next: after a refusal, while nothing is known, and when a size changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc

from ..controllers.csi.codes import CsiError
from ..controllers.resizer import claims, decisions, status
from ..controllers.work.loop import SyncError
from .fault import Fault
from .wrapping import Clean, inner, wrap

if TYPE_CHECKING:
    from ..controllers.kube.client import Json
    from ..controllers.resizer.claims import Claims


class InfeasibleTriedForEver(Fault):
    """A size that the driver can never make is tried again and again, and the claim does not say that it is."""

    name = "infeasible-size-tried-for-ever"
    component = "csi-resizer"
    breaks = ("EXP-013", "EXP-015")
    kind = "expansion"

    def apply(self, target: Claims) -> None:
        """Every refusal is one that may pass."""

        def hopeful(clean: Clean, before: Json, message: str, stamp: str, **_more: Any) -> Json:
            fresh: Json = clean(before, message, stamp, infeasible=False)
            return fresh

        wrap(status, "failed", hopeful)
        _without_pause(target)


class InfeasibleTriedFast(Fault):
    """A size that the driver called infeasible is tried again within a second, without end."""

    name = "infeasible-size-tried-fast"
    component = "csi-resizer"
    breaks = ("EXP-013",)
    kind = "expansion"

    def apply(self, target: Claims) -> None:
        """There is no pause after a refusal but the queue's own."""
        _without_pause(target)


class OpenAnswerTakenForRefusal(Fault):
    """An answer that leaves open whether a volume still grows is shown as a failure."""

    name = "open-answer-called-failure"
    component = "csi-resizer"
    breaks = ("EXP-014",)
    kind = "expansion"

    def apply(self, target: Claims) -> None:
        """UNAVAILABLE and the like are taken for OUT_OF_RANGE."""

        def final(clean: Clean, *args: Any) -> Any:
            try:
                return clean(*args)
            except CsiError as error:
                raise CsiError(grpc.StatusCode.OUT_OF_RANGE, error.details) from error

        wrap(target.expansion, "grow", final)


class LoweredRequestIgnored(Fault):
    """A claim whose size was infeasible stays so after its request was lowered."""

    name = "lowered-request-ignored"
    component = "csi-resizer"
    breaks = ("EXP-015",)
    kind = "expansion"

    def apply(self, target: Claims) -> None:
        """The size that was begun is aimed at for ever."""

        def stubborn(clean: Clean, state: str, sizes: Any) -> Any:
            step, aim = clean(state, sizes)
            if state == decisions.CONTROLLER_INFEASIBLE and sizes.allocated:
                return step, sizes.allocated
            return step, aim

        wrap(claims, "decide", stubborn)


class LastSizeForgotten(Fault):
    """Of several growths in a row only the first one is made."""

    name = "later-growth-forgotten"
    component = "csi-resizer"
    breaks = ("EXP-018",)
    kind = "concurrency"

    def apply(self, target: Claims) -> None:
        """A claim is aimed at the size that was begun first, as long as it is there."""

        def first(clean: Clean, state: str, sizes: Any) -> Any:
            step, aim = clean(state, sizes)
            if sizes.allocated is not None and step is decisions.Step.TO_REQUEST and state == decisions.NONE:
                return step, sizes.allocated
            return step, aim

        wrap(claims, "decide", first)


class UseNotWaitedOut(Fault):
    """A growth that the driver refused because a pod uses the volume is forgotten."""

    name = "growth-forgotten-after-use"
    component = "csi-resizer"
    breaks = ("EXP-023",)
    kind = "flaky"

    def apply(self, target: Claims) -> None:
        """A claim that is held up once by a pod is held up for ever."""
        held = set[str]()

        def for_ever(clean: Clean, claim: Json) -> bool:
            uid = claim["metadata"]["uid"]
            if clean(claim):
                held.add(uid)
            return uid in held

        wrap(inner(target, "_usage"), "holds", for_ever)


class NodeOnlyDone(Fault):
    """A driver whose volumes only the node can grow has its claims reported as grown."""

    name = "node-only-growth-reported-done"
    component = "csi-resizer"
    breaks = ("EXP-024",)
    kind = "expansion"

    def apply(self, target: Claims) -> None:
        """Without a controller that expands there is nothing left to do."""

        def done(clean: Clean, *args: Any) -> Any:
            grown = clean(*args)
            return grown if inner(target.expansion, "_by_controller") else type(grown)(grown.size, False)

        wrap(target.expansion, "grow", done)


def _without_pause(target: Claims) -> None:
    """Every failure is tried again by the queue's own delay."""

    def restless(clean: Clean, *args: Any) -> None:
        try:
            clean(*args)
        except SyncError as error:
            inner(target, "_refusals").clear()
            raise SyncError(str(error)) from error

    wrap(target, "_fail", restless)
