"""How a claim's or volume's access modes, volume mode and filesystem read in CSI."""

from __future__ import annotations

from collections.abc import Sequence

from ...wire import csi_pb2

Mode = csi_pb2.VolumeCapability.AccessMode

_MODES = {
    "ReadWriteMany": Mode.MULTI_NODE_MULTI_WRITER,
    "ReadOnlyMany": Mode.MULTI_NODE_READER_ONLY,
    "ReadWriteOnce": Mode.SINGLE_NODE_WRITER,
    "ReadWriteOncePod": Mode.SINGLE_NODE_WRITER,
}
_FINER = {
    **_MODES,
    "ReadWriteOnce": Mode.SINGLE_NODE_MULTI_WRITER,
    "ReadWriteOncePod": Mode.SINGLE_NODE_SINGLE_WRITER,
}
"""For a driver with the capability SINGLE_NODE_MULTI_WRITER."""


class UnknownAccessModeError(ValueError):
    """An access mode that CSI has no word for."""


def access_mode(mode: str, *, finer: bool) -> csi_pb2.VolumeCapability.AccessMode.Mode:
    """One Kubernetes access mode in CSI. Raises UnknownAccessModeError."""
    try:
        return (_FINER if finer else _MODES)[mode]
    except KeyError as error:
        raise UnknownAccessModeError(f"unsupported access mode {mode}") from error


def strongest(modes: Sequence[str], *, finer: bool) -> csi_pb2.VolumeCapability.AccessMode.Mode:
    """The one mode that stands for all that a volume allows, for attaching. Raises UnknownAccessModeError."""
    given = set(modes)
    if {"ReadWriteOnce", "ReadOnlyMany"} <= given and "ReadWriteMany" not in given:
        return Mode.MULTI_NODE_SINGLE_WRITER
    for mode in ("ReadWriteMany", "ReadOnlyMany", "ReadWriteOnce", "ReadWriteOncePod"):
        if mode in given:
            return access_mode(mode, finer=finer)
    raise UnknownAccessModeError(f"no supported access mode in {sorted(given)}")


def capability(
    mode: csi_pb2.VolumeCapability.AccessMode.Mode, volume_mode: str, fs_type: str, mount_flags: Sequence[str]
) -> csi_pb2.VolumeCapability:
    """One capability: block or mount, with an access mode."""
    access = Mode(mode=mode)
    if volume_mode == "Block":
        return csi_pb2.VolumeCapability(block=csi_pb2.VolumeCapability.BlockVolume(), access_mode=access)
    mount = csi_pb2.VolumeCapability.MountVolume(fs_type=fs_type, mount_flags=mount_flags)
    return csi_pb2.VolumeCapability(mount=mount, access_mode=access)
