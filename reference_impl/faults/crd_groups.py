"""Faults of the CRDs of group snapshots: what the API server no longer refuses."""

from __future__ import annotations

from .crd_schema import DropsRule

_GROUPS = "volumegroupsnapshots.groupsnapshot"
_CLASSES = "volumegroupsnapshotclasses.groupsnapshot"
_CONTENTS = "volumegroupsnapshotcontents.groupsnapshot"


class GroupRule(DropsRule):
    """A rule of group snapshots is missing."""

    kind = "groups"


class GroupOfTwoSources(GroupRule):
    """A group snapshot with both a selector and a content, or with neither, is accepted."""

    name = "crd-group-any-source"
    breaks = ("API-GRP-001",)
    crd = _GROUPS
    rule = "exactly one of selector and volumeGroupSnapshotContentName must be set"


class GroupOfEmptyClass(GroupRule):
    """A group snapshot with an empty class name is accepted, and no class has that name."""

    name = "crd-group-empty-class"
    breaks = ("API-GRP-002",)
    crd = _GROUPS
    rule = "volumeGroupSnapshotClassName must not be the empty string when set"


class GroupChangesContent(GroupRule):
    """A bound group snapshot can be turned to another content."""

    name = "crd-group-rebinds"
    breaks = ("API-GRP-003",)
    crd = _GROUPS
    rule = "boundVolumeGroupSnapshotContentName is immutable once set"


class GroupClassChangesPolicy(GroupRule):
    """The deletionPolicy of a class of group snapshots can be changed while it is in use."""

    name = "crd-group-class-policy-changes"
    breaks = ("API-GRP-004",)
    crd = _CLASSES
    rule = "deletionPolicy is immutable once set"


class GroupContentLosesHandles(GroupRule):
    """The volumes that a group was cut of can be taken away, if snapshot handles take their place."""

    name = "crd-group-content-volumes-go"
    breaks = ("API-GRP-005",)
    crd = _CONTENTS
    rule = "volumeHandles is required once set"


class GroupContentChangesHandle(GroupRule):
    """The handle of a cut group can be overwritten, and the group in the backend be lost."""

    name = "crd-group-content-handle-changes"
    breaks = ("API-GRP-006",)
    crd = _CONTENTS
    rule = "volumeGroupSnapshotHandle is immutable once set"
