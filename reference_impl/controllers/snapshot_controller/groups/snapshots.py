"""One look at one VolumeGroupSnapshot. What it has in common with a single snapshot's is in ``progress``."""

from __future__ import annotations

from ...kube.client import Json
from ...work.loop import SyncError
from ..cluster import Cluster, ready
from ..progress import Progress
from ..status import GroupStatus
from . import creation, deletion, members, sources


class GroupSnapshots(Progress):
    """Brings VolumeGroupSnapshots to the state that their spec asks for."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster, cluster.groups, GroupStatus(cluster.groups))

    def advance(self, snapshot: Json) -> None:
        """As with a single one; a group without a source is refused, for it would take every PVC."""
        source = snapshot["spec"]["source"]
        if (source.get("selector") is None) == (self.family.form.static_name(snapshot) is None):
            text = "The source of a group snapshot has to be either a selector or a content"
            self.status.fail(snapshot, "GroupSnapshotValidationError", text)
            raise SyncError(text)
        super().advance(snapshot)

    def driver(self, snapshot: Json) -> str:
        return sources.driver(self.cluster, snapshot)

    def protect(self, snapshot: Json, content: Json | None) -> Json:
        """A group with a content is protected, whatever the policy (clause FIN-010)."""
        return creation.protect(self.cluster, snapshot) if content is not None else snapshot

    def create(self, snapshot: Json) -> Json:
        return creation.create(self.cluster, snapshot)

    def follow(self, snapshot: Json, content: Json) -> Json:
        """The members of a dynamic group are there before it is ready; those of an imported one are the user's."""
        if not ready(snapshot) and not self.family.form.static(content):
            members.create(self.cluster, snapshot, content)
        return super().follow(snapshot, content)

    def remove(self, snapshot: Json) -> None:
        deletion.process(self.cluster, snapshot)
