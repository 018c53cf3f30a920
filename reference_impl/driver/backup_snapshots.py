"""Snapshots that are backups: handles ``bak://``, and ``bs://`` of old releases.

A snapshot is cut, then copied to the backup target. The backend names the backup, so what an earlier call made
is found by the snapshot it is a copy of. That snapshot stays while the backup is there: from it the backend knows
what the next backup of the volume needs not copy again.
"""

from __future__ import annotations

from collections.abc import Mapping

import grpc

from ..profiles import Profile
from ..wire import csi_pb2
from . import messages, snapshot_class
from .backend import Backend
from .backend.backups import Backup
from .names import BACKUP, SnapshotHandle
from .patience import Patience
from .refusals import Refusal


class BackupSnapshots:
    """Ready when the copy is complete; until then a call with the same name tells how it is."""

    def __init__(self, backend: Backend, profile: Profile, patience: Patience) -> None:
        self._backend = backend
        self._profile = profile
        self._patience = patience

    def create(
        self, volume: str, name: str, parameters: Mapping[str, str], context: grpc.ServicerContext
    ) -> csi_pb2.Snapshot:
        """Begin one, or tell of that begun before. Raises Refusal.

        The call that begins a backup answers with its handle even if that fails at once: only so can its caller
        have it deleted. Later ones are refused with INTERNAL.
        """
        mode = snapshot_class.backup_mode(parameters)
        made = self._made(volume, name)
        if made is None:
            made = self._begin(volume, name, snapshot_class.labels(parameters, BACKUP), mode, context)
        elif made.failed and self._profile.surfaces_failed_backups:
            raise Refusal(grpc.StatusCode.INTERNAL, f"backup {made.name} of volume {volume} failed: {made.error}")
        return self._message(made)

    def find(self, handle: SnapshotHandle) -> csi_pb2.Snapshot | None:
        """None if there is none, or it failed: such a one will never be restored."""
        found = self._backend.backups.find(handle.volume, handle.name)
        return messages.of_backup(found, handle.scheme) if found and not found.failed else None

    def all(self, volume: str) -> tuple[list[csi_pb2.Snapshot], set[tuple[str, str]]]:
        """Those of one volume or all that did not fail; and volume and name of what they are copies of."""
        found = [item for item in self._backend.backups.all(volume) if not item.failed]
        return [self._message(item) for item in found], {(item.volume, item.snapshot) for item in found}

    def delete(self, handle: SnapshotHandle, context: grpc.ServicerContext) -> None:
        """With the snapshot cut for it. One that is not there is as good.

        Raises Refusal ABORTED while it is made.
        """
        found = self.settled(handle, context)
        if found is None:
            return
        if not (found.completed or found.failed):
            raise Refusal(grpc.StatusCode.ABORTED, f"backup {found.name} is still being made")
        if self._profile.snapshot_crs:
            self._delete_cut(found)  # first: found again if this is cut short, as long as the backup is there
        for copy in self._copies(found):
            self._backend.backups.delete(copy.volume, copy.name)
        self._backend.backups.delete(found.volume, found.name)

    def settled(self, handle: SnapshotHandle, context: grpc.ServicerContext) -> Backup | None:
        """When it is complete or failed, or still is neither after a while; None if there is none."""
        return self._patience.until(
            context,
            lambda: self._backend.backups.find(handle.volume, handle.name),
            lambda found: found is None or found.completed or found.failed,
        )

    def _made(self, volume: str, name: str) -> Backup | None:
        """Raises Refusal ALREADY_EXISTS for a name that is another volume's (RPC-CRS-002)."""
        own = self._of(volume, name)
        if own is not None:
            return own
        others = [item.volume for item in self._backend.backups.all() if item.snapshot == name]
        if others:
            raise Refusal(grpc.StatusCode.ALREADY_EXISTS, f"snapshot {name} exists already, of volume {others[0]}")
        return None

    def _of(self, volume: str, name: str) -> Backup | None:
        """Of several copies the one made by this driver: somebody may have made more of the same snapshot."""
        copies = [item for item in self._backend.backups.all(volume) if item.snapshot == name]
        return min(copies, key=lambda item: (snapshot_class.TYPE not in item.labels, item.name), default=None)

    def _begin(
        self, volume: str, name: str, labels: dict[str, str], mode: str, context: grpc.ServicerContext
    ) -> Backup:
        source = self._backend.volumes.get(volume)
        why = self._backend.backups.why_no_target(source.backup_target)
        if why:
            raise Refusal(grpc.StatusCode.ABORTED, f"backup target {source.backup_target} is not available: {why}")
        if self._profile.snapshot_crs:
            cut = self._backend.snapshots.create(volume, name, labels)
        else:
            cut = self._backend.layers.create(source, name, labels)
        if cut.group or cut.labels.get(snapshot_class.TYPE, BACKUP) != BACKUP:
            raise Refusal(grpc.StatusCode.ALREADY_EXISTS, f"snapshot {name} exists already, and not as a backup")
        self._backend.backups.start(cut, snapshot_class.of_backup(labels), mode)
        begun = self._patience.until(context, lambda: self._of(volume, name), lambda found: found is not None)
        if begun is None:
            raise Refusal(grpc.StatusCode.ABORTED, f"the backup of snapshot {name} has not begun")
        return begun

    def _copies(self, backup: Backup) -> list[Backup]:
        """What else drivers made of the same snapshot: two on different nodes do not see each other's calls."""
        if snapshot_class.TYPE not in backup.labels:
            return []
        return [
            item
            for item in self._backend.backups.all(backup.volume)
            if (item.snapshot, item.labels) == (backup.snapshot, backup.labels) and item.name != backup.name
        ]

    def _delete_cut(self, backup: Backup) -> None:
        cut = self._backend.snapshots.find(backup.volume, backup.snapshot)
        if cut is not None and cut.labels.get(snapshot_class.TYPE) == BACKUP:
            self._backend.snapshots.delete(cut.name)

    def _message(self, backup: Backup) -> csi_pb2.Snapshot:
        return messages.of_backup(backup, self._profile.backup_scheme)
