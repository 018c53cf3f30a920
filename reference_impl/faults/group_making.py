"""Faults of making group snapshots: members are missing, wrong, or not told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..controllers import markers
from ..controllers.forms import GROUP, SINGLE
from ..controllers.kube import objects
from ..controllers.kube.objects import Json
from .fault import Fault
from .snapshot_finalizers import never_added
from .wrapping import Clean, wrap

if TYPE_CHECKING:
    from ..controllers.snapshot_controller.main import Controller
    from ..controllers.snapshotter.main import Snapshotter

_LIST = "volumeSnapshotInfoList"


def _without_last(content: Json) -> Json:
    """A group's content as if the driver had cut one volume less."""
    status = content.get("status") or {}
    return {**content, "status": {**status, _LIST: (status.get(_LIST) or [])[:-1]}}


class _Group(Fault):
    component = "snapshot-controller"
    kind = "groups"


class LastMemberMissing(_Group):
    """A group is ready and the VolumeSnapshot of its last volume was never made."""

    name = "group-lacks-last-member"
    breaks = ("GRP-001", "GRP-007")

    def apply(self, target: Controller) -> None:
        def follow(clean: Clean, snapshot: Json, content: Json) -> Any:
            return clean(snapshot, _without_last(content))

        wrap(target.groups, "follow", follow)


class GroupContentNamedAfterGroup(_Group):
    """The content of a group is named after namespace and name of it: a later group of that name meets it."""

    name = "group-content-named-after-group"
    breaks = ("GRP-001",)

    def apply(self, target: Controller) -> None:
        def dynamic_name(_clean: Clean, snapshot: Json) -> Any:
            return f"groupsnapcontent-{objects.namespace(snapshot)}-{objects.name(snapshot)}"

        def create(clean: Clean, body: Json) -> Any:
            ref = body["spec"][GROUP.ref]
            body["metadata"]["name"] = f"groupsnapcontent-{ref['namespace']}-{ref['name']}"
            return clean(body)

        wrap(target.groups, "dynamic_name", dynamic_name)
        wrap(target.cluster.group_contents, "create", create)


class MemberWithClass(_Group):
    """A member of a group is given a class, although it was cut as the group's class says."""

    name = "member-with-class"
    breaks = ("GRP-002",)

    def apply(self, target: Controller) -> None:
        def create(clean: Clean, body: Json) -> Any:
            classes = sorted(target.cluster.classes.all(), key=objects.name)
            if body["metadata"].get("ownerReferences") and classes:
                body["spec"][SINGLE.class_field] = objects.name(classes[0])
            return clean(body)

        wrap(target.cluster.snapshots, "create", create)


class MemberUnprotected(_Group):
    """A member of a group has no finalizer that holds it while its group exists."""

    name = "member-unprotected"
    breaks = ("FIN-010", "GRP-002")

    def apply(self, target: Controller) -> None:
        def create(clean: Clean, body: Json) -> Any:
            objects.drop_finalizers(body, markers.IN_GROUP)
            return clean(body)

        wrap(target.cluster.snapshots, "create", create)


class GroupUnprotected(_Group):
    """A group has no finalizer: it is gone before its content and its snapshots in the backend."""

    name = "group-unprotected"
    breaks = ("FIN-010", "GRP-008", "GRP-009")

    def apply(self, target: Controller) -> None:
        wrap(target.cluster.group_snapshots, "edit", never_added(markers.GROUP_BOUND))


class MemberContentAlwaysDelete(_Group):
    """The contents of members have the policy Delete, also where the group's class says Retain."""

    name = "member-content-always-delete"
    breaks = ("GRP-002", "GRP-008")

    def apply(self, target: Controller) -> None:
        def create(clean: Clean, body: Json) -> Any:
            if objects.annotation(body, markers.GROUP_HANDLE) is not None:
                body["spec"]["deletionPolicy"] = "Delete"
            return clean(body)

        wrap(target.cluster.contents, "create", create)


