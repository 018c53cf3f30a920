"""Faults of binding: a snapshot and a content that do not belong together, or that do and are kept apart."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..controllers import markers
from ..controllers.kube import objects
from ..controllers.kube.objects import Json
from .fault import Fault
from .wrapping import Clean, put, wrap

if TYPE_CHECKING:
    from ..controllers.snapshot_controller.main import Controller


def _ask_otherwise(target: Controller, **answers: Callable[..., Any]) -> None:
    """Let the part that looks after single snapshots get other answers to questions about their form."""
    family = target.snapshots.family
    form = copy.copy(family.form)
    vars(form).update(answers)
    put(target.snapshots, "family", dataclasses.replace(family, form=form))


class _Binding(Fault):
    component = "snapshot-controller"
    kind = "state"


class ReservedContentTaken(_Binding):
    """A VolumeSnapshot that names a content reserved for another one takes it over."""

    name = "reserved-content-taken"
    breaks = ("BIND-002", "BIND-004")

    def apply(self, target: Controller) -> None:
        form, contents = target.snapshots.family.form, target.cluster.contents

        def advance(clean: Clean, snapshot: Json) -> None:
            content = contents.get(form.static_name(snapshot) or "")
            if content and form.static(content) and not form.refers(content, snapshot, bound=False):
                contents.edit(content, lambda draft: self._take(draft, form.reference_to(snapshot)))
            clean(snapshot)

        wrap(target.snapshots, "advance", advance)

    def _take(self, draft: Json, reference: Json) -> bool:
        draft["spec"]["volumeSnapshotRef"] = reference
        return True


class BackReferenceUnchecked(_Binding):
    """A VolumeSnapshot becomes ready with any content that it names, whomever that content refers to."""

    name = "back-reference-unchecked"
    breaks = ("BIND-002", "BIND-004", "BIND-006", "BIND-001")

    def apply(self, target: Controller) -> None:
        _ask_otherwise(target, refers=lambda _content, _snapshot, *, bound: True)  # noqa: ARG005


class OldContentTakenOver(_Binding):
    """A VolumeSnapshot that is created again takes the retained content of the old one: data of the past."""

    name = "old-content-taken-over"
    breaks = ("DEL-020", "SNAP-DYN-011", "SNAP-DYN-001")

    def apply(self, target: Controller) -> None:
        def refers(content: Json, snapshot: Json, *, bound: bool) -> bool:  # noqa: ARG001 - the uid is forgotten
            ref = content["spec"]["volumeSnapshotRef"]
            return objects.join(ref.get("namespace"), str(ref.get("name"))) == objects.key(snapshot)

        def dynamic_name(clean: Clean, snapshot: Json) -> Any:
            for content in target.cluster.contents.all():
                if refers(content, snapshot, bound=False):
                    return objects.name(content)
            return clean(snapshot)

        _ask_otherwise(target, refers=refers)
        wrap(target.snapshots, "dynamic_name", dynamic_name)


class DynamicContentNotTold(_Binding):
    """A content that was made dynamically is not told from one made by hand when a snapshot names it."""

    name = "dynamic-content-not-told-apart"
    breaks = ("BIND-003",)

    def apply(self, target: Controller) -> None:
        _ask_otherwise(target, static=lambda _content: True)


class ReadySnapshotUnwatched(_Binding):
    """A ready VolumeSnapshot is never looked at again: the loss of its content goes unnoticed."""

    name = "ready-snapshot-unwatched"
    breaks = ("BIND-005", "BIND-006", "SNAP-DYN-012")

    def apply(self, target: Controller) -> None:
        def advance(clean: Clean, snapshot: Json) -> None:
            if not (snapshot.get("status") or {}).get("readyToUse"):
                clean(snapshot)

        wrap(target.snapshots, "advance", advance)


class MisboundStaysReady(_Binding):
    """A ready VolumeSnapshot whose content refers to another one reports it and stays ready."""

    name = "misbound-snapshot-stays-ready"
    breaks = ("BIND-006",)

    def apply(self, target: Controller) -> None:
        def fail(clean: Clean, obj: Json, reason: str, message: str, *, not_ready: bool = True) -> Any:
            return clean(obj, reason, message, not_ready=not_ready and reason != "SnapshotContentMisbound")

        wrap(target.snapshots.status, "fail", fail)


class LostContentMadeAgain(_Binding):
    """For a ready VolumeSnapshot whose content was lost another is made, of the data of today."""

    name = "lost-content-made-again"
    breaks = ("BIND-005",)

    def apply(self, target: Controller) -> None:
        _ask_otherwise(target, bound_name=lambda _snapshot: None)


class ContentNotBoundBack(_Binding):
    """The uid of a VolumeSnapshot is not written into the content that it names: only one side is bound."""

    name = "content-not-bound-back"
    breaks = ("BIND-001", "SNAP-PRE-001", "FIN-006")

    def apply(self, target: Controller) -> None:
        wrap(target.cluster.contents, "edit", self._edit)

    def _edit(self, clean: Clean, obj: Json, change: Clean, **options: Any) -> Any:
        def one_sided(draft: Json) -> bool:
            bound = bool(draft["spec"]["volumeSnapshotRef"].get("uid"))
            changed = bool(change(draft))
            if changed and not bound and draft["spec"]["volumeSnapshotRef"].pop("uid", None):
                return False
            return changed

        return clean(obj, one_sided, **options)


class OrphanedContentDeleted(_Binding):
    """A content whose VolumeSnapshot is not there is tidied away together with the backend's snapshot."""

    name = "orphaned-content-deleted"
    breaks = ("BIND-007", "DEL-002", "DEL-006")
    kind = "lifecycle"

    def apply(self, target: Controller) -> None:
        contents, snapshots = target.cluster.contents, target.cluster.snapshots
        form = target.snapshots.family.form

        def sync(clean: Clean, key: str) -> None:
            clean(key)
            content = contents.get(key)
            if content is None or not content["spec"][form.ref].get("uid") or objects.deleting(content):
                return
            snapshot = snapshots.get(form.holder_key(content))
            if snapshot is None or not form.refers(content, snapshot, bound=True):
                contents.delete(content)
                contents.edit(content, lambda draft: objects.annotate(draft, markers.BEING_DELETED, markers.YES))

        wrap(target.contents, "sync", sync)


