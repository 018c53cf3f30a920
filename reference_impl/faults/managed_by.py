"""Faults of distributed snapshotting: the wrong node's csi-snapshotter acts, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..controllers import markers
from ..controllers.kube import objects
from ..controllers.kube.objects import Json
from .fault import Fault
from .wrapping import Clean, inner, put, wrap

if TYPE_CHECKING:
    from ..controllers.snapshot_controller.main import Controller
    from ..controllers.snapshotter.main import Snapshotter


class NodeLabelMissing(Fault):
    """The content of a volume of one node does not say which node's csi-snapshotter is to serve it."""

    name = "node-label-missing"
    component = "snapshot-controller"
    breaks = ("DIST-001",)
    kind = "state"

    def apply(self, target: Controller) -> None:
        def create(clean: Clean, body: Json) -> Any:
            body["metadata"].pop("labels", None)
            return clean(body)

        wrap(target.cluster.contents, "create", create)


class NodeLabelOfOther(Fault):
    """The content of a volume of one node is given to the csi-snapshotter of another, which has not the volume."""

    name = "node-label-of-other-node"
    component = "snapshot-controller"
    breaks = ("DIST-001",)
    kind = "state"

    def apply(self, target: Controller) -> None:
        def create(clean: Clean, body: Json) -> Any:
            labels = body["metadata"].get("labels") or {}
            right = labels.get(markers.MANAGED_BY)
            nodes = target.cluster.nodes.all() if target.cluster.nodes else []
            others = sorted(objects.name(node) for node in nodes if objects.name(node) != right)
            if right and others:
                labels[markers.MANAGED_BY] = others[0]
            return clean(body)

        wrap(target.cluster.contents, "create", create)


class NodeLabelUnheeded(Fault):
    """The csi-snapshotter of every node serves the contents of all: a call goes to a node without the volume."""

    name = "node-label-unheeded"
    component = "csi-snapshotter"
    breaks = ("DIST-001",)
    kind = "concurrency"

    def apply(self, target: Snapshotter) -> None:
        contents = inner(target, "_contents")
        put(contents, "_query", {})
        if watch := inner(contents, "_watch"):
            # It was opened for the contents of this node only; the next one is for all.
            watch.stop()
