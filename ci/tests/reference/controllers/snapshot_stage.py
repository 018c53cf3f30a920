"""The stage with the snapshot-controller on it."""

from __future__ import annotations

from typing import Any

from pytest_csi_snapshot.reference_impl.controllers import markers
from pytest_csi_snapshot.reference_impl.controllers.kube import objects
from pytest_csi_snapshot.reference_impl.controllers.kube.kinds import (
    GROUP_CLASS,
    GROUP_CONTENT,
    GROUP_SNAPSHOT,
    PV,
    PVC,
    SNAPSHOT,
    SNAPSHOT_CLASS,
    SNAPSHOT_CONTENT,
)
from pytest_csi_snapshot.reference_impl.controllers.snapshot_controller.cluster import Cluster
from pytest_csi_snapshot.reference_impl.controllers.snapshot_controller.snapshots import Snapshots
from pytest_csi_snapshot.reference_impl.controllers.work.loop import SyncError

from .stage import NS, Stage

Json = dict[str, Any]

DEFAULT = {markers.DEFAULT_CLASS: "true"}
READY = {
    "snapshotHandle": "h",
    "creationTime": 1_700_000_000_999_999_999,
    "restoreSize": 1 << 30,
    "readyToUse": True,
}


class Theatre(Stage):
    """The stage with the snapshot-controller on it."""

    def __init__(self) -> None:
        super().__init__()
        self.cluster = Cluster(
            self.direct(SNAPSHOT),
            self.direct(SNAPSHOT_CONTENT),
            self.direct(SNAPSHOT_CLASS),
            self.direct(PVC),
            self.direct(PV),
            self.direct(GROUP_SNAPSHOT),
            self.direct(GROUP_CONTENT),
            self.direct(GROUP_CLASS),
            self.events,  # type: ignore[arg-type]
        )

    def sync(self, name: str = "s") -> str | None:
        """One look at a snapshot; the text of its failure."""
        try:
            Snapshots(self.cluster).sync(f"{NS}/{name}")
        except SyncError as error:
            return str(error)
        return None

    def seen(self, name: str = "s") -> Json:
        return self.see(SNAPSHOT, f"{NS}/{name}")

    def status(self, name: str = "s") -> Json:
        return dict(self.seen(name).get("status") or {})

    def content(self, name: str = "s") -> Json:
        return self.see(SNAPSHOT_CONTENT, f"snapcontent-{objects.uid(self.seen(name))}")

    def answer(self, **status: Any) -> None:
        """Let the sidecar have answered."""
        self.change(SNAPSHOT_CONTENT, objects.name(self.content()), status={**READY, **status})

    def ready(self, **options: Any) -> None:
        """A dynamic snapshot that is ready."""
        self.bound_claim()
        self.snapshot_class(**options)
        self.snapshot()
        self.sync()
        self.answer()
        self.sync()
        self.sync()
        assert self.status()["readyToUse"] is True