class MemberContentWithoutGroup(_Group):
    """The content of a member does not have the handle of its group: it is deleted as if it were alone."""

    name = "member-content-without-group"
    breaks = ("GRP-002", "GRP-008")

    def apply(self, target: Controller) -> None:
        def edit(clean: Clean, obj: Json, change: Clean, **options: Any) -> Any:
            def alone(draft: Json) -> bool:
                changed = bool(change(draft))
                (draft.get("status") or {}).pop(GROUP.handle_field, None)
                return changed

            return clean(obj, alone if options.get("status") else change, **options)

        wrap(target.cluster.contents, "edit", edit)


class MemberDoesNotNameGroup(_Group):
    """The status of a member does not name its group."""

    name = "member-does-not-name-group"
    breaks = ("GRP-002", "GRP-001", "GRP-010")

    def apply(self, target: Controller) -> None:
        def details(clean: Clean, snapshot: Json, source: Json) -> Any:
            return {**clean(snapshot, source), "volumeGroupSnapshotName": None}

        wrap(target.snapshots.status, "details", details)


class ExpressionsHonoured(_Group):
    """A group's matchExpressions count beside its matchLabels, which upstream's controller does not do."""

    name = "group-expressions-honoured"
    breaks = ("GRP-003",)
    issue = "https://github.com/kubernetes-csi/external-snapshotter/pull/1286"

    def apply(self, target: Controller) -> None:
        def create(clean: Clean, body: Json) -> Any:
            group = target.cluster.group_snapshots.get(GROUP.holder_key(body))
            source = group["spec"]["source"] if group else {}
            wanted = (source.get("selector") or {}).get("matchExpressions") or []
            taken = {self._handle(target, claim) for claim in target.cluster.claims.all() if _fits(claim, wanted)}
            handles = body["spec"]["source"][GROUP.volume_field]
            body["spec"]["source"][GROUP.volume_field] = [one for one in handles if one in taken]
            return clean(body)

        wrap(target.cluster.group_contents, "create", create)

    def _handle(self, target: Controller, claim: Json) -> str | None:
        volume = target.cluster.volumes.get(claim["spec"].get("volumeName") or "")
        handle = ((volume or {}).get("spec", {}).get("csi") or {}).get("volumeHandle")
        return None if handle is None else str(handle)


def _fits(claim: Json, expressions: list[Json]) -> bool:
    """The claim has what ``In`` and ``Exists`` ask for; other operators are let through."""
    labels = claim["metadata"].get("labels") or {}
    return all(
        each["key"] in labels and (each["operator"] == "Exists" or labels[each["key"]] in each.get("values", []))
        for each in expressions
        if each["operator"] in ("In", "Exists")
    )


class GroupFailureUntold(_Group):
    """A group that cannot be cut waits without an event and without an error."""

    name = "group-failure-untold"
    breaks = ("GRP-004", "GRP-005")

    def apply(self, target: Controller) -> None:
        def fail(_clean: Clean, _obj: Json, _reason: str, _message: str, *, not_ready: bool = True) -> bool:  # noqa: ARG001
            return False

        wrap(target.groups.status, "fail", fail)


class GroupClaimsHeld(_Group):
    """The claims of a group are given the finalizer of a snapshot's source, which nobody takes off again."""

    name = "group-claims-held"
    breaks = ("GRP-011", "FIN-011")

    def apply(self, target: Controller) -> None:
        from ..controllers.snapshot_controller.groups import sources

        def create(clean: Clean, snapshot: Json) -> Any:
            content = clean(snapshot)
            for claim in sources.claims(target.cluster, snapshot):
                target.cluster.claims.edit(
                    claim, lambda draft: objects.add_finalizer(draft, markers.CLAIM_AS_SOURCE)
                )
            return content

        wrap(target.groups, "create", create)


class AnswerLacksMember(Fault):
    """The last of the snapshots that the driver has cut for a group is not noted, and never deleted."""

    name = "group-answer-lacks-member"
    component = "csi-snapshotter"
    breaks = ("GRP-001", "GRP-008")
    kind = "groups"

    def apply(self, target: Snapshotter) -> None:
        def found(clean: Clean, status: Json, answer: Any) -> Any:
            result = clean(status, answer)
            return {**result, _LIST: result[_LIST][:-1]} if result.get(_LIST) else result

        if target.group_contents is not None:
            wrap(target.group_contents, "found", found)
