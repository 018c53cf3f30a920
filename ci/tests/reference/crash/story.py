"""The story that is told again and again: every operation once at least, in an order that is always the same."""

from __future__ import annotations

from .operations import (
    AddNode,
    AttachVolume,
    CreateGroup,
    CreateSnapshot,
    CreateVolume,
    DeleteGroup,
    DeleteSnapshot,
    DeleteVolume,
    DetachVolume,
    ExpandVolume,
    Operation,
    WriteData,
)

KIB = 1 << 10
MIB = 1 << 20

STORY: tuple[Operation, ...] = (
    AddNode(),
    CreateVolume("a", 2 * MIB),
    AttachVolume("a"),
    WriteData("a", 0, 256 * KIB, "first"),
    CreateSnapshot("a", "a-1"),
    WriteData("a", 128 * KIB, 256 * KIB, "second"),
    CreateSnapshot("a", "a-2"),
    CreateVolume("b", 4 * MIB, "a-1"),
    WriteData("a", 64 * KIB, 64 * KIB, ""),
    CreateVolume("c", 2 * MIB, "vol://a"),
    ExpandVolume("a", 4 * MIB),
    WriteData("a", 2 * MIB + 64 * KIB, 64 * KIB, "third"),
    CreateGroup("g", ("b", "c")),
    DeleteSnapshot("a-1"),
    ExpandVolume("c", 4 * MIB),
    DetachVolume("a"),
    CreateSnapshot("a", "a-3"),
    AttachVolume("c"),
    WriteData("c", 0, 64 * KIB, "fourth"),
    DeleteVolume("b"),
    DeleteGroup("g"),
    DeleteSnapshot("a-2"),
    DeleteVolume("a"),
)
"""At its end there are an attached volume, and a snapshot whose volume is gone."""
