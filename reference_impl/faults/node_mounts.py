"""Faults of the node service: what it mounts, how large, and to whom."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc

from ..driver import filesystems
from ..driver.commands import run
from ..driver.refusals import Refusal
from ..linux import mountinfo
from ..wire import csi_pb2
from .fault import Fault
from .wrapping import Clean, inner, wrap

if TYPE_CHECKING:
    from ..driver.backend import Backend
    from ..driver.services import Services


class FilesystemNotGrown(Fault):
    """A volume that is larger than what it was made of has the filesystem of that: the rest cannot be used."""

    name = "staged-filesystem-not-grown"
    component = "driver"
    breaks = ("RES-006", "CLN-005", "RPC-CRV-003", "EXP-008")
    kind = "expansion"
    issue = "https://github.com/longhorn/longhorn/issues/2666"

    def apply(self, target: Services) -> None:
        """Staging checks a filesystem, mounts it, and leaves its size as it is."""

        def checked_only(clean: Clean, device: str, fstype: str) -> None:
            if fstype == "ext4":
                run("e2fsck", "-f", "-p", device, good=(0, 1))
            else:
                clean(device, fstype)

        def mounted_only(clean: Clean, device: str, where: Path, fstype: str, *args: Any, read_only: bool) -> None:
            if fstype == "xfs":  # which grows when it is mounted
                run("mount", "-t", fstype, "-o", "nouuid,ro" if read_only else "nouuid", device, str(where))
            else:
                clean(device, where, fstype, *args, read_only=read_only)

        wrap(filesystems, "prepare", checked_only)
        wrap(filesystems, "mount", mounted_only)


class NodeExpandDoesNothing(Fault):
    """A volume in use grows and its filesystem does not, though the node says that it did."""

    name = "node-expansion-does-nothing"
    component = "driver"
    breaks = ("EXP-009", "RPC-NEX-001", "EXP-026")
    kind = "expansion"
    issue = "https://github.com/longhorn/longhorn/issues/1378"
    seen = "L22"

    def apply(self, target: Services) -> None:
        """NodeExpandVolume answers OK without a look at the filesystem."""

        def idle(_clean: Clean, _device: str, _fstype: str) -> None:
            """Nothing is grown."""

        wrap(filesystems, "grow", idle)


class NodeExpandUnknownIsOk(Fault):
    """A node says that it has let a filesystem grow that it does not have."""

    name = "node-expansion-of-unknown-path-is-ok"
    component = "driver"
    breaks = ("RPC-NEX-001",)
    kind = "errors"

    def apply(self, target: Services) -> None:
        """NodeExpandVolume swallows NOT_FOUND."""

        def swallowing(clean: Clean, request: csi_pb2.NodeExpandVolumeRequest, context: Any) -> Any:
            try:
                return clean(request, context)
            except Refusal as refusal:
                if refusal.code is not grpc.StatusCode.NOT_FOUND:
                    raise
                return csi_pb2.NodeExpandVolumeResponse(capacity_bytes=request.capacity_range.required_bytes)

        wrap(target.node, "NodeExpandVolume", swallowing)


class CopyNotMountedBesideSource(Fault):
    """A restore cannot be mounted on a node that has its source mounted: both have one UUID."""

    name = "copy-not-mounted-beside-its-source"
    component = "driver"
    breaks = ("RES-019", "CLN-012")
    kind = "state"
    issue = "https://github.com/longhorn/longhorn/issues/8796"
    seen = "L28"

    def apply(self, target: Services) -> None:
        """Mounting refuses what a mounted filesystem has the UUID of, as XFS does without nouuid."""

        def unique(clean: Clean, device: str, *args: Any, **kwargs: Any) -> None:
            uuid = _uuid(device)
            for mount in mountinfo.mounts():
                other = mount.source
                if re.fullmatch(r"/dev/loop\d+", other) and other != device and _uuid(other) == uuid:
                    text = f"mount: wrong fs type, bad superblock on {device}: UUID {uuid} is mounted already"
                    raise Refusal(grpc.StatusCode.INTERNAL, text)
            clean(device, *args, **kwargs)

        wrap(filesystems, "mount", unique)


class CopyMountedReadOnly(Fault):
    """A restored or cloned volume can be read and not be written to."""

    name = "copy-is-read-only"
    component = "driver"
    breaks = ("RES-002", "CLN-002")
    kind = "state"

    def apply(self, target: Services) -> None:
        """Once it is staged, the filesystem of a volume with a data source is made read-only.

        Not where it is published: a driver's remount of its own view would not reach that of the kubelet.
        """
        backend: Backend = inner(target.node, "_backend")

        def guarded(clean: Clean, request: csi_pb2.NodeStageVolumeRequest, context: Any) -> Any:
            answer = clean(request, context)
            found = backend.volumes.find(request.volume_id)
            if found and found.data_source and found.mode == "Filesystem":
                run("mount", "-o", "remount,ro", request.staging_target_path)
            return answer

        wrap(target.node, "NodeStageVolume", guarded)


class CopyFormatted(Fault):
    """A restored volume is empty: the node formats it when it is used for the first time."""

    name = "restored-volume-formatted"
    component = "driver"
    breaks = ("RES-001", "SNAP-DYN-005", "CLN-001")
    kind = "data"

    def apply(self, target: Services) -> None:
        """A new volume is taken for a blank one, whatever it was made of."""
        backend: Backend = inner(target.node, "_backend")
        staged = set[str]()

        def formatting(clean: Clean, request: csi_pb2.NodeStageVolumeRequest, context: Any) -> Any:
            found = backend.volumes.find(request.volume_id) if request.volume_id else None
            device = found.device if found else ""
            new = found and found.data_source and found.mode == "Filesystem" and found.name not in staged
            if found and new and device and not filesystems.in_use(device):
                staged.add(found.name)
                run("mkfs.ext4", "-q", "-F", device)
            return clean(request, context)

        wrap(target.node, "NodeStageVolume", formatting)


def _uuid(device: str) -> str:
    found = run("blkid", "-p", "-s", "UUID", "-o", "value", device, good=(0, 2))
    return found.stdout.strip() or device
