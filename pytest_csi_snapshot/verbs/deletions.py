"""What is deleted, and what that leaves behind: in the cluster and in the backend."""

from __future__ import annotations

from pytest_csi_snapshot.history import Version
from pytest_csi_snapshot.kube.kinds import PV, SNAPSHOT_CONTENT
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.verbs.snapshots import SnapshotVerbs


class DeletionVerbs(SnapshotVerbs):
    """Verbs on the end of objects and of what they stand for."""

    def set_policy(self, content: Handle, policy: str) -> None:
        """Change the deletion policy of a content, ``Delete`` or ``Retain``."""
        self.patch(content, {"spec": {"deletionPolicy": policy}})

    def backend_keeps(self, clause: str, handle: str, *, kept: bool) -> None:
        """Check by re-importing the handle whether the backend still has the snapshot (DEL-016).

        The snapshot-controller never talks to a driver: what the backend has against its content's policy, or
        lacks, is the sidecar's doing or the driver's.
        """
        __tracebackhide__ = True
        has = {True: "the backend still has the snapshot", False: "the backend no longer has the snapshot"}
        found = self.backend_knows(handle, clause)
        proof = "imported again by its handle, it " + ("became ready" if found else "was not found")
        self.check(
            clause,
            expected=has[kept],
            observed=f"{has[found]}: {proof}",
            holds=found is kept,
            about=handle,
            blame="SS, DRV" if kept else self.deletes_when_asked(handle) if found else None,
            hint="" if kept else "the content is gone: was DeleteSnapshot called, and what did the driver answer?",
        )

    def gone_or_refused(self, what: Handle, refusal: str, clause: str = "") -> str:
        """Wait for the end of an object, or for an event of the reason ``refusal`` about it; its message, or "".

        For deletions that a driver may refuse: of volumes with snapshots, of snapshots with restored volumes.
        """
        __tracebackhide__ = True
        if what.kind in (PV, SNAPSHOT_CONTENT):  # events about cluster-wide objects are in this namespace
            self.station.watch_events("default", what.kind.kind)

        def ended() -> Version | None:
            latest = self.history.latest(what.uid)
            if latest and latest.deleted:
                return latest
            return next((e for e in self.events_of(what) if e.object.get("reason") == refusal), None)

        usual = self.limits.release if what.kind == PV else self.limits.deletion
        found = self._await(what, ended, f"its end, or an event {refusal}", clause, usual)
        return str(found.object.get("message") or refusal) if found.uid != what.uid else ""
