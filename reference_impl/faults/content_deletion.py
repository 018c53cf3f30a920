"""Faults of the csi-snapshotter's part in a deletion: what stays in the backend, and what goes too early."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..controllers.kube import objects
from ..controllers.kube.objects import Json
from .fault import Fault
from .wrapping import Clean, inner, wrap

if TYPE_CHECKING:
    from ..controllers.snapshotter.main import Snapshotter


class _ContentDeletion(Fault):
    component = "csi-snapshotter"
    kind = "lifecycle"


class DeletionForgotten(_ContentDeletion):
    """A content goes without the driver being asked: its snapshot stays in the backend."""

    name = "content-goes-without-delete"
    breaks = ("DEL-001", "DEL-016", "DEL-005", "DEL-012", "DEL-013")

    def apply(self, target: Snapshotter) -> None:
        wrap(target.contents, "delete_snapshot", lambda _clean, _content: None)


class DeletionErrorIgnored(_ContentDeletion):
    """A content goes although the driver could not delete its snapshot."""

    name = "deletion-error-ignored"
    breaks = ("DEL-012", "DEL-013", "ERR-002")

    def apply(self, target: Snapshotter) -> None:
        from ..controllers.work.loop import SyncError

        def delete(clean: Clean, content: Json) -> None:
            try:
                clean(content)
            except SyncError:
                return

        wrap(target.contents, "delete_snapshot", delete)


class DeletionErrorInStatus(_ContentDeletion):
    """A deletion that the driver refuses turns content and VolumeSnapshot not ready."""

    name = "deletion-error-in-status"
    breaks = ("DEL-012", "STAT-007")

    def apply(self, target: Snapshotter) -> None:
        from ..controllers.work.loop import SyncError

        status = inner(target.contents, "_status")

        def delete(clean: Clean, content: Json) -> None:
            try:
                clean(content)
            except SyncError as error:
                status.fail(content, "SnapshotDeleteError", str(error))
                raise

        wrap(target.contents, "delete_snapshot", delete)


class DeletionErrorUntold(_ContentDeletion):
    """Nobody is told why a content stays Terminating."""

    name = "deletion-error-untold"
    breaks = ("DEL-012", "ERR-002", "DEL-013")
    kind = "errors"

    def apply(self, target: Snapshotter) -> None:
        def event(clean: Clean, about: Json, type_: str, reason: str, message: str) -> None:
            if reason != "SnapshotDeleteError":
                clean(about, type_, reason, message)

        wrap(inner(target.contents, "_events"), "event", event)


class DeletionTriedOnce(_ContentDeletion):
    """A deletion that the driver could not do is never tried again."""

    name = "deletion-tried-once"
    breaks = ("DEL-012", "DEL-013")

    def apply(self, target: Snapshotter) -> None:
        from ..controllers.work.loop import SyncError

        contents, failed = inner(target.contents, "_contents"), set[str]()

        def sync(clean: Clean, key: str) -> None:
            content = contents.get(key)
            if content and objects.uid(content) in failed:
                return
            try:
                clean(key)
            except SyncError:
                if content and objects.deleting(content):
                    failed.add(objects.uid(content))
                raise

        wrap(target.contents, "sync", sync)


class DeletedUnderSnapshot(_ContentDeletion):
    """A content that is deleted by hand goes at once with its snapshot, under a VolumeSnapshot that is ready."""

    name = "content-deleted-under-snapshot"
    breaks = ("DEL-008", "BIND-007")

    def apply(self, target: Snapshotter) -> None:
        form = target.contents.form

        def to_delete(_clean: Clean, content: Json) -> Any:
            return objects.deleting(content) and objects.annotation(content, form.being_created) is None

        wrap(target.contents, "to_delete", to_delete)


class UnboundImportDeleted(_ContentDeletion):
    """A content made by hand that was never bound takes the backend's snapshot with it when it is deleted."""

    name = "unbound-import-deletes"
    breaks = ("DEL-009", "FIN-006")

    def apply(self, target: Snapshotter) -> None:
        form, contents = target.contents.form, inner(target.contents, "_contents")

        def advance(clean: Clean, content: Json) -> None:
            if form.static(content) and not objects.deleting(content):
                # The finalizer is what gives the sidecar the time to ask the driver.
                contents.edit(content, lambda draft: objects.add_finalizer(draft, form.content_finalizer))
            clean(content)

        wrap(target.contents, "advance", advance)


class DeletedWhileCreating(_ContentDeletion):
    """A content that is deleted while its snapshot is being cut goes at once: the snapshot is left."""

    name = "deleted-while-creating"
    breaks = ("DEL-011",)
    issue = "https://github.com/kubernetes-csi/external-snapshotter/issues/880"
    seen = "L32"

    def apply(self, target: Snapshotter) -> None:
        form = target.contents.form

        def to_delete(clean: Clean, content: Json) -> Any:
            announced = objects.annotation(content, form.being_deleted) is not None
            return clean(content) or (objects.deleting(content) and announced)

        wrap(target.contents, "to_delete", to_delete)


class HandlelessContentStays(_ContentDeletion):
    """A content whose snapshot could never be made cannot be deleted: there is no handle to delete."""

    name = "handleless-content-stays"
    breaks = ("DEL-010", "FIN-011")

    def apply(self, target: Snapshotter) -> None:
        from ..controllers.work.loop import SyncError

        def delete(clean: Clean, content: Json) -> None:
            if not (content.get("status") or {}).get(target.contents.form.handle_field):
                raise SyncError(f"content {objects.name(content)} has no snapshot handle")
            clean(content)

        wrap(target.contents, "delete_snapshot", delete)


class PolicyRemembered(_ContentDeletion):
    """What counts is the policy that a content had when the csi-snapshotter first saw it."""

    name = "first-policy-counts"
    breaks = ("DEL-006", "DEL-004", "DEL-005")
    kind = "concurrency"

    def apply(self, target: Snapshotter) -> None:
        seen: dict[str, str] = {}

        def advance(clean: Clean, content: Json) -> None:
            seen.setdefault(objects.uid(content), content["spec"]["deletionPolicy"])
            clean(content)

        def finish(clean: Clean, content: Json) -> None:
            policy = seen.get(objects.uid(content), content["spec"]["deletionPolicy"])
            clean({**content, "spec": {**content["spec"], "deletionPolicy": policy}})

        wrap(target.contents, "advance", advance)
        wrap(target.contents, "finish", finish)


class RetainedContentStays(_ContentDeletion):
    """A retained content cannot be deleted any more once its VolumeSnapshot is gone."""

    name = "retained-content-stays"
    breaks = ("DEL-006", "FIN-011")

    def apply(self, target: Snapshotter) -> None:
        def finish(clean: Clean, content: Json) -> None:
            if content["spec"]["deletionPolicy"] == "Delete":
                clean(content)

        wrap(target.contents, "finish", finish)
