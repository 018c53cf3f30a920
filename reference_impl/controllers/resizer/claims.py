"""One look at one claim: does it want to grow, and how far did it get."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

import grpc

from .. import clock, markers, quantity
from ..csi.capabilities import UnknownAccessModeError
from ..csi.codes import INFEASIBLE, MAYBE_RUNNING, CsiError
from ..csi.secrets import SecretError
from ..kube import objects
from ..kube.client import Json
from ..kube.collection import Collection
from ..kube.errors import ApiError
from ..kube.events import NORMAL, WARNING, Recorder
from ..work.loop import SyncError
from . import status as steps
from .decisions import NODE_INFEASIBLE, NONE, Sizes, Step, decide, recorded
from .expansion import Expansion, Grown
from .usage import Usage


@dataclass(frozen=True)
class Refusal:
    """A size in bytes that the driver cannot reach, and until when (monotonic seconds) it is not tried again."""

    size: int
    until: float


class Claims:
    """Grows the claims of one driver. ``slow`` is the pause after an infeasible request, in seconds."""

    def __init__(
        self,
        expansion: Expansion,
        claims: Collection,
        volumes: Collection,
        usage: Usage,
        events: Recorder,
        slow: float,
        *,
        heeds_use: bool = True,
    ) -> None:
        """``heeds_use``: a volume that the driver refuses to grow in use is left alone until no pod uses it."""
        self.expansion = expansion
        self._claims = claims
        self._volumes = volumes
        self._usage = usage
        self._events = events
        self._slow = slow
        self._heeds_use = heeds_use
        self._refusals: dict[str, Refusal] = {}

    def sync(self, key: str) -> None:
        """Look at one claim. Raises SyncError, ApiError."""
        claim = self._claims.get(key)
        volume = self._volume(claim) if claim else None
        if claim is None or volume is None or objects.deleting(claim):
            return
        sizes = Sizes.of(claim, volume)
        try:
            if sizes.wants_more:
                self._grow(claim, volume, sizes)
            elif recorded(claim) == NONE:
                self._tidy(volume)
        except ApiError as error:
            if not error.not_found:
                raise

    def _volume(self, claim: Json) -> Json | None:
        """The claim's own volume, if it is of our driver."""
        volume = self._volumes.get(claim["spec"].get("volumeName") or "")
        if volume is None or (claim.get("status") or {}).get("phase") != "Bound":
            return None
        owner = volume["spec"].get("claimRef") or {}
        ours = (volume["spec"].get("csi") or {}).get("driver") == self.expansion.peer.name
        return volume if ours and owner.get("uid") == objects.uid(claim) else None

    def _grow(self, claim: Json, volume: Json, sizes: Sizes) -> None:
        step, target = decide(recorded(claim), sizes)
        if step is Step.LEAVE:
            return
        if step is Step.NODE_AGAIN:
            self._write(claim, steps.node_again)
            return
        self._wait_out(claim, target)
        if self._usage.holds(claim):
            raise SyncError(f"{objects.key(claim)} is in use, and its driver grows only volumes that are not")
        stamp = clock.rfc3339()
        self._claims.edit(claim, lambda draft: objects.annotate(draft, markers.NODE_EXPANSION_NOT_REQUIRED, None))
        claim = self._write(claim, lambda status: steps.begun(status, target, stamp))
        text = f"External resizer is resizing volume {objects.name(volume)}"
        self._events.event(claim, NORMAL, "Resizing", text)
        try:
            grown = self.expansion.grow(volume, target)
        except (CsiError, SecretError, UnknownAccessModeError) as error:
            self._fail(claim, volume, sizes, target, error)
        self._refusals.pop(objects.uid(claim), None)
        self._usage.forget(claim)
        self._show(claim, volume, sizes, grown)

    def _wait_out(self, claim: Json, target: int) -> None:
        """Leave an infeasible size alone until its time; another is tried at once (EXP-013, EXP-015)."""
        refusal = self._refusals.get(objects.uid(claim))
        if refusal and refusal.size == target and refusal.until > time.monotonic():
            rest = refusal.until - time.monotonic()
            raise SyncError("the driver called this size infeasible", after=rest)

    def _fail(self, claim: Json, volume: Json, sizes: Sizes, target: int, error: Exception) -> NoReturn:
        code = error.code if isinstance(error, CsiError) else None
        driver, name = self.expansion.peer.name, objects.name(volume)
        text = f'resize volume "{name}" by resizer "{driver}" failed: {error}'
        stamp = clock.rfc3339()
        infeasible = code in INFEASIBLE
        if code is grpc.StatusCode.FAILED_PRECONDITION and self._heeds_use:
            self._usage.refuse(claim)
        if code not in MAYBE_RUNNING:
            claim = self._write(claim, lambda status: steps.failed(status, text, stamp, infeasible=infeasible))
        self._events.event(claim, WARNING, "VolumeResizeFailed", text)
        if infeasible:
            now = time.monotonic()
            # Of claims that are gone meanwhile nobody asks again.
            self._refusals = {uid: refusal for uid, refusal in self._refusals.items() if refusal.until > now}
            self._refusals[objects.uid(claim)] = Refusal(target, now + self._slow)
        # What was begun before the request was changed is over now: the changed one need not wait.
        raise SyncError(text, after=self._slow if infeasible and target == sizes.requested else None)

    def _show(self, claim: Json, volume: Json, sizes: Sizes, grown: Grown) -> None:
        """Record what was reached: first in the PV, then in the claim (EXP-005)."""
        size = max(grown.size, sizes.volume)
        before = (claim.get("status") or {}).get("capacity", {}).get("storage")
        self._volumes.edit(volume, lambda draft: _resized(draft, size, before if grown.node_due else None))
        stamp = clock.rfc3339()
        if grown.node_due:
            claim = self._write(claim, lambda status: steps.node_due(status, stamp))
            text = "Require file system resize of volume on node"
            self._events.event(claim, NORMAL, "FileSystemResizeRequired", text)
            return
        self._claims.edit(
            claim, lambda draft: objects.annotate(draft, markers.NODE_EXPANSION_NOT_REQUIRED, "true")
        )
        claim = self._write(claim, lambda status: steps.done(status, size))
        self._events.event(claim, NORMAL, "VolumeResizeSuccessful", "Resize volume succeeded")

    def _tidy(self, volume: Json) -> None:
        """The node is done: the old size is of no more use (EXP-025)."""
        if objects.annotation(volume, markers.PRE_RESIZE_CAPACITY) is not None:
            self._volumes.edit(volume, lambda draft: objects.annotate(draft, markers.PRE_RESIZE_CAPACITY, None))

    def _write(self, claim: Json, compute: Callable[[Json], Json]) -> Json:
        def change(draft: Json) -> bool:
            fresh = compute(draft.get("status") or {})
            if fresh == (draft.get("status") or {}):
                return False
            draft["status"] = fresh
            return True

        return self._claims.edit(claim, change, status=True)


def relevant(before: Json, after: Json) -> bool:
    """Not merely a condition or a state that the resizer wrote itself."""

    def rest(claim: Json) -> Json:
        status = claim.get("status") or {}
        state = recorded(claim)
        return {
            "spec": claim["spec"],
            "annotations": claim["metadata"].get("annotations"),
            "phase": status.get("phase"),
            "capacity": status.get("capacity"),
            "node": state if state in (NONE, NODE_INFEASIBLE) else "busy",
        }

    return rest(before) != rest(after)


def _resized(draft: Json, size: int, before: str | None) -> bool:
    changed = quantity.to_bytes(draft["spec"]["capacity"]["storage"]) != size
    if changed:
        draft["spec"]["capacity"]["storage"] = quantity.from_bytes(size)
    if objects.annotation(draft, markers.PRE_RESIZE_CAPACITY) is not None and before is not None:
        # The size before the first of several unfinished growths counts.
        return changed
    return objects.annotate(draft, markers.PRE_RESIZE_CAPACITY, before) or changed
