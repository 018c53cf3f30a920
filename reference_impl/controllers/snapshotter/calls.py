"""The CSI calls about snapshots, in terms of a content (clauses SNAP-DYN-011, SNAP-PRE-004/005)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from google.protobuf.timestamp_pb2 import Timestamp

from ...wire import csi_pb2
from .. import clock
from ..csi.driver import Rpc
from ..csi.sidecar import Peer


class UnknownSnapshotError(Exception):
    """The driver does not list a snapshot of that handle."""


@dataclass(frozen=True)
class Found:
    """What the driver says of one snapshot. ``size`` is in bytes, 0 if unknown; ``created`` in nanoseconds.

    ``group`` is the handle of the group that it was cut with, empty for a snapshot of its own.
    """

    handle: str
    created: int
    size: int
    ready: bool
    group: str = ""


def snapshot_name(prefix: str, uid: str, length: int) -> str:
    """The CSI name: the prefix and the snapshot's uid, or ``length`` of its digits (-1: all, with dashes)."""
    return f"{prefix}-{uid}" if length < 0 else f"{prefix}-{uid.replace('-', '')[:length]}"


def create(peer: Peer, name: str, volume: str, parameters: Mapping[str, str], secrets: Mapping[str, str]) -> Found:
    """CreateSnapshot. Raises CsiError."""
    request = csi_pb2.CreateSnapshotRequest(
        source_volume_id=volume, name=name, parameters=parameters, secrets=secrets
    )
    return _found(peer.driver.call(peer.driver.controller.CreateSnapshot, request).snapshot)


def delete(peer: Peer, handle: str, secrets: Mapping[str, str]) -> None:
    """DeleteSnapshot. Raises CsiError."""
    request = csi_pb2.DeleteSnapshotRequest(snapshot_id=handle, secrets=secrets)
    peer.driver.call(peer.driver.controller.DeleteSnapshot, request)


def look_up(peer: Peer, handle: str, secrets: Mapping[str, str]) -> Found:
    """What is known of a handle. Without LIST_SNAPSHOTS: ready, made now, of unknown size.

    Raises CsiError, UnknownSnapshotError.
    """
    if not peer.abilities.can(Rpc.LIST_SNAPSHOTS):
        return Found(handle, clock.now_ns(), 0, True)
    request = csi_pb2.ListSnapshotsRequest(snapshot_id=handle, secrets=secrets)
    answer = peer.driver.call(peer.driver.controller.ListSnapshots, request)
    if not answer.entries:
        raise UnknownSnapshotError(f"can not find snapshot for snapshotID {handle}")
    return _found(answer.entries[0].snapshot)


def _found(snapshot: csi_pb2.Snapshot) -> Found:
    return Found(
        snapshot.snapshot_id,
        nanoseconds(snapshot.creation_time),
        snapshot.size_bytes,
        snapshot.ready_to_use,
        snapshot.group_snapshot_id,
    )


def nanoseconds(stamp: Timestamp) -> int:
    """Nanoseconds since 1970. An absent creation time is the epoch, not "now" (clause STAT-003)."""
    return stamp.seconds * 1_000_000_000 + stamp.nanos
