"""Snapshots as the interface has them."""

from __future__ import annotations

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from ..wire import csi_pb2
from .backend.backups import Backup
from .backend.snapshots import Snapshot
from .names import SNAPSHOT, GroupHandle, SnapshotHandle


def of_snapshot(snapshot: Snapshot) -> csi_pb2.Snapshot:
    """With the id of its group, if it is in one."""
    return csi_pb2.Snapshot(
        snapshot_id=str(SnapshotHandle(SNAPSHOT, snapshot.volume, snapshot.name)),
        source_volume_id=snapshot.volume,
        size_bytes=snapshot.size,
        creation_time=timestamp(snapshot.created),
        ready_to_use=snapshot.ready,
        group_snapshot_id=str(GroupHandle(snapshot.group)) if snapshot.group else "",
    )


def of_backup(backup: Backup, scheme: str) -> csi_pb2.Snapshot:
    """Ready when all of it is in the backup target."""
    return csi_pb2.Snapshot(
        snapshot_id=str(SnapshotHandle(scheme, backup.volume, backup.name)),
        source_volume_id=backup.volume,
        size_bytes=backup.size,
        creation_time=timestamp(backup.created),
        ready_to_use=backup.completed,
    )


def timestamp(moment: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp
