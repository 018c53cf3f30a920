"""The CSI calls about group snapshots, in terms of a content (clauses GRP-001, GRP-008, GRP-010)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ....wire import csi_pb2
from ...csi.sidecar import Peer
from ...kube.client import Json
from ..calls import nanoseconds


@dataclass(frozen=True)
class FoundGroup:
    """What the driver says of one group. ``created`` in nanoseconds.

    ``members`` are what a content lists; of a group that was looked up there are none, for its members are
    named by those who imported it.
    """

    handle: str
    created: int
    ready: bool
    members: tuple[Json, ...] = ()


def create(
    peer: Peer, name: str, volumes: Sequence[str], parameters: Mapping[str, str], secrets: Mapping[str, str]
) -> FoundGroup:
    """CreateVolumeGroupSnapshot. Raises CsiError."""
    request = csi_pb2.CreateVolumeGroupSnapshotRequest(
        name=name, source_volume_ids=volumes, secrets=secrets, parameters=parameters
    )
    group = peer.driver.call(peer.driver.group.CreateVolumeGroupSnapshot, request).group_snapshot
    members = tuple(_member(snapshot) for snapshot in group.snapshots)
    return FoundGroup(group.group_snapshot_id, nanoseconds(group.creation_time), group.ready_to_use, members)


def delete(peer: Peer, handle: str, members: Sequence[str], secrets: Mapping[str, str]) -> None:
    """DeleteVolumeGroupSnapshot, with the handles of all members. Raises CsiError."""
    request = csi_pb2.DeleteVolumeGroupSnapshotRequest(
        group_snapshot_id=handle, snapshot_ids=members, secrets=secrets
    )
    peer.driver.call(peer.driver.group.DeleteVolumeGroupSnapshot, request)


def look_up(peer: Peer, handle: str, members: Sequence[str], secrets: Mapping[str, str]) -> FoundGroup:
    """GetVolumeGroupSnapshot, with the handles of all members. Raises CsiError."""
    request = csi_pb2.GetVolumeGroupSnapshotRequest(
        group_snapshot_id=handle, snapshot_ids=members, secrets=secrets
    )
    group = peer.driver.call(peer.driver.group.GetVolumeGroupSnapshot, request).group_snapshot
    return FoundGroup(group.group_snapshot_id, nanoseconds(group.creation_time), group.ready_to_use)


def _member(snapshot: csi_pb2.Snapshot) -> Json:
    """One entry of ``status.volumeSnapshotInfoList``; an unknown size is left out (clause STAT-004)."""
    entry: Json = {
        "volumeHandle": snapshot.source_volume_id,
        "snapshotHandle": snapshot.snapshot_id,
        "creationTime": nanoseconds(snapshot.creation_time),
        "readyToUse": snapshot.ready_to_use,
    }
    return {**entry, "restoreSize": snapshot.size_bytes} if snapshot.size_bytes > 0 else entry
