"""Faults of the time that the driver gives as the moment of a cut."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from google.protobuf.timestamp_pb2 import Timestamp

from ..driver import messages
from .fault import Fault
from .wrapping import Clean, wrap

if TYPE_CHECKING:
    from ..driver.services import Services
    from ..wire import csi_pb2


class CreationTimeMissing(Fault):
    """A snapshot is ready and has no time of its cut: Kubernetes shows that it is of 1970."""

    name = "creation-time-missing"
    component = "driver"
    breaks = ("RPC-CRS-003", "STAT-003")
    kind = "state"
    issue = "https://github.com/longhorn/longhorn/issues/3392"
    seen = "L03"

    def apply(self, target: Services) -> None:
        """CreateSnapshot answers without creation_time."""

        def timeless(clean: Clean, request: Any, context: Any) -> csi_pb2.CreateSnapshotResponse:
            answer: csi_pb2.CreateSnapshotResponse = clean(request, context)
            answer.snapshot.ClearField("creation_time")
            return answer

        wrap(target.controller, "CreateSnapshot", timeless)


class CreationTimeMissingAgain(Fault):
    """The second call for a snapshot answers without the time of its cut: whoever asks again fails."""

    name = "creation-time-missing-when-repeated"
    component = "driver"
    breaks = ("RPC-CRS-003", "RPC-CRS-002")
    kind = "flaky"
    issue = "https://github.com/longhorn/longhorn/issues/3500"
    seen = "L02"

    def apply(self, target: Services) -> None:
        """CreateSnapshot leaves creation_time out where the snapshot is there already."""
        seen = set[str]()

        def timeless(clean: Clean, request: Any, context: Any) -> csi_pb2.CreateSnapshotResponse:
            answer: csi_pb2.CreateSnapshotResponse = clean(request, context)
            if answer.snapshot.snapshot_id in seen:
                answer.snapshot.ClearField("creation_time")
            seen.add(answer.snapshot.snapshot_id)
            return answer

        wrap(target.controller, "CreateSnapshot", timeless)


class CreationTimeMoves(Fault):
    """Each call for a snapshot tells another time of its cut: that of the call."""

    name = "creation-time-of-each-call"
    component = "driver"
    breaks = ("RPC-CRS-003", "RPC-CRS-002")
    kind = "state"
    issue = "https://github.com/longhorn/longhorn/issues/6266"
    seen = "L31"

    def apply(self, target: Services) -> None:
        """creation_time is now, in each answer of CreateSnapshot."""

        def moving(clean: Clean, request: Any, context: Any) -> csi_pb2.CreateSnapshotResponse:
            answer: csi_pb2.CreateSnapshotResponse = clean(request, context)
            answer.snapshot.creation_time.GetCurrentTime()
            return answer

        wrap(target.controller, "CreateSnapshot", moving)


class CreationTimeInLocalZone(Fault):
    """The time of a cut is some hours off: that of another time zone, taken for UTC."""

    name = "creation-time-in-local-zone"
    component = "driver"
    breaks = ("STAT-003",)
    kind = "state"

    AHEAD = timedelta(hours=8)

    def apply(self, target: Services) -> None:
        """Every time that the driver tells is eight hours ahead."""

        def elsewhere(clean: Clean, moment: Any) -> Timestamp:
            stamp: Timestamp = clean(moment + self.AHEAD)
            return stamp

        wrap(messages, "timestamp", elsewhere)


class ListedWithoutCreationTime(Fault):
    """A snapshot that is imported by its handle has no time of its cut."""

    name = "listed-without-creation-time"
    component = "driver"
    breaks = ("SNAP-PRE-007", "SNAP-PRE-001", "STAT-003")
    kind = "state"
    issue = "https://github.com/longhorn/longhorn/issues/13942"
    seen = "L30"

    def apply(self, target: Services) -> None:
        """ListSnapshots and GetSnapshot answer without creation_time."""

        def listed(clean: Clean, request: Any, context: Any) -> csi_pb2.ListSnapshotsResponse:
            answer: csi_pb2.ListSnapshotsResponse = clean(request, context)
            for entry in answer.entries:
                entry.snapshot.ClearField("creation_time")
            return answer

        def got(clean: Clean, request: Any, context: Any) -> csi_pb2.GetSnapshotResponse:
            answer: csi_pb2.GetSnapshotResponse = clean(request, context)
            answer.snapshot.ClearField("creation_time")
            return answer

        wrap(target.controller, "ListSnapshots", listed)
        wrap(target.controller, "GetSnapshot", got)
