"""Which volume capabilities the driver has: access modes, and block or filesystem."""

from __future__ import annotations

from collections.abc import Iterable

from ..wire import csi_pb2
from .refusals import invalid

Mode = csi_pb2.VolumeCapability.AccessMode

MODES = {
    Mode.SINGLE_NODE_WRITER,
    Mode.SINGLE_NODE_SINGLE_WRITER,
    Mode.SINGLE_NODE_MULTI_WRITER,
    Mode.SINGLE_NODE_READER_ONLY,
    Mode.MULTI_NODE_READER_ONLY,
}
"""For filesystems: one writer at most, or none and many nodes."""
BLOCK_MODES = MODES | {Mode.MULTI_NODE_SINGLE_WRITER, Mode.MULTI_NODE_MULTI_WRITER}
READ_ONLY = {Mode.SINGLE_NODE_READER_ONLY, Mode.MULTI_NODE_READER_ONLY}

FILESYSTEMS = ("ext4", "xfs")


def why_not(capability: csi_pb2.VolumeCapability) -> str:
    """Why the driver cannot provide ``capability``; "" if it can."""
    kind = capability.WhichOneof("access_type")
    mode = capability.access_mode.mode
    name = Mode.Mode.Name(mode) if mode in Mode.Mode.values() else str(mode)
    if kind is None:
        return "failed to have both mount and block access type be undefined"
    if mode not in (BLOCK_MODES if kind == "block" else MODES):
        return f"access mode {name} is not supported for {kind} volumes"
    if kind == "mount" and capability.mount.fs_type not in ("", *FILESYSTEMS):
        return f"filesystem {capability.mount.fs_type} is not supported: one of {', '.join(FILESYSTEMS)}"
    return ""


def check(capabilities: Iterable[csi_pb2.VolumeCapability]) -> None:
    """Raises Refusal INVALID_ARGUMENT for none, or for one the driver does not have."""
    given = list(capabilities)
    if not given:
        raise invalid("volume capability missing in request")
    for capability in given:
        reason = why_not(capability)
        if reason:
            raise invalid(reason)
    if len({capability.WhichOneof("access_type") for capability in given}) > 1:
        raise invalid("a volume is either block or mount, not both")


def volume_mode(capability: csi_pb2.VolumeCapability) -> str:
    """ "Block" or "Filesystem"."""
    return "Block" if capability.WhichOneof("access_type") == "block" else "Filesystem"


def mode_name(capability: csi_pb2.VolumeCapability) -> str:
    """e.g. "SINGLE_NODE_WRITER"."""
    return Mode.Mode.Name(capability.access_mode.mode)


def shared(capabilities: Iterable[csi_pb2.VolumeCapability]) -> str:
    """As the backend has it: "rwx" for writers on several nodes, "rwop" for one at all, else "rwo"."""
    modes = {capability.access_mode.mode for capability in capabilities}
    if modes & {Mode.MULTI_NODE_MULTI_WRITER, Mode.MULTI_NODE_SINGLE_WRITER}:
        return "rwx"
    return "rwop" if modes == {Mode.SINGLE_NODE_SINGLE_WRITER} else "rwo"


def reads_only(capability: csi_pb2.VolumeCapability) -> bool:
    return capability.access_mode.mode in READ_ONLY
