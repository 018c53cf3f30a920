"""Faults of ListSnapshots and GetSnapshot, by which snapshots are found, checked and imported."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import grpc

from ..driver import paging, snapshots
from ..driver.refusals import Refusal, invalid
from ..wire import csi_pb2
from .fault import Fault
from .wrapping import Clean, inner, wrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..driver.services import Services


class ListedUnknownIsError(Fault):
    """Asking for a snapshot that is not there is an error instead of an empty list."""

    name = "list-of-unknown-id-is-an-error"
    component = "driver"
    breaks = ("RPC-LIS-001",)
    kind = "errors"

    def apply(self, target: Services) -> None:
        """ListSnapshots answers NOT_FOUND where an id matches nothing."""

        def strict(clean: Clean, request: csi_pb2.ListSnapshotsRequest, context: Any) -> Any:
            answer: csi_pb2.ListSnapshotsResponse = clean(request, context)
            if request.snapshot_id and not answer.entries:
                raise Refusal(grpc.StatusCode.NOT_FOUND, f"snapshot {request.snapshot_id} not found")
            return answer

        wrap(target.controller, "ListSnapshots", strict)


class UnknownHandleReady(Fault):
    """A handle that nothing has is told to be a snapshot that is ready."""

    name = "unknown-handle-is-ready"
    component = "driver"
    breaks = ("SNAP-PRE-004", "PFL-004", "RPC-LIS-001", "DEL-016")
    kind = "state"

    def apply(self, target: Services) -> None:
        """ListSnapshots echoes an id that it does not know, with made-up values."""

        def echoing(clean: Clean, request: csi_pb2.ListSnapshotsRequest, context: Any) -> Any:
            answer: csi_pb2.ListSnapshotsResponse = clean(request, context)
            if request.snapshot_id and not answer.entries:
                made_up = csi_pb2.Snapshot(snapshot_id=request.snapshot_id, size_bytes=1 << 26, ready_to_use=True)
                made_up.creation_time.FromDatetime(datetime.now(UTC))
                answer.entries.add().snapshot.CopyFrom(made_up)
            return answer

        wrap(target.controller, "ListSnapshots", echoing)


class ListIgnoresVolume(Fault):
    """The list of one volume's snapshots has those of all volumes."""

    name = "list-ignores-source-volume"
    component = "driver"
    breaks = ("RPC-LIS-001",)
    kind = "state"

    def apply(self, target: Services) -> None:
        """source_volume_id of ListSnapshots counts for nothing."""

        def unfiltered(clean: Clean, request: csi_pb2.ListSnapshotsRequest, context: Any) -> Any:
            request.ClearField("source_volume_id")
            return clean(request, context)

        wrap(target.controller, "ListSnapshots", unfiltered)


class ListSkipsAtPageEnd(Fault):
    """A list that is read in pages lacks one snapshot at the end of each page."""

    name = "list-skips-one-per-page"
    component = "driver"
    breaks = ("RPC-LIS-002",)
    kind = "state"

    def apply(self, target: Services) -> None:
        """The token names the entry behind the last one, and the next page begins after that."""

        def skipping(clean: Clean, keys: Sequence[str], most: int, token: str) -> tuple[list[str], str]:
            entries, following = clean(keys, most, token)
            if following:
                mark = inner(paging, "_AFTER")
                later = [key for key in keys if key > following.removeprefix(mark)]
                following = f"{mark}{later[0]}"
            return entries, following

        wrap(snapshots, "page", skipping)


class BadTokenIsInvalid(Fault):
    """A list that is continued with a token that is none is refused by the wrong code."""

    name = "bad-token-has-wrong-code"
    component = "driver"
    breaks = ("RPC-LIS-002",)
    kind = "errors"

    def apply(self, target: Services) -> None:
        """INVALID_ARGUMENT in the place of ABORTED."""

        def wrong(clean: Clean, request: csi_pb2.ListSnapshotsRequest, context: Any) -> Any:
            try:
                return clean(request, context)
            except Refusal as refusal:
                if refusal.code is grpc.StatusCode.ABORTED and request.starting_token:
                    raise invalid(refusal.message) from refusal
                raise

        wrap(target.controller, "ListSnapshots", wrong)


class ListLags(Fault):
    """A snapshot that was just made is not listed for some seconds, though the call that made it said ready."""

    name = "list-lags-behind"
    component = "driver"
    breaks = ("RPC-LIS-001", "SNAP-PRE-006")
    kind = "flaky"

    LAG = 5.0
    """Seconds."""

    def apply(self, target: Services) -> None:
        """ListSnapshots leaves out what was cut in the last seconds."""

        def old(clean: Clean, request: csi_pb2.ListSnapshotsRequest, context: Any) -> Any:
            answer: csi_pb2.ListSnapshotsResponse = clean(request, context)
            limit = time.time() - self.LAG
            shown = [each for each in answer.entries if each.snapshot.creation_time.seconds < limit]
            return csi_pb2.ListSnapshotsResponse(entries=shown, next_token=answer.next_token)

        wrap(target.controller, "ListSnapshots", old)


class GetUnknownIsEmpty(Fault):
    """GetSnapshot of an id that nothing has answers OK, with a snapshot that has no id."""

    name = "get-of-unknown-id-is-empty"
    component = "driver"
    breaks = ("RPC-GET-001",)
    kind = "errors"

    def apply(self, target: Services) -> None:
        """NOT_FOUND is swallowed."""

        def swallowing(clean: Clean, request: csi_pb2.GetSnapshotRequest, context: Any) -> Any:
            try:
                return clean(request, context)
            except Refusal as refusal:
                if refusal.code is not grpc.StatusCode.NOT_FOUND:
                    raise
                return csi_pb2.GetSnapshotResponse(snapshot=csi_pb2.Snapshot())

        wrap(target.controller, "GetSnapshot", swallowing)
