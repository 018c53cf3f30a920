"""The story that is told again and again: every operation once at least, in an order that is always the same."""

from __future__ import annotations

from .operations import (
    AddNode,
    AttachVolume,
    CreateBackup,
    CreateGroup,
    CreateSnapshot,
    CreateVolume,
    DeleteBackup,
    DeleteGroup,
    DeleteSnapshot,
    DeleteVolume,
    DetachVolume,
    ExpandVolume,
    Operation,
    RemoveReplica,
    RestoreBackup,
    RevertVolume,
    WriteData,
)

KIB = 1 << 10
MIB = 1 << 20

STORY: tuple[Operation, ...] = (
    AddNode(),
    CreateVolume("vol-a", 2 * MIB),
    AttachVolume("vol-a"),
    WriteData("vol-a", 0, 256 * KIB, "first"),
    CreateSnapshot("vol-a", "snap-1"),
    WriteData("vol-a", 128 * KIB, 256 * KIB, "second"),
    CreateSnapshot("vol-a", "snap-2"),
    CreateVolume("vol-b", 4 * MIB, "snap-1"),
    WriteData("vol-a", 64 * KIB, 64 * KIB, ""),
    CreateVolume("vol-c", 2 * MIB, "vol://vol-a", replicas=2),
    ExpandVolume("vol-a", 4 * MIB),
    WriteData("vol-a", 2 * MIB + 64 * KIB, 64 * KIB, "third"),
    CreateGroup("g", ("vol-b", "vol-c")),
    DeleteSnapshot("snap-1"),
    ExpandVolume("vol-c", 4 * MIB),
    DetachVolume("vol-a"),
    CreateSnapshot("vol-a", "snap-3"),
    CreateBackup("snap-2", "one"),
    AttachVolume("vol-a", maintenance=True),
    RevertVolume("vol-a", "snap-2"),
    DetachVolume("vol-a"),
    CreateSnapshot("vol-a", "snap-4"),
    CreateBackup("snap-4", "two"),
    DeleteBackup("one"),
    RestoreBackup("vol-d", 6 * MIB, "two"),
    AttachVolume("vol-c"),
    WriteData("vol-c", 0, 64 * KIB, "fourth"),
    CreateSnapshot("vol-c", "snap-5"),
    RemoveReplica("vol-c"),
    DeleteVolume("vol-b"),
    DeleteGroup("g"),
    DeleteSnapshot("snap-2"),
    DeleteVolume("vol-a"),
)
"""At its end there are an attached volume, snapshots whose volume is gone, and a backup."""
