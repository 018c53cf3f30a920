"""Faults of CreateSnapshot: what becomes of calls that are repeated, that meet, or that fail."""

from __future__ import annotations

import threading
import time
import uuid
from typing import TYPE_CHECKING, Any

import grpc

from ..driver import messages
from ..driver.refusals import Refusal
from ..wire import csi_pb2
from .fault import Fault
from .wrapping import Clean, inner, wrap

if TYPE_CHECKING:
    from ..driver.backend import Backend
    from ..driver.services import Services


class SecondSnapshotPerRetry(Fault):
    """Each repeated call makes another snapshot: what a slow storage was asked for three times is there thrice."""

    name = "second-snapshot-per-retry"
    component = "driver"
    breaks = ("RPC-CRS-002", "ERR-009", "HA-002", "RPC-ALL-001")
    kind = "lifecycle"
    issue = "https://github.com/longhorn/longhorn/issues/10501"
    seen = "L04"

    def apply(self, target: Services) -> None:
        """What an earlier call made is not found, because each call looks for a name of its own."""

        def again(clean: Clean, request: csi_pb2.CreateSnapshotRequest, context: Any) -> Any:
            if request.name:
                request.name += f"-{uuid.uuid4().hex[:8]}"
            return clean(request, context)

        wrap(target.controller, "CreateSnapshot", again)


class SnapshotNameTakenIsFine(Fault):
    """A snapshot that is asked for under a name that another volume's has is answered with the other volume's."""

    name = "snapshot-name-of-other-volume-accepted"
    component = "driver"
    breaks = ("RPC-CRS-002",)
    kind = "errors"
    seen = "L35"

    def apply(self, target: Services) -> None:
        """Whatever has the name is the answer."""
        backend: Backend = inner(target.controller, "_backend")

        def careless(clean: Clean, request: csi_pb2.CreateSnapshotRequest, context: Any) -> Any:
            try:
                return clean(request, context)
            except Refusal as refusal:
                found = [each for each in backend.snapshots.all() if each.name == request.name]
                if refusal.code is not grpc.StatusCode.ALREADY_EXISTS or not found:
                    raise
                return csi_pb2.CreateSnapshotResponse(snapshot=messages.of_snapshot(found[0]))

        wrap(target.controller, "CreateSnapshot", careless)


class FirstSnapshotUnavailable(Fault):
    """The first snapshot of a volume is never made: the driver breaks down as long as the volume has none."""

    name = "first-snapshot-breaks-driver"
    component = "driver"
    breaks = ("SNAP-DYN-004",)
    kind = "errors"
    issue = "https://github.com/longhorn/longhorn/issues/10008"
    seen = "L05"

    def apply(self, target: Services) -> None:
        """CreateSnapshot needs what only a snapshot brings with it."""
        backend: Backend = inner(target.controller, "_backend")

        def breaking(clean: Clean, request: csi_pb2.CreateSnapshotRequest, context: Any) -> Any:
            volume = request.source_volume_id
            if volume and backend.volumes.find(volume) and not backend.snapshots.all(volume):
                raise Refusal(grpc.StatusCode.UNAVAILABLE, "error reading from server: EOF")
            return clean(request, context)

        wrap(target.controller, "CreateSnapshot", breaking)


class ConcurrentSnapshotsShareHandle(Fault):
    """Two snapshots of a volume that are asked for at the same time become one: both get the same id."""

    name = "concurrent-snapshots-share-a-handle"
    component = "driver"
    breaks = ("SNAP-DYN-010",)
    kind = "concurrency"

    NEAR = 1.0
    """Seconds within which a second request is taken for the first."""

    def apply(self, target: Services) -> None:
        """The answer to the first call is given to all that come for the volume within a second."""
        guard, latest = threading.Lock(), dict[str, tuple[float, str, Any]]()

        def coalescing(clean: Clean, request: csi_pb2.CreateSnapshotRequest, context: Any) -> Any:
            with guard:
                at, name, answer = latest.get(request.source_volume_id, (0.0, "", None))
                if answer is not None and name != request.name and time.monotonic() - at < self.NEAR:
                    return answer
                answer = clean(request, context)
                latest[request.source_volume_id] = time.monotonic(), request.name, answer
                return answer

        wrap(target.controller, "CreateSnapshot", coalescing)


class ConcurrentCallsMakeTwo(Fault):
    """Two calls for one snapshot at the same time make two snapshots, of which one is never deleted."""

    name = "concurrent-calls-make-two-snapshots"
    component = "driver"
    breaks = ("RPC-ALL-001", "ERR-009")
    kind = "concurrency"

    def apply(self, target: Services) -> None:
        """A call that meets another of its name goes on under a name of its own."""
        guard, busy = threading.Lock(), set[str]()

        def racing(clean: Clean, request: csi_pb2.CreateSnapshotRequest, context: Any) -> Any:
            name = request.name
            with guard:
                met = name in busy
                busy.add(name)
            if met:
                request.name += "-2"
            try:
                time.sleep(0.2)  # the way to the storage and back
                return clean(request, context)
            finally:
                with guard:
                    busy.discard(name)

        wrap(target.controller, "CreateSnapshot", racing)


class LostReplyMakesDouble(Fault):
    """The answer to the first call for a snapshot is lost, and the second call makes another snapshot."""

    name = "lost-reply-makes-second-snapshot"
    component = "driver"
    breaks = ("RPC-CRS-002", "ERR-009", "RPC-CRS-003")
    kind = "flaky"

    def apply(self, target: Services) -> None:
        """The first call does the work under a name that nobody looks for, and answers UNAVAILABLE."""
        guard, seen = threading.Lock(), set[str]()

        def losing(clean: Clean, request: csi_pb2.CreateSnapshotRequest, context: Any) -> Any:
            with guard:
                first = bool(request.name) and request.name not in seen
                seen.add(request.name)
            if not first:
                return clean(request, context)
            request.name += f"-{uuid.uuid4().hex[:8]}"
            clean(request, context)
            raise Refusal(grpc.StatusCode.UNAVAILABLE, "connection reset by peer")

        wrap(target.controller, "CreateSnapshot", losing)


class SecretsInErrors(Fault):
    """An error of a failed snapshot repeats the secrets that the driver was given."""

    name = "secrets-in-errors"
    component = "driver"
    breaks = ("STAT-009",)
    kind = "errors"

    def apply(self, target: Services) -> None:
        """The text of a refusal of CreateSnapshot has the whole request in it."""

        def talking(clean: Clean, request: csi_pb2.CreateSnapshotRequest, context: Any) -> Any:
            try:
                return clean(request, context)
            except Refusal as refusal:
                told = ", ".join(f"{key}:{value}" for key, value in request.secrets.items())
                raise Refusal(refusal.code, f"{refusal.message} (request: {request.name}, {told})") from refusal

        wrap(target.controller, "CreateSnapshot", talking)
