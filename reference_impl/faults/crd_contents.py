"""Faults of the CRD of VolumeSnapshotContent: what the API server no longer refuses."""

from __future__ import annotations

from .crd_schema import CrdFault, DropsRule, Json, schema_at

_CONTENTS = "volumesnapshotcontents.snapshot"


class ContentOfTwoSources(DropsRule):
    """A VolumeSnapshotContent with both handles, or with neither, is accepted."""

    name = "crd-content-any-source"
    breaks = ("API-VSC-001",)
    crd = _CONTENTS
    rule = "exactly one of volumeHandle and snapshotHandle must be set"


class ContentVolumeChanges(DropsRule):
    """The volume that a content was cut of can be exchanged afterwards."""

    name = "crd-content-volume-changes"
    breaks = ("API-VSC-002",)
    crd = _CONTENTS
    rule = "volumeHandle is immutable"


class ContentVolumeGoes(DropsRule):
    """The volume that a content was cut of can be taken away, if a snapshot handle takes its place."""

    name = "crd-content-volume-goes"
    breaks = ("API-VSC-003",)
    crd = _CONTENTS
    rule = "volumeHandle is required once set"


class ContentHandleChanges(DropsRule):
    """The snapshot that a content imports can be exchanged for another one."""

    name = "crd-content-handle-changes"
    breaks = ("API-VSC-004",)
    crd = _CONTENTS
    rule = "snapshotHandle is immutable"


class ContentHandleGoes(DropsRule):
    """The snapshot that a content imports can be taken away, if a volume takes its place."""

    name = "crd-content-handle-goes"
    breaks = ("API-VSC-005",)
    crd = _CONTENTS
    rule = "snapshotHandle is required once set"


class ContentModeChanges(DropsRule):
    """The volume mode that a content was cut in can be changed, and so the guard of restores be got round."""

    name = "crd-content-mode-changes"
    breaks = ("API-VSC-006",)
    crd = _CONTENTS
    rule = "sourceVolumeMode is immutable"


class ContentModeGoes(DropsRule):
    """The volume mode that a content was cut in can be taken away, and with it the guard of restores."""

    name = "crd-content-mode-goes"
    breaks = ("API-VSC-007",)
    crd = _CONTENTS
    rule = "sourceVolumeMode is required once set"


class ContentOfNoNamespace(DropsRule):
    """A content whose reference names no namespace is accepted, and nobody can bind it."""

    name = "crd-content-half-reference"
    breaks = ("API-VSC-008",)
    crd = _CONTENTS
    rule = "both spec.volumeSnapshotRef.name and spec.volumeSnapshotRef.namespace must be set"


class ContentOfAnyPolicy(CrdFault):
    """A content with an invented deletionPolicy is accepted: neither Delete nor Retain."""

    name = "crd-content-any-policy"
    breaks = ("API-VSC-009",)
    crd = _CONTENTS

    def apply(self, target: list[Json]) -> None:
        """Take any word."""
        for version in self.versions(target):
            schema_at(version, "spec", "deletionPolicy").pop("enum", None)


class ContentOfNegativeSize(CrdFault):
    """A content whose restoreSize is below nothing is accepted, and so a claim of that size asked for."""

    name = "crd-content-negative-size"
    breaks = ("API-VSC-011",)
    crd = _CONTENTS

    def apply(self, target: list[Json]) -> None:
        """Have no least size."""
        for version in self.versions(target):
            schema_at(version, "status", "restoreSize").pop("minimum", None)
