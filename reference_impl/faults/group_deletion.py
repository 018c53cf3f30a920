"""Faults of the classes of group snapshots, of their import, and of their deletion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..controllers import markers
from ..controllers.forms import GROUP
from ..controllers.kube import objects
from ..controllers.kube.objects import Json
from .fault import Fault
from .wrapping import Clean, wrap

if TYPE_CHECKING:
    from ..controllers.snapshot_controller.main import Controller
    from ..controllers.snapshotter.main import Snapshotter


class _Group(Fault):
    component = "snapshot-controller"
    kind = "groups"


class FirstOfGroupDefaults(_Group):
    """Of several default classes for groups the first by name is taken, and nobody is told."""

    name = "first-of-several-group-defaults"
    breaks = ("GRP-005",)

    def apply(self, target: Controller) -> None:
        from ..controllers.snapshot_controller.classes import ClassError

        def choose(clean: Clean, snapshot: Json) -> Any:
            try:
                return clean(snapshot)
            except ClassError as error:
                classes = sorted(target.cluster.group_classes.all(), key=objects.name)
                found = [one for one in classes if objects.annotation(one, GROUP.default_class) == "true"]
                if "classes were found" not in str(error) or not found:
                    raise

                def change(draft: Json) -> bool:
                    draft["spec"][GROUP.class_field] = objects.name(found[0])
                    return True

                return target.cluster.group_snapshots.edit(snapshot, change)

        wrap(target.groups, "choose_class", choose)


class MissingGroupClassUntold(_Group):
    """A group that names a missing class waits without a word."""

    name = "missing-group-class-untold"
    breaks = ("GRP-005",)

    def apply(self, target: Controller) -> None:
        def fail(clean: Clean, obj: Json, reason: str, message: str, *, not_ready: bool = True) -> Any:
            return reason != "GetGroupSnapshotClassFailed" and clean(obj, reason, message, not_ready=not_ready)

        wrap(target.groups.status, "fail", fail)


class GroupGivesUp(_Group):
    """A group that failed once, for it had no claim yet, is never tried again."""

    name = "group-gives-up"
    breaks = ("GRP-004", "GRP-005")

    def apply(self, target: Controller) -> None:
        from ..controllers.work.loop import SyncError

        failed = set[str]()

        def advance(clean: Clean, snapshot: Json) -> None:
            if objects.uid(snapshot) in failed:
                return
            try:
                clean(snapshot)
            except SyncError:
                failed.add(objects.uid(snapshot))
                raise

        wrap(target.groups, "advance", advance)


class MemberDeletedAlone(_Group):
    """A member can be deleted while its group exists, which is then not whole any more."""

    name = "member-deleted-alone"
    breaks = ("GRP-008",)

    def apply(self, target: Controller) -> None:
        def remove(clean: Clean, snapshot: Json) -> None:
            meta = {key: value for key, value in snapshot["metadata"].items() if key != "ownerReferences"}
            status = dict(snapshot.get("status") or {})
            status.pop("volumeGroupSnapshotName", None)
            clean({**snapshot, "metadata": meta, "status": status})

        wrap(target.snapshots, "remove", remove)


class GroupDeletedUnderRestore(_Group):
    """A group is deleted although a restore from one of its members has not ended."""

    name = "group-deleted-under-restore"
    breaks = ("GRP-009",)

    def apply(self, target: Controller) -> None:
        from ..controllers.snapshot_controller.deletion import restores_from

        reading: list[Json] = []

        def settled(clean: Clean, *what: Any) -> Any:
            return [one for one in clean(*what) if not reading or restores_from(one) is None]

        def remove(clean: Clean, snapshot: Json) -> None:
            reading.append(snapshot)
            try:
                clean(snapshot)
            finally:
                reading.pop()

        wrap(target.cluster.claims, "by", settled)
        wrap(target.groups, "remove", remove)


class ImportedMemberUnowned(_Group):
    """A VolumeSnapshot that is imported together with its group does not become a member of it."""

    name = "imported-member-unowned"
    breaks = ("GRP-010",)

    def apply(self, target: Controller) -> None:
        from ..controllers.snapshot_controller.progress import Progress

        def follow(_clean: Clean, snapshot: Json, content: Json) -> Any:
            return Progress.follow(target.snapshots, snapshot, content)

        wrap(target.snapshots, "follow", follow)


class GroupContentLeft(_Group):
    """A group with policy Delete goes and leaves its content, and all that was cut, behind."""

    name = "group-content-left"
    breaks = ("GRP-008",)

    def apply(self, target: Controller) -> None:
        def remove(_clean: Clean, snapshot: Json) -> None:
            target.cluster.group_snapshots.edit(
                snapshot, lambda draft: objects.drop_finalizers(draft, markers.GROUP_BOUND)
            )

        wrap(target.groups, "remove", remove)


class _SidecarGroup(Fault):
    component = "csi-snapshotter"
    kind = "groups"


class GroupSnapshotsLeft(_SidecarGroup):
    """A group is deleted without the driver being asked: its snapshots stay in the backend."""

    name = "group-goes-without-delete"
    breaks = ("GRP-008",)

    def apply(self, target: Snapshotter) -> None:
        if target.group_contents is not None:
            wrap(target.group_contents, "delete_snapshot", lambda _clean, _content: None)


class RetainedGroupDeleted(_SidecarGroup):
    """The snapshots of a group are deleted with it although its policy is Retain."""

    name = "retained-group-deleted"
    breaks = ("GRP-008", "GRP-010")

    def apply(self, target: Snapshotter) -> None:
        groups = target.group_contents
        if groups is None:
            return

        def advance(clean: Clean, content: Json) -> None:
            orphaned = objects.annotation(content, GROUP.being_deleted) is not None
            if orphaned and content["spec"]["deletionPolicy"] == "Retain":
                groups.delete_snapshot(content)
            clean(content)

        wrap(groups, "advance", advance)
