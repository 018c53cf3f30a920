"""Faults of the CRDs of VolumeSnapshot and VolumeSnapshotClass: what the API server no longer refuses."""

from __future__ import annotations

from .crd_schema import CrdFault, DropsRule, Json, schema_at

_SNAPSHOTS = "volumesnapshots.snapshot"


class SnapshotOfTwoSources(DropsRule):
    """A VolumeSnapshot of both a claim and a content, or of neither, is accepted."""

    name = "crd-snapshot-any-source"
    breaks = ("API-VS-001",)
    crd = _SNAPSHOTS
    rule = "exactly one of volumeSnapshotContentName and persistentVolumeClaimName must be set"


class SnapshotClaimChanges(DropsRule):
    """The claim that a VolumeSnapshot is taken of can be exchanged afterwards."""

    name = "crd-snapshot-claim-changes"
    breaks = ("API-VS-002",)
    crd = _SNAPSHOTS
    rule = "persistentVolumeClaimName is immutable"


class SnapshotClaimGoes(DropsRule):
    """The claim that a VolumeSnapshot is taken of can be taken away, if a content takes its place."""

    name = "crd-snapshot-claim-goes"
    breaks = ("API-VS-003",)
    crd = _SNAPSHOTS
    rule = "persistentVolumeClaimName is required once set"


class SnapshotContentChanges(DropsRule):
    """The content that a VolumeSnapshot imports can be exchanged afterwards."""

    name = "crd-snapshot-content-changes"
    breaks = ("API-VS-004",)
    crd = _SNAPSHOTS
    rule = "volumeSnapshotContentName is immutable"


class SnapshotContentGoes(DropsRule):
    """The content that a VolumeSnapshot imports can be taken away, if a claim takes its place."""

    name = "crd-snapshot-content-goes"
    breaks = ("API-VS-005",)
    crd = _SNAPSHOTS
    rule = "volumeSnapshotContentName is required once set"


class SnapshotOfEmptyClass(DropsRule):
    """A VolumeSnapshot with an empty class name is accepted, and no class has that name."""

    name = "crd-snapshot-empty-class"
    breaks = ("API-VS-006",)
    crd = _SNAPSHOTS
    rule = "volumeSnapshotClassName must not be the empty string when set"


class SnapshotWithoutSource(CrdFault):
    """A VolumeSnapshot without spec.source is accepted."""

    name = "crd-snapshot-without-source"
    breaks = ("API-VS-007",)
    crd = _SNAPSHOTS

    def apply(self, target: list[Json]) -> None:
        """Ask for no source, nor for a spec."""
        for version in self.versions(target):
            schema_at(version, "spec").pop("required", None)
            schema_at(version).pop("required", None)


class SnapshotStatusByUsers(CrdFault):
    """Whoever may write a VolumeSnapshot may write its status, and so make it ready."""

    name = "crd-snapshot-status-by-users"
    breaks = ("API-VS-009",)
    crd = _SNAPSHOTS

    def apply(self, target: list[Json]) -> None:
        """Have the status be a field like any other, in every version."""
        for version in self.versions(target):
            version.pop("subresources", None)


class SnapshotServesBeta(CrdFault):
    """v1beta1 is served again, which nothing converts to or validates."""

    name = "crd-snapshot-serves-beta"
    breaks = ("API-VER-001",)
    crd = _SNAPSHOTS

    def apply(self, target: list[Json]) -> None:
        """Serve all there are."""
        for version in self.versions(target):
            version["served"] = True


class ClassOfAnyPolicy(CrdFault):
    """A VolumeSnapshotClass with an invented deletionPolicy, or without any, is accepted."""

    name = "crd-class-any-policy"
    breaks = ("API-CLS-001",)
    crd = "volumesnapshotclasses.snapshot"

    def apply(self, target: list[Json]) -> None:
        """Ask for no policy, and take any word."""
        for version in self.versions(target):
            schema_at(version).pop("required", None)
            schema_at(version, "deletionPolicy").pop("enum", None)
