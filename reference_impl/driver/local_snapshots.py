"""Snapshots that lie beside their volume: handles ``snap://``."""

from __future__ import annotations

from collections.abc import Mapping

import grpc

from ..wire import csi_pb2
from . import messages, snapshot_class
from .backend import Backend
from .names import BACKUP, SNAPSHOT, SnapshotHandle
from .refusals import Refusal


class LocalSnapshots:
    """Ready when the call that makes them returns."""

    def __init__(self, backend: Backend) -> None:
        self._snapshots = backend.snapshots

    def create(self, volume: str, name: str, parameters: Mapping[str, str]) -> csi_pb2.Snapshot:
        """Raises Refusal NOT_FOUND; ALREADY_EXISTS if the name is another volume's, or that of a backup."""
        cut = self._snapshots.create(volume, name, snapshot_class.labels(parameters, SNAPSHOT))
        if cut.labels.get(snapshot_class.TYPE) == BACKUP:
            raise Refusal(grpc.StatusCode.ALREADY_EXISTS, f"snapshot {name} exists already, as a backup")
        return messages.of_snapshot(cut)

    def find(self, handle: SnapshotHandle) -> csi_pb2.Snapshot | None:
        """None if there is none."""
        found = self._snapshots.find(handle.volume, handle.name)
        return messages.of_snapshot(found) if found else None

    def all(self, volume: str, backed_up: set[tuple[str, str]]) -> list[csi_pb2.Snapshot]:
        """Of one volume or all, but for those that a backup was made of at once and stands for.

        ``backed_up`` has volume and name of what there are backups of.
        """
        return [
            messages.of_snapshot(item)
            for item in self._snapshots.all(volume)
            if item.labels.get(snapshot_class.TYPE) != BACKUP or (item.volume, item.name) not in backed_up
        ]

    def delete(self, handle: SnapshotHandle) -> None:
        """One that is not there is as good. Raises Refusal INVALID_ARGUMENT for a group's."""
        if self._snapshots.find(handle.volume, handle.name) is not None:
            self._snapshots.delete(handle.name)
