"""Faults of deleting a VolumeSnapshot: the wrong policy, the wrong order, or no end."""

from __future__ import annotations

import copy
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from ..controllers import markers
from ..controllers.kube import objects
from ..controllers.kube.objects import Json
from .fault import Fault
from .wrapping import Clean, wrap

if TYPE_CHECKING:
    from ..controllers.snapshot_controller.main import Controller

_OURS = (markers.IN_GROUP, markers.SNAPSHOT_AS_SOURCE, markers.SNAPSHOT_BOUND)


class _Deletion(Fault):
    """A fault of ``remove``, which is asked at each look at a VolumeSnapshot that is being deleted."""

    component = "snapshot-controller"
    kind = "lifecycle"

    target: Controller

    def apply(self, target: Controller) -> None:
        self.target = target
        wrap(target.snapshots, "remove", self.remove)

    @abstractmethod
    def remove(self, clean: Clean, snapshot: Json) -> None:
        """Bring the deletion one step further."""

    def content(self, snapshot: Json) -> Json | None:
        family = self.target.snapshots.family
        return family.content_of(snapshot, family.form.dynamic_name(snapshot))

    def let_go(self, snapshot: Json) -> None:
        """Take all our finalizers off."""
        from ..controllers.kube.errors import ApiError

        try:
            self.target.cluster.snapshots.edit(snapshot, lambda draft: objects.drop_finalizers(draft, *_OURS))
        except ApiError as error:
            if not error.not_found:
                raise


def policy_of_class(target: Controller, content: Json) -> None:
    """Write the policy of its class into a content."""
    found = target.cluster.classes.get(content["spec"].get("volumeSnapshotClassName") or "")
    if found is None:
        return

    def change(draft: Json) -> bool:
        changed = bool(draft["spec"]["deletionPolicy"] != found["deletionPolicy"])
        draft["spec"]["deletionPolicy"] = found["deletionPolicy"]
        return changed

    target.cluster.contents.edit(content, change)


class ClassPolicyCounts(_Deletion):
    """The policy that counts is that of the class on the day of the deletion, not that of the content."""

    name = "class-policy-counts"
    breaks = ("DEL-003", "DEL-004", "DEL-005")

    def remove(self, clean: Clean, snapshot: Json) -> None:
        content = self.content(snapshot)
        if content is not None:
            policy_of_class(self.target, content)
        clean(snapshot)


class ContentPolicyPutBack(Fault):
    """A policy that an administrator changes in a content is changed back to that of the class."""

    name = "content-policy-put-back"
    component = "snapshot-controller"
    breaks = ("DEL-004", "DEL-005", "DEL-006")
    kind = "concurrency"

    def apply(self, target: Controller) -> None:
        def sync(clean: Clean, key: str) -> None:
            clean(key)
            content = target.cluster.contents.get(key)
            if content is not None:
                policy_of_class(target, content)

        wrap(target.contents, "sync", sync)


class LaterDeleteIgnored(_Deletion):
    """A content changed from Retain to Delete stays: what counts is the protection of the first look."""

    name = "later-delete-ignored"
    breaks = ("DEL-005",)

    def remove(self, clean: Clean, snapshot: Json) -> None:
        if objects.has_finalizer(snapshot, markers.SNAPSHOT_BOUND):
            clean(snapshot)
        else:
            self.let_go(snapshot)


class RetainDeletesContent(_Deletion):
    """The content goes with its VolumeSnapshot although it says Retain: nobody knows the handle any more."""

    name = "retain-deletes-content"
    breaks = ("DEL-002", "DEL-017", "DEL-006")

    def remove(self, clean: Clean, snapshot: Json) -> None:
        content = self.content(snapshot)
        if content is not None and content["spec"]["deletionPolicy"] == "Retain":
            self.target.cluster.contents.delete(content)
        clean(snapshot)


class ContentLeftBehind(_Deletion):
    """A VolumeSnapshot goes and leaves its content, whatever the policy: snapshots pile up in the backend."""

    name = "content-left-behind"
    breaks = ("DEL-001", "DEL-017", "DEL-007")

    def remove(self, clean: Clean, snapshot: Json) -> None:
        self.let_go(snapshot)


