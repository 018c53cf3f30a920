"""Snapshots: taken, found, imported, and their classes."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.conditions import ANSWERED, HAS_ERROR, READY, Condition, has_finalizer, status_of
from pytest_csi_snapshot.evidence.stepping import quiet
from pytest_csi_snapshot.evidence.tape import TAPE
from pytest_csi_snapshot.history import Version
from pytest_csi_snapshot.kube.kinds import SNAPSHOT, SNAPSHOT_CLASS, SNAPSHOT_CONTENT
from pytest_csi_snapshot.labels import INVENTED_DRIVER, fresh_name
from pytest_csi_snapshot.ledger import CONTENT_FINALIZER, Handle
from pytest_csi_snapshot.verbs.witnesses import WitnessVerbs

Json = dict[str, Any]

READY_OR_REFUSED = Condition(
    f"{READY.text} or {HAS_ERROR.text}", lambda body: READY.holds(body) or HAS_ERROR.holds(body)
)
KNOWN_OR_NOT = Condition(
    f"{READY.text} or {ANSWERED.text}", lambda body: READY.holds(body) or ANSWERED.holds(body)
)


@dataclass(frozen=True)
class Taken:
    """A ready snapshot, its content, and the driver's own name of it: what there is to import."""

    snapshot: Handle
    content: Handle
    handle: str


