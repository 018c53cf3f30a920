"""One look at one VolumeSnapshot. What it has in common with a group's is in ``progress``."""

from __future__ import annotations

from ..kube.client import Json
from ..work.loop import SyncError
from . import creation, deletion, finalizers
from .cluster import Cluster
from .groups import membership
from .progress import Progress
from .sources import csi_volume
from .status import SingleStatus


class Snapshots(Progress):
    """Brings VolumeSnapshots to the state that their spec asks for."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster, cluster.singles, SingleStatus(cluster))

    def advance(self, snapshot: Json) -> None:
        """As with a group; but a new member waits for its content, which its group makes next.

        What only CRDs before v8.0 let in is refused (clause BIND-008).
        """
        form = self.family.form
        if (snapshot["spec"]["source"].get("persistentVolumeClaimName") is None) == (
            form.static_name(snapshot) is None
        ):
            text = "Exactly one of PersistentVolumeClaimName and VolumeSnapshotContentName should be specified"
            self.status.fail(snapshot, "SnapshotValidationError", text)
            raise SyncError(text)
        own = membership.owner(snapshot) is None or form.static_name(snapshot) is not None
        if own or form.bound_name(snapshot) or self.family.content_of(snapshot, self.dynamic_name(snapshot)):
            super().advance(snapshot)

    def choose_class(self, snapshot: Json) -> Json:
        """A member of a group needs none (clause GRP-002): it was cut as the group's class says."""
        if membership.owner(snapshot) and self.family.form.class_name(snapshot) is None:
            return snapshot
        return super().choose_class(snapshot)

    def dynamic_name(self, snapshot: Json) -> str:
        """Of a member it is the one that its group has made."""
        return membership.content_name(snapshot) or super().dynamic_name(snapshot)

    def driver(self, snapshot: Json) -> str:
        return str(csi_volume(self.cluster, snapshot)["spec"]["csi"]["driver"])

    def protect(self, snapshot: Json, content: Json | None) -> Json:
        return finalizers.protect(self.cluster, snapshot, content)

    def create(self, snapshot: Json) -> Json:
        """A content for a snapshot of its own; that of a member is made with it, by its group."""
        return creation.create(self.cluster, snapshot)

    def remove(self, snapshot: Json) -> None:
        deletion.process(self.cluster, snapshot)

    def follow(self, snapshot: Json, content: Json) -> Json:
        """A snapshot that somebody imported together with its group belongs to it from now on (GRP-010)."""
        snapshot = super().follow(snapshot, content)
        source = content.get("status") or {}
        group = membership.group_name(self.cluster, snapshot, source)
        if group is None:
            return snapshot
        if not snapshot["status"].get("volumeGroupSnapshotName"):
            # Ready already when its group was imported.
            snapshot = self.status.follow(snapshot, content)
        return membership.adopt(self.cluster, snapshot, source)