class SnapshotGoesFirst(_Deletion):
    """A VolumeSnapshot is gone before its content: whoever waits for it believes that all is deleted."""

    name = "snapshot-gone-before-content"
    breaks = ("DEL-001", "DEL-012")

    def remove(self, clean: Clean, snapshot: Json) -> None:
        clean(snapshot)
        self.let_go(snapshot)


class DeletionNeedsClass(_Deletion):
    """A VolumeSnapshot whose class was deleted cannot be deleted any more."""

    name = "deletion-needs-class"
    breaks = ("DEL-019", "SNAP-DYN-012")
    issue = "https://github.com/longhorn/longhorn/issues/4979"
    seen = "L09"

    def remove(self, clean: Clean, snapshot: Json) -> None:
        from ..controllers.work.loop import SyncError

        name = snapshot["spec"].get("volumeSnapshotClassName")
        if name and self.target.cluster.classes.find(name) is None:
            raise SyncError(f"its class {name} is missing")
        clean(snapshot)


class DeletionNeedsClaim(_Deletion):
    """A VolumeSnapshot cannot be deleted any more once its source PVC is gone."""

    name = "deletion-needs-claim"
    breaks = ("DEL-019", "DEL-014")
    issue = "https://github.com/longhorn/longhorn/issues/9252"
    seen = "L10"

    def remove(self, clean: Clean, snapshot: Json) -> None:
        from ..controllers.work.loop import SyncError

        source = snapshot["spec"]["source"]
        if source.get("persistentVolumeClaimName") and self.target.cluster.source_claim(snapshot) is None:
            raise SyncError(f"its claim {source['persistentVolumeClaimName']} is missing")
        clean(snapshot)


class PendingForEver(_Deletion):
    """A VolumeSnapshot that was deleted during a restore stays Terminating when the restore is over."""

    name = "deletion-pending-for-ever"
    breaks = ("FIN-007", "FIN-011")

    def apply(self, target: Controller) -> None:
        super().apply(target)
        self._blocked: set[str] = set()

    def remove(self, clean: Clean, snapshot: Json) -> None:
        from ..controllers.work.loop import SyncError

        if objects.uid(snapshot) in self._blocked:
            return
        try:
            clean(snapshot)
        except SyncError:
            self._blocked.add(objects.uid(snapshot))
            raise


class DeletedUnderRestore(Fault):
    """A VolumeSnapshot or group is deleted although a restore from it has not ended."""

    name = "deleted-under-restore"
    component = "snapshot-controller"
    breaks = ("FIN-007", "GRP-009")
    kind = "lifecycle"

    def apply(self, target: Controller) -> None:
        from ..controllers.snapshot_controller.deletion import restores_from

        def settled(clean: Clean, *what: Any) -> Any:
            return [claim for claim in clean(*what) if restores_from(claim) is None]

        wrap(target.cluster.claims, "by", settled)


class DeletionUnannounced(Fault):
    """The sidecar is not told of the deletion of a VolumeSnapshot whose content is retained."""

    name = "deletion-unannounced"
    component = "snapshot-controller"
    breaks = ("DEL-007", "DEL-006")
    kind = "lifecycle"

    def apply(self, target: Controller) -> None:
        def edit(clean: Clean, obj: Json, change: Clean, **options: Any) -> Any:
            def quiet(draft: Json) -> bool:
                told = objects.annotation(draft, markers.BEING_DELETED)
                changed = bool(change(draft))
                if told is None and draft["spec"]["deletionPolicy"] == "Retain":
                    return not objects.annotate(draft, markers.BEING_DELETED, None) and changed
                return changed

            return clean(obj, quiet, **options)

        wrap(target.cluster.contents, "edit", edit)


class DeletionAnnouncedAsTrue(Fault):
    """The annotation that announces a deletion has another value than the sidecars of old expect."""

    name = "deletion-announced-as-true"
    component = "snapshot-controller"
    breaks = ("DEL-007",)
    kind = "lifecycle"

    def apply(self, target: Controller) -> None:
        def edit(clean: Clean, obj: Json, change: Clean, **options: Any) -> Any:
            def reworded(draft: Json) -> bool:
                before = copy.deepcopy(draft)
                change(draft)
                if objects.annotation(draft, markers.BEING_DELETED) is not None:
                    objects.annotate(draft, markers.BEING_DELETED, "true")
                return draft != before

            return clean(obj, reworded, **options)

        wrap(target.cluster.contents, "edit", edit)
