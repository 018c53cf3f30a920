"""The reasons by which controllers tell what is wrong with a snapshot: a closed set, so that tools can read them.

Source: clauses ERR-001 and ERR-002. Reasons are compared, messages never.
"""

from __future__ import annotations

SNAPSHOT_WARNINGS = frozenset(
    {
        "CreateSnapshotContentFailed",
        "ErrorPVCFinalizer",
        "GetSnapshotClassFailed",
        "SetDefaultSnapshotClassFailed",
        "SnapshotBindFailed",
        "SnapshotContentCreationFailed",
        "SnapshotContentMisbound",
        "SnapshotContentMismatch",
        "SnapshotContentMissing",
        "SnapshotContentObjectDeleteError",
        "SnapshotDeletePending",
        "SnapshotFinalizerError",
        "SnapshotHandleSet",
        "SnapshotMisbound",
        "SnapshotPVCSourceMissing",
        "SnapshotStatusUpdateFailed",
        "SnapshotValidationError",
    }
)
"""Warnings about a VolumeSnapshot; all of them are the snapshot-controller's."""

CREATION_FAILED = "SnapshotCreationFailed"
CHECK_FAILED = "SnapshotContentCheckandUpdateFailed"
DELETION_FAILED = "SnapshotDeleteError"

CONTENT_WARNINGS = frozenset(
    {
        CREATION_FAILED,
        CHECK_FAILED,
        DELETION_FAILED,
        "GroupSnapshotContentCheckandUpdateFailed",
        "GroupSnapshotCreationFailed",
        "GroupSnapshotDeleteError",
    }
)
"""Warnings of the sidecar about a content; those about groups may concern the contents of their members."""
