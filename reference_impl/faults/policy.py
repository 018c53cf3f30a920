"""Faults of the deletion policy: what was to be kept goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .fault import Fault

if TYPE_CHECKING:
    from ..controllers.kube.client import Json
    from ..controllers.snapshotter.main import Snapshotter


class RetainDeletesSnapshot(Fault):
    """The backend's snapshot is deleted with its VolumeSnapshot although the content says Retain."""

    name = "retain-deletes-snapshot"
    component = "csi-snapshotter"
    breaks = ("DEL-002",)
    kind = "lifecycle"

    def apply(self, target: Snapshotter) -> None:
        """Delete the snapshot of a retained content as soon as its VolumeSnapshot is being deleted."""
        from ..controllers import markers
        from ..controllers.kube import objects

        contents = target.contents
        clean = contents.advance

        def eager(content: Json) -> None:
            orphaned = objects.annotation(content, markers.BEING_DELETED) is not None
            if orphaned and content["spec"]["deletionPolicy"] == "Retain":
                contents.delete_snapshot(content)
            clean(content)

        vars(contents)["advance"] = eager
