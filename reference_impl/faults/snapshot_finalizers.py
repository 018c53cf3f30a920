"""Faults of the finalizers that the snapshot-controller puts on snapshots and on their source PVCs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..controllers import markers
from ..controllers.kube import objects
from ..controllers.kube.objects import Json
from .fault import Fault
from .wrapping import Clean, wrap

if TYPE_CHECKING:
    from ..controllers.snapshot_controller.main import Controller


def never_added(finalizer: str) -> Clean:
    """An ``edit`` that leaves a finalizer out of what it adds."""

    def edit(clean: Clean, obj: Json, change: Clean, **options: Any) -> Any:
        def without(draft: Json) -> bool:
            before = list(draft["metadata"].get("finalizers") or [])
            changed = bool(change(draft))
            if finalizer in before or not objects.drop_finalizers(draft, finalizer):
                return changed
            return bool(draft["metadata"]["finalizers"] != before)

        return clean(obj, without, **options)

    return edit


class _Finalizers(Fault):
    component = "snapshot-controller"
    kind = "lifecycle"


class ClaimUnprotected(_Finalizers):
    """The source PVC is not protected: it can go while its snapshot is being cut."""

    name = "source-claim-unprotected"
    breaks = ("FIN-001", "FIN-002", "FIN-003")

    def apply(self, target: Controller) -> None:
        wrap(target.cluster.claims, "edit", never_added(markers.CLAIM_AS_SOURCE))


class ClaimReleasedEarly(_Finalizers):
    """The source PVC is let go as soon as the content exists, before the snapshot is ready."""

    name = "source-claim-released-early"
    breaks = ("FIN-001", "STAT-006")

    def apply(self, target: Controller) -> None:
        def unbound(clean: Clean, key: str) -> Any:
            bound = "boundVolumeSnapshotContentName"
            return [one for one in clean(key) if not (one.get("status") or {}).get(bound)]

        wrap(target.cluster, "snapshots_of_claim", unbound)


class ClaimReleasedByFirst(_Finalizers):
    """The first snapshot of a PVC that is ready lets the PVC go, although others of it are not."""

    name = "source-claim-released-by-first"
    breaks = ("FIN-002",)

    def apply(self, target: Controller) -> None:
        def first(clean: Clean, key: str) -> Any:
            found = clean(key)
            return [] if any((one.get("status") or {}).get("readyToUse") for one in found) else found

        wrap(target.cluster, "snapshots_of_claim", first)


class ClaimNeverReleased(_Finalizers):
    """The source PVC of a snapshot stays Terminating for ever once it is deleted."""

    name = "source-claim-never-released"
    breaks = ("FIN-002", "FIN-011", "DEL-019")

    def apply(self, target: Controller) -> None:
        def edit(clean: Clean, obj: Json, change: Clean, **options: Any) -> Any:
            kept = objects.has_finalizer(obj, markers.CLAIM_AS_SOURCE)
            return obj if kept else clean(obj, change, **options)

        wrap(target.cluster.claims, "edit", edit)


class FailedStartLeavesClaim(_Finalizers):
    """A snapshot whose class cannot be used leaves its source PVC unprotected."""

    name = "failed-start-leaves-claim"
    breaks = ("FIN-003",)

    def apply(self, target: Controller) -> None:
        from ..controllers.parameters import ParameterError
        from ..controllers.snapshot_controller.creation import CreationError, describe
        from ..controllers.snapshot_controller.sources import SourceError

        def create(clean: Clean, snapshot: Json) -> Any:
            try:
                describe(target.cluster, snapshot)
            except (SourceError, ParameterError) as error:
                name = objects.name(snapshot)
                text = f'failed to get input parameters to create snapshot {name}: "{error}"'
                raise CreationError(text) from error
            return clean(snapshot)

        wrap(target.snapshots, "create", create)


class SnapshotUnprotected(_Finalizers):
    """A VolumeSnapshot has no finalizer of its own: it goes although a restore needs it."""

    name = "snapshot-unprotected"
    breaks = ("FIN-004", "FIN-007")

    def apply(self, target: Controller) -> None:
        wrap(target.cluster.snapshots, "edit", never_added(markers.SNAPSHOT_AS_SOURCE))


class BoundProtectionMissing(_Finalizers):
    """A VolumeSnapshot is not protected while its content is to be deleted with it."""

    name = "bound-protection-missing"
    breaks = ("FIN-005",)

    def apply(self, target: Controller) -> None:
        wrap(target.cluster.snapshots, "edit", never_added(markers.SNAPSHOT_BOUND))


class BoundProtectionOnRetain(_Finalizers):
    """A VolumeSnapshot is protected as if its content had to go with it, although that is retained."""

    name = "bound-protection-on-retain"
    breaks = ("FIN-005",)

    def apply(self, target: Controller) -> None:
        def protect(clean: Clean, snapshot: Json, content: Json | None) -> Any:
            snapshot = clean(snapshot, content)
            if content is None or objects.deleting(snapshot):
                return snapshot
            return target.cluster.snapshots.edit(
                snapshot, lambda draft: objects.add_finalizer(draft, markers.SNAPSHOT_BOUND)
            )

        wrap(target.snapshots, "protect", protect)


class UnboundContentProtected(_Finalizers):
    """A content made by hand has its finalizer before it is bound: who made it by mistake cannot delete it."""

    name = "unbound-content-protected"
    breaks = ("FIN-006", "DEL-009")

    def apply(self, target: Controller) -> None:
        contents, form = target.cluster.contents, target.contents.family.form

        def sync(clean: Clean, key: str) -> None:
            clean(key)
            content = contents.get(key)
            if content and not objects.deleting(content):
                contents.edit(content, lambda draft: objects.add_finalizer(draft, form.content_finalizer))

        wrap(target.contents, "sync", sync)


class FailedSnapshotStays(_Finalizers):
    """A VolumeSnapshot that never became ready cannot be deleted: it stays Terminating."""

    name = "failed-snapshot-stays"
    breaks = ("DEL-010", "FIN-011")

    def apply(self, target: Controller) -> None:
        def remove(clean: Clean, snapshot: Json) -> None:
            if (snapshot.get("status") or {}).get("readyToUse"):
                clean(snapshot)

        wrap(target.snapshots, "remove", remove)


class ForeignFinalizersDropped(_Finalizers):
    """The controller writes back the finalizers that it knows, and so takes off those of others."""

    name = "foreign-finalizers-dropped"
    breaks = ("FIN-008",)
    kind = "concurrency"

    def apply(self, target: Controller) -> None:
        ours = {markers.SNAPSHOT_AS_SOURCE, markers.SNAPSHOT_BOUND, markers.IN_GROUP}

        def edit(clean: Clean, obj: Json, change: Clean, **options: Any) -> Any:
            def only_ours(draft: Json) -> bool:
                changed = bool(change(draft))
                foreign = set(draft["metadata"].get("finalizers") or []) - ours
                return objects.drop_finalizers(draft, *foreign) or changed

            return clean(obj, change if options.get("status") else only_ours, **options)

        wrap(target.cluster.snapshots, "edit", edit)
