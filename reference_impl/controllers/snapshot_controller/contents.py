"""One look at one VolumeSnapshotContent: its shape and its finalizer (clauses FIN-006, BIND-007, BIND-008).

A content whose snapshot is missing is left alone: YAML copied from another cluster must not cost data.
"""

from __future__ import annotations

from .. import markers
from ..kube import objects
from ..kube.errors import ApiError
from ..kube.events import WARNING
from .cluster import Cluster


class Contents:
    """Keeps contents protected while they are bound."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    def sync(self, key: str) -> None:
        """Look at one content."""
        content = self.cluster.contents.get(key)
        if content is None:
            return
        source = content["spec"]["source"]
        if (source.get("volumeHandle") is None) == (source.get("snapshotHandle") is None):
            text = "Exactly one of VolumeHandle and SnapshotHandle should be specified"
            self.cluster.events.event(content, WARNING, "ContentValidationError", text)
            return
        if objects.deleting(content) or not content["spec"]["volumeSnapshotRef"].get("uid"):
            return
        try:
            self.cluster.contents.edit(
                content,
                lambda draft: not objects.deleting(draft) and objects.add_finalizer(draft, markers.CONTENT_BOUND),
            )
        except ApiError as error:
            if not error.not_found:
                raise
