"""One look at one VolumeSnapshot: class, content, finalizers, status. The steps are in their own modules."""

from __future__ import annotations

from ..kube import objects
from ..kube.client import Json
from ..kube.errors import ApiError
from ..kube.events import WARNING
from ..work.loop import SyncError
from . import binding, classes, creation, deletion, finalizers, status
from .binding import BindingError
from .classes import ClassError
from .cluster import Cluster, ready, static_content_name
from .creation import CreationError


class Snapshots:
    """Brings VolumeSnapshots to the state that their spec asks for."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    def sync(self, key: str) -> None:
        """Look at one snapshot. Raises SyncError or ApiError where it has to be looked at again."""
        snapshot = self.cluster.snapshots.get(key)
        if snapshot is None:
            return
        if objects.deleting(snapshot):
            deletion.process(self.cluster, snapshot)
            return
        try:
            self.advance(snapshot)
        except ApiError as error:
            # Deleted while we worked: the watch brings the deletion, there is nothing to report.
            if not error.not_found or self.cluster.snapshots.get(key) is snapshot:
                raise

    def advance(self, snapshot: Json) -> None:
        """The next step of a living snapshot."""
        try:
            snapshot = classes.settle(self.cluster, snapshot)
        except ClassError as error:
            status.fail(self.cluster, snapshot, error.reason, str(error), not_ready=False)
            raise SyncError(str(error)) from error
        try:
            content = binding.find(self.cluster, snapshot)
        except BindingError as error:
            self._refuse(snapshot, error)
            text = f"Failed to check and update snapshot: {error}"
            self.cluster.events.event(snapshot, WARNING, "SnapshotFinalizerError", text)
            raise SyncError(str(error)) from error
        snapshot = finalizers.protect(self.cluster, snapshot, content)
        try:
            content = self._settle_content(snapshot, content)
        except BindingError as error:
            self._refuse(snapshot, error)
            raise SyncError(str(error)) from error
        if not ready(snapshot):
            status.follow(self.cluster, snapshot, content)
        elif (snapshot["status"] or {}).get("error"):
            status.clear(self.cluster, snapshot)

    def _settle_content(self, snapshot: Json, content: Json | None) -> Json:
        """The bound content: found, tied, or made. Raises BindingError, SyncError."""
        if static_content_name(snapshot) is not None:
            if content is None:
                raise binding.missing()
            return binding.bind(self.cluster, snapshot, content)
        if content is not None:
            return content
        if (snapshot.get("status") or {}).get("boundVolumeSnapshotContentName"):
            # It had one: making another would pass data of today off as those of the cut.
            raise binding.missing()
        try:
            return creation.create(self.cluster, snapshot)
        except CreationError as error:
            text = f"Failed to create snapshot content with error {error}"
            status.fail(self.cluster, snapshot, "SnapshotContentCreationFailed", text, not_ready=True)
            raise SyncError(text) from error
        except ApiError as error:
            text = f"Error creating volume snapshot content object for snapshot {objects.key(snapshot)}: {error}."
            status.fail(self.cluster, snapshot, "CreateSnapshotContentFailed", text, not_ready=True)
            raise

    def _refuse(self, snapshot: Json, error: BindingError) -> None:
        status.fail(self.cluster, snapshot, error.reason, str(error), not_ready=True)
