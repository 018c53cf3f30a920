"""What a controller has heard of: it acts on what its watches brought, which is a little behind the API server.

Who changes one object and at once makes another asks for the outcome of a race. These verbs wait for a proof that
the change has arrived; a busy controller was seen to be 0.1 s behind.
"""

from __future__ import annotations

from pytest_csi_snapshot.verbs.snapshots import SnapshotVerbs
from pytest_csi_snapshot.verbs.volumes import VolumeVerbs


class HearingVerbs(VolumeVerbs, SnapshotVerbs):
    """Waits for what cannot be read from the changed object itself."""

    def claims_heard(self) -> None:
        """Wait until the snapshot-controller has heard of all claims as they are now.

        The proof is what it says of a claim that is made now: a watch brings the versions of all claims in order.
        """
        __tracebackhide__ = True
        probe = self.snapshot(self.unbound_claim())
        self.event(probe, "SnapshotContentCreationFailed", mentions="not yet bound")

    def contents_heard(self, handle: str) -> None:
        """Wait until the snapshot-controller has heard of all contents and snapshots as they are now.

        The proof is that it binds another pair, of a snapshot that exists in the backend under this ``handle``.
        """
        __tracebackhide__ = True
        self.ready(self.import_snapshot(self.import_content(handle)))

    def classes_heard(self) -> None:
        """Wait until the snapshot-controller has heard of all VolumeSnapshotClasses as they are now.

        The proof is that it knows of the end of one that it used just now. That it used one proves nothing: it may
        ask for a class that its watch has not brought yet.
        """
        __tracebackhide__ = True
        cls = self.derived_class("Delete")
        probe = self.snapshot(self.missing_claim(), cls=cls.name)
        self.event(probe, "SnapshotContentCreationFailed")
        self.delete(cls)
        self.nudge(probe)
        self.event(probe, "GetSnapshotClassFailed")