class OddContentUntold(_Binding):
    """A content with both handles or with none is passed over without a word."""

    name = "odd-content-untold"
    breaks = ("BIND-008",)
    kind = "errors"

    def apply(self, target: Controller) -> None:
        form = target.contents.family.form

        def sync(clean: Clean, key: str) -> None:
            content = target.cluster.contents.get(key)
            source = content["spec"]["source"] if content else {}
            if (source.get(form.volume_field) is None) != (source.get(form.existing_field) is None):
                clean(key)

        wrap(target.contents, "sync", sync)


class MisboundSnapshotProtected(_Binding):
    """A VolumeSnapshot is given its finalizer before anyone has looked whether it can be bound."""

    name = "misbound-snapshot-protected"
    breaks = ("BIND-002", "CLS-002")
    kind = "lifecycle"

    def apply(self, target: Controller) -> None:
        def advance(clean: Clean, snapshot: Json) -> None:
            clean(
                target.cluster.snapshots.edit(
                    snapshot, lambda draft: objects.add_finalizer(draft, markers.SNAPSHOT_AS_SOURCE)
                )
            )

        wrap(target.snapshots, "advance", advance)


class LateContentIgnored(_Binding):
    """A VolumeSnapshot that comes before its content is not bound when the content is there."""

    name = "late-content-ignored"
    breaks = ("SNAP-PRE-008",)

    def apply(self, target: Controller) -> None:
        form, early = target.snapshots.family.form, set[str]()

        def advance(clean: Clean, snapshot: Json) -> None:
            name = form.static_name(snapshot)
            if name is not None and target.cluster.contents.get(name) is None:
                early.add(objects.uid(snapshot))
            elif objects.uid(snapshot) in early:
                return
            clean(snapshot)

        wrap(target.snapshots, "advance", advance)
