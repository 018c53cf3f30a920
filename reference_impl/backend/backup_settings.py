"""Settings about backups; those of the target only where the profile has it as settings."""

from __future__ import annotations

from .backup_urls import why_not_target
from .backupstore.compression import DEFAULT, METHODS
from .settings import Definition

TARGET, SECRET, POLL = "backup-target", "backup-target-credential-secret", "backupstore-poll-interval"

BACKUP_DEFINITIONS: dict[str, Definition] = {
    "backup-concurrent-limit": Definition(
        "Backup Concurrent Limit", "backup", "int", "2", "Threads of one backup.", low=1, high=64
    ),
    "restore-concurrent-limit": Definition(
        "Restore Concurrent Limit", "backup", "int", "2", "Threads of one restore.", low=1, high=64
    ),
    "concurrent-volume-backup-restore-per-node-limit": Definition(
        "Concurrent Volume Backup Restore Per Node Limit",
        "backup",
        "int",
        "5",
        "Backups that run at a time, and likewise restores; others are pending.",
        low=1,
        high=64,
    ),
    "backup-compression-method": Definition(
        "Backup Compression Method",
        "backup",
        "string",
        DEFAULT,
        "backupCompressionMethod of a volume that does not say.",
        options=tuple(METHODS),
    ),
    "default-backup-block-size": Definition(
        "Default Backup Block Size",
        "backup",
        "string",
        "2",
        "backupBlockSize of a volume that does not say, in MiB.",
        options=("2", "16"),
    ),
    "failed-backup-ttl": Definition(
        "Failed Backup Time to Live",
        "backup",
        "int",
        "1440",
        "Minutes a failed backup is shown; 0 is for ever.",
    ),
    "auto-cleanup-when-delete-backup": Definition(
        "Automatic Cleanup Snapshot When Delete Backup",
        "backup",
        "bool",
        "false",
        "Whether the snapshot goes with its backup.",
    ),
}


def target_definitions(default_url: str) -> dict[str, Definition]:
    """The target as three settings."""
    return {
        TARGET: Definition(
            "Backup Target",
            "backup",
            "string",
            default_url,
            "Where backups go: vfs:///ABSOLUTE/PATH, or nothing.",
            why_not=why_not_target,
        ),
        SECRET: Definition(
            "Backup Target Credential Secret",
            "backup",
            "string",
            "",
            "Kept, without effect.",
            why_not=lambda _: "",
        ),
        POLL: Definition(
            "Backupstore Poll Interval",
            "backup",
            "int",
            "300",
            "Seconds. Kept, without effect: the target is read each time it is asked about.",
        ),
    }