class SnapshotVerbs(WitnessVerbs):
    """Verbs on VolumeSnapshots, their contents and classes."""

    cluster: Cluster

    def snapshot_class(self, policy: str = "Delete") -> str:
        """The name of a class of the driver with this policy: the given one, or one derived from it."""
        given = self.api.get(SNAPSHOT_CLASS, None, self.cluster.snapshot_class)
        return (
            self.cluster.snapshot_class if given["deletionPolicy"] == policy else self.derived_class(policy).name
        )

    def derived_class(self, policy: str, **parameters: str | None) -> Handle:
        """A new class like the given one, with this policy and further parameters, without those that are None.

        A test may change it.
        """
        given = self.api.get(SNAPSHOT_CLASS, None, self.cluster.snapshot_class)
        body: Json = {"driver": given["driver"], "deletionPolicy": policy}
        merged = {**(given.get("parameters") or {}), **parameters}
        body["parameters"] = {key: value for key, value in merged.items() if value is not None}
        return self._make_class(body)

    def class_like_ours(self, name: str) -> Handle:
        """A class of this name, for one that was missing: like the one for ``Delete``."""
        given = self.api.get(SNAPSHOT_CLASS, None, self.snapshot_class())
        body: Json = {key: given[key] for key in ("driver", "deletionPolicy", "parameters") if key in given}
        return self.create(SNAPSHOT_CLASS, {"metadata": {"name": name}, **body})

    def forsaken_class(self, policy: str = "Delete") -> str:
        """The name of a class of a driver that does not exist.

        A snapshot of it stays un-ready for ever, with any driver (CLS-010, DEL-018).
        """
        return self.class_of(self.forsaken_driver(), policy).name

    def forsaken_driver(self) -> str:
        """The name of a driver that does not exist; the ledger frees contents of it, as nobody else would."""
        driver = f"{INVENTED_DRIVER}{secrets.token_hex(4)}.example.com"
        self.ledger.forsaken.add(driver)
        return driver

    def class_of(self, driver: str, policy: str = "Delete") -> Handle:
        """A new class of any driver, without parameters."""
        return self._make_class({"driver": driver, "deletionPolicy": policy})

    def _make_class(self, body: Json) -> Handle:
        return self.create(SNAPSHOT_CLASS, {"metadata": {"name": self.api.mark.fresh("class")}, **body})

    def snapshot(self, claim: Handle, *, cls: str = "", name: str = "") -> Handle:
        """A new VolumeSnapshot of a claim, beside it; not waited for.

        Where the profile wants some time between two snapshots of one volume, it passes before this one.
        """
        __tracebackhide__ = True
        self._keep_interval(claim)
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

    def _keep_interval(self, claim: Handle) -> None:
        """Wait out what the driver wants between two snapshots of one volume; no event tells when that is over."""
        __tracebackhide__ = True
        interval, cut_at, now = self.bounds.interval, self.station.cut_at, self.history.clock()
        if interval > self.limits.snapshot and claim.uid in cut_at:
            told = f"it takes a second snapshot of a volume, {interval:g} s after the first"
            self.out_of_bounds("snapshotInterval", f"{told}: longer than a snapshot is waited for")
        left = cut_at.get(claim.uid, now - interval) + interval - now
        if left > 0:
            with TAPE.time_of("driver"):
                threading.Event().wait(left)
        cut_at[claim.uid] = self.history.clock()

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

    def taken(self, claim: Handle, *, cls: str = "") -> Taken:
        """``ready_snapshot`` with its content and handle."""
        __tracebackhide__ = True
        snapshot = self.ready_snapshot(claim, cls=cls)
        content = self.content_of(snapshot)
        return Taken(snapshot, content, self.handle_in(self.wait(content, READY)))

    def unclassed(self, claim: Handle) -> Handle:
        """A new VolumeSnapshot of a claim that names no class; only where defaults are what a test is about."""
        body = {"source": {"persistentVolumeClaimName": claim.name}}
        return self.create(SNAPSHOT, {"metadata": {"namespace": claim.namespace}, "spec": body})

    def content_of(self, snapshot: Handle, clause: str = "") -> Handle:
        """The content that refers to a snapshot, as soon as there is one."""
        __tracebackhide__ = True

        found = self._await(
            snapshot,
            lambda: self._content_version(snapshot),
            "a VolumeSnapshotContent that refers to it",
            clause,
            None,
        )
        return Handle.of(SNAPSHOT_CONTENT, found.object)

    @quiet
    def made_for(self, snapshot: Handle) -> Handle | None:
        """The content that referred to a snapshot, also where it is gone; None where none was seen so far."""
        version = self._content_version(snapshot)
        return Handle.of(SNAPSHOT_CONTENT, version.object) if version else None

    def _content_version(self, snapshot: Handle) -> Version | None:
        found = (versions[-1] for versions in self.history.objects(SNAPSHOT_CONTENT))
        claims = (v for v in found if v.object["spec"]["volumeSnapshotRef"].get("uid") == snapshot.uid)
        return next(claims, None)

    def contents_of(self, snapshot: Handle) -> list[Json]:
        """All contents that refer to a snapshot now, whoever made them, as the API server lists them."""
        return self.api.list(
            SNAPSHOT_CONTENT, keep=lambda body: body["spec"]["volumeSnapshotRef"].get("uid") == snapshot.uid
        )

    def free(self, content: Handle) -> None:
        """Let go of a content that no controller serves: what its driver's sidecar would do (DEL-018).

        Where the answer was lost, it has gone by the time it is asked again.
        """
        self._patch_if_there(content, {"metadata": {"finalizers": None}})

    def import_content(
        self, handle: str, *, name: str = "", snapshot: str = "", namespace: str = "", uid: str = "",
        cls: str = "", policy: str = "Retain", mode: str = "Filesystem",
        annotations: Mapping[str, str] | None = None, labels: Mapping[str, str] | None = None, driver: str = "",
    ) -> Handle:  # fmt: skip
        """A pre-provisioned content for a snapshot that exists in the backend, reserved for a VolumeSnapshot.

        With ``Retain`` it is only borrowed: clean-up never deletes what it refers to. ``uid`` reserves it for one
        VolumeSnapshot of that name only; without a ``mode`` it does not say of what volume mode the source was.
        """
        reference = {"name": snapshot or fresh_name("imported"), "namespace": namespace or self.namespace}
        content = self.create(
            SNAPSHOT_CONTENT,
            {
                "metadata": {
                    "name": name or self.api.mark.fresh("content"),
                    "annotations": dict(annotations or {}),
                    "labels": dict(labels or {}),
                },
                "spec": {
                    "driver": driver or self.cluster.driver,
                    "deletionPolicy": policy,
                    "source": {"snapshotHandle": handle},
                    **({"sourceVolumeMode": mode} if mode else {}),
                    "volumeSnapshotRef": {**reference, **({"uid": uid} if uid else {})},
                    **({"volumeSnapshotClassName": cls} if cls else {}),
                },
            },
        )
        if policy == "Retain":
            self.ledger.borrowed.add(content.uid)
        return content

    def import_snapshot(self, content: Handle) -> Handle:
        """The VolumeSnapshot for which an imported content is reserved."""
        reference = self.get(content)["spec"]["volumeSnapshotRef"]
        return self.imported(content.name, name=reference["name"], namespace=reference["namespace"])

    def imported(self, content: str, *, name: str = "", namespace: str = "", cls: str = "") -> Handle:
        """A VolumeSnapshot that names a content, which need not exist yet; of no class unless one is given."""
        meta = {"name": name or fresh_name("imported"), "namespace": namespace or self.namespace}
        named = {"volumeSnapshotClassName": cls} if cls else {}
        return self.create(
            SNAPSHOT,
            {
                "metadata": meta,
                "spec": {"source": {"volumeSnapshotContentName": content}, **named},
            },
        )

    def inherit(
        self, source: Taken, clause: str = "", *, policy: str = "Delete", mode: str = "Filesystem",
        annotations: Mapping[str, str] | None = None,
    ) -> Taken:  # fmt: skip
        """An imported snapshot that takes over the handle of a retained one, whose objects then go (DEL-006)."""
        __tracebackhide__ = True
        content = self.import_content(source.handle, policy=policy, mode=mode, annotations=annotations)
        self.ledger.borrowed.discard(content.uid)  # it is the owner now: clean-up deletes what it refers to
        snapshot = self.import_snapshot(content)
        self.ready(snapshot, clause)
        self.delete(source.snapshot)
        self.gone(source.snapshot)
        self.delete(source.content)
        self.gone(source.content)
        return Taken(snapshot, content, source.handle)

    def held(self, content: Handle, clause: str = "") -> None:
        """Wait for a content's finalizer: without it the content goes at once, its snapshot in the backend stays.

        It comes when the snapshot-controller's watch has brought the binding, perhaps after the snapshot is ready.
        """
        __tracebackhide__ = True
        self.wait(content, has_finalizer(CONTENT_FINALIZER), clause)

    def adopt(self, handle: str) -> None:
        """Make a snapshot that no content refers to any more ours again, so that clean-up deletes it."""
        content = self.import_content(handle, policy="Delete")
        self.ready(self.import_snapshot(content))
        self.held(content)

    def lose_in_backend(self, handle: str) -> None:
        """Have a snapshot deleted in the backend behind the back of the content that stands for it."""
        __tracebackhide__ = True
        content = self.import_content(handle, policy="Delete")
        snapshot = self.import_snapshot(content)
        self.ready(snapshot)
        self.held(content)
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
        within = self.limits.snapshot
        if READY.holds(self.wait(never, KNOWN_OR_NOT, within=within)):
            self.unknown(clause, "the driver does not list snapshots: an invented handle becomes ready too")
        return READY.holds(self.wait(asked, KNOWN_OR_NOT, within=within))

    def backend_answers(self, content: Handle) -> Json:
        """An imported content once it is ready or has an error (SNAP-PRE-007: nobody need claim it)."""
        __tracebackhide__ = True
        return self.wait(content, READY_OR_REFUSED, within=self.limits.snapshot)

    def driver_lists(self) -> bool:
        """The driver itself claims that it lists snapshots; False where its socket is out of reach, too."""
        from pytest_csi_snapshot.csi.listing import can_list

        return bool(self.cluster.endpoint) and can_list(Path(self.cluster.endpoint.removeprefix("unix://")))

    @staticmethod
    def handle_in(content: Json) -> str:
        """The driver's own name of the snapshot behind a content."""
        return str(status_of(content).get("snapshotHandle") or "")
