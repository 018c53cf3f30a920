"""Snapshots: taken, found, imported, and their classes."""

from __future__ import annotations

import secrets
from typing import Any

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.conditions import HAS_ERROR, READY, Condition, status_of
from pytest_csi_snapshot.history import Version
from pytest_csi_snapshot.kube.kinds import SNAPSHOT, SNAPSHOT_CLASS, SNAPSHOT_CONTENT
from pytest_csi_snapshot.labels import INVENTED_DRIVER, fresh_name
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.verbs.core import Core

Json = dict[str, Any]

READY_OR_REFUSED = Condition(
    f"{READY.text} or {HAS_ERROR.text}", lambda body: READY.holds(body) or HAS_ERROR.holds(body)
)


class SnapshotVerbs(Core):
    """Verbs on VolumeSnapshots, their contents and classes."""

    cluster: Cluster

    def snapshot_class(self, policy: str = "Delete") -> str:
        """The name of a class of the driver with this policy: the given one, or one derived from it."""
        given = self.api.get(SNAPSHOT_CLASS, None, self.cluster.snapshot_class)
        return (
            self.cluster.snapshot_class if given["deletionPolicy"] == policy else self.derived_class(policy).name
        )

    def derived_class(self, policy: str) -> Handle:
        """A new class like the given one, with this policy; a test may change it."""
        given = self.api.get(SNAPSHOT_CLASS, None, self.cluster.snapshot_class)
        body: Json = {key: given[key] for key in ("driver", "parameters") if key in given}
        return self._make_class({**body, "deletionPolicy": policy})

    def forsaken_class(self, policy: str = "Delete") -> str:
        """The name of a class of a driver that does not exist.

        A snapshot of it stays un-ready for ever, with any driver (CLS-010, DEL-018); the ledger frees its content.
        """
        driver = f"{INVENTED_DRIVER}{secrets.token_hex(4)}.example.com"
        self.ledger.forsaken.add(driver)
        return self._make_class({"driver": driver, "deletionPolicy": policy}).name

    def _make_class(self, body: Json) -> Handle:
        return self.create(SNAPSHOT_CLASS, {"metadata": {"name": self.api.mark.fresh("class")}, **body})

    def snapshot(self, claim: Handle, *, cls: str = "", name: str = "") -> Handle:
        """A new VolumeSnapshot of a claim, beside it; not waited for."""
        return self.create(
            SNAPSHOT,
            {
                "metadata": {"name": name or fresh_name("snapshot"), "namespace": claim.namespace},
                "spec": {
                    "source": {"persistentVolumeClaimName": claim.name},
                    "volumeSnapshotClassName": cls or self.snapshot_class(),
                },
            },
        )

    def ready(self, snapshot: Handle, clause: str = "") -> Json:
        """The snapshot once it may be restored."""
        __tracebackhide__ = True
        return self.wait(snapshot, READY, clause, within=self.limits.snapshot)

    def ready_snapshot(self, claim: Handle, *, cls: str = "") -> Handle:
        """A new snapshot of a claim, ready."""
        __tracebackhide__ = True
        taken = self.snapshot(claim, cls=cls)
        self.ready(taken)
        return taken

    def content_of(self, snapshot: Handle, clause: str = "") -> Handle:
        """The content that refers to a snapshot, as soon as there is one."""
        __tracebackhide__ = True

        def made() -> Version | None:
            found = (versions[-1] for versions in self.history.objects(SNAPSHOT_CONTENT))
            claims = (v for v in found if v.object["spec"]["volumeSnapshotRef"].get("uid") == snapshot.uid)
            return next(claims, None)

        found = self._await(snapshot, made, "a VolumeSnapshotContent that refers to it", clause, None)
        return Handle.of(SNAPSHOT_CONTENT, found.object)

    def free(self, content: Handle) -> None:
        """Let go of a content that no controller serves: what its driver's sidecar would do (DEL-018)."""
        self.patch(content, {"metadata": {"finalizers": None}})

    def import_content(
        self, handle: str, *, name: str = "", snapshot: str = "", policy: str = "Retain", mode: str = "Filesystem",
        cls: str = "",
    ) -> Handle:  # fmt: skip
        """A pre-provisioned content for a snapshot that exists in the backend, reserved for a VolumeSnapshot.

        With ``Retain`` it is only borrowed: clean-up never deletes what it refers to.
        """
        content = self.create(
            SNAPSHOT_CONTENT,
            {
                "metadata": {"name": name or self.api.mark.fresh("content")},
                "spec": {
                    "driver": self.cluster.driver,
                    "deletionPolicy": policy,
                    "source": {"snapshotHandle": handle},
                    "sourceVolumeMode": mode,
                    "volumeSnapshotRef": {"name": snapshot or fresh_name("imported"), "namespace": self.namespace},
                    **({"volumeSnapshotClassName": cls} if cls else {}),
                },
            },
        )
        if policy == "Retain":
            self.ledger.borrowed.add(content.uid)
        return content

    def import_snapshot(self, content: Handle) -> Handle:
        """The VolumeSnapshot for which an imported content is reserved."""
        return self.imported(content.name, name=self.get(content)["spec"]["volumeSnapshotRef"]["name"])

    def imported(self, content: str, *, name: str = "", cls: str = "") -> Handle:
        """A VolumeSnapshot that names a content, which need not exist yet; of no class unless one is given."""
        named = {"volumeSnapshotClassName": cls} if cls else {}
        return self.create(
            SNAPSHOT,
            {
                "metadata": {"name": name or fresh_name("imported")},
                "spec": {"source": {"volumeSnapshotContentName": content}, **named},
            },
        )

    def adopt(self, handle: str) -> None:
        """Make a snapshot that no content refers to any more ours again, so that clean-up deletes it."""
        content = self.import_content(handle, policy="Delete")
        self.ready(self.import_snapshot(content))

    def lose_in_backend(self, handle: str) -> None:
        """Have a snapshot deleted in the backend behind the back of the content that stands for it."""
        __tracebackhide__ = True
        content = self.import_content(handle, policy="Delete")
        snapshot = self.import_snapshot(content)
        self.ready(snapshot)
        self.delete(snapshot)
        self.gone(content)
        self.gone(snapshot)

    def backend_knows(self, handle: str, clause: str) -> bool:
        """Whether the backend still has a snapshot, asked by importing its handle (DEL-016).

        Only a driver with LIST_SNAPSHOTS can answer: a handle that nobody ever had must be refused first,
        otherwise ``clause`` is unknown here.
        """
        __tracebackhide__ = True
        never = self.import_content(f"never-{secrets.token_hex(8)}")
        asked = self.import_content(handle)
        if READY.holds(self.backend_answers(never)):
            self.unknown(clause, "the driver does not list snapshots: an invented handle becomes ready too")
        return READY.holds(self.backend_answers(asked))

    def backend_answers(self, content: Handle) -> Json:
        """An imported content once it is ready or has an error (SNAP-PRE-007: nobody need claim it)."""
        __tracebackhide__ = True
        return self.wait(content, READY_OR_REFUSED, within=self.limits.snapshot)

    @staticmethod
    def handle_in(content: Json) -> str:
        """The driver's own name of the snapshot behind a content."""
        return str(status_of(content).get("snapshotHandle") or "")
