"""Filesystems on a block device: recognise, make, check, grow. Only a blank device is ever formatted."""

from __future__ import annotations

import os
import struct
from pathlib import Path

from ..linux import freezing, loops, mountinfo
from .commands import run

DEFAULT = "ext4"

_MKFS = {
    "ext4": ("mkfs.ext4", "-q", "-F", "-b4096", "-m0"),
    "xfs": ("mkfs.xfs", "-q", "-ssize=4096", "-bsize=4096"),
}
_MOUNT_OPTIONS = {
    "ext4": (),
    "xfs": ("nouuid",),  # a restore has the UUID of its source, which may be mounted beside it
}
_FSCK_REPAIRED = (0, 1)
_NOTHING_FOUND = 2
_HEAD = 1 << 20


_EXT4_SUPERBLOCK = 1024
_CAP_SYS_RESOURCE = 24
_STATUS = Path("/proc/self/status")


class CannotGrowError(Exception):
    """The filesystem can grow only while it is not mounted."""


class NotBlankError(Exception):
    """The device holds data that is no filesystem; formatting would destroy it."""


def detect(device: str) -> str:
    """What is on the device, as blkid calls it, e.g. "ext4"; "" for a device that shows nothing known."""
    found = run("blkid", "-p", "-s", "TYPE", "-o", "value", device, good=(0, _NOTHING_FOUND))
    return found.stdout.strip()


def make(device: str, fstype: str, options: tuple[str, ...] = ()) -> None:
    """Format a blank device; ``options`` are further ones of mkfs. Raises NotBlankError, CommandError."""
    with Path(device).open("rb") as file:
        if any(file.read(_HEAD)):
            raise NotBlankError(f"{device} holds data but no filesystem; it is not formatted")
    run(*_MKFS[fstype], *options, device)


def prepare(device: str, fstype: str) -> None:
    """Repair what can be repaired without asking, and let ext4 span its device. Raises CommandError.

    For a filesystem that is not mounted. XFS needs neither: it replays its log when mounted, and grows only then.
    """
    if fstype != "ext4":
        return
    if _ext4_spans(device):
        run("e2fsck", "-p", device, good=_FSCK_REPAIRED)
    else:
        run("e2fsck", "-f", "-p", device, good=_FSCK_REPAIRED)
        run("resize2fs", device)


def mount(device: str, target: Path, fstype: str, flags: list[str], *, read_only: bool) -> None:
    """Mount what was prepared, or what is mounted already for another pod or node. Raises CommandError.

    XFS is mounted writable first, also for readers: only so it can grow to its device.
    """
    options = [*_MOUNT_OPTIONS[fstype], *flags]
    grows_now = fstype == "xfs" and not in_use(device)
    if read_only and not grows_now:
        options.append("ro")
    run("mount", "-t", fstype, *(["-o", ",".join(options)] if options else []), device, str(target))
    if grows_now:
        grow(device, fstype)
        if read_only:
            run("mount", "-o", "remount,ro", str(target))


def grow(device: str, fstype: str) -> None:
    """Let the mounted filesystem span its device; one that does so is left alone.

    Raises CommandError; CannotGrowError for ext4 without CAP_SYS_RESOURCE.
    """
    if fstype == "xfs":
        mounts = mountinfo.of_device(loops.rdev(loops.number_of(device)))
        run("xfs_growfs", "-d", str(next(mount.point for mount in mounts if "rw" in mount.options)))
    elif not _ext4_spans(device):
        if not grows_mounted("ext4"):
            raise CannotGrowError("this node may not grow a mounted ext4: it lacks CAP_SYS_RESOURCE")
        run("resize2fs", device)


def grows_mounted(fstype: str) -> bool:
    """Whether this process may let a mounted filesystem grow. Some sandboxes take what ext4 asks for."""
    if fstype == "xfs":
        return True
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("CapEff:"))
    return int(line.split()[1], 16) & (1 << _CAP_SYS_RESOURCE) != 0


def in_use(device: str) -> bool:
    """Whether a filesystem on the device is mounted, in whatever mount namespace."""
    return freezing.live_filesystem(loops.number_of(device)) is not None


def _ext4_spans(device: str) -> bool:
    """Whether the ext4 on the device is as large as the device, less than a block apart."""
    with Path(device).open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(_EXT4_SUPERBLOCK)
        superblock = file.read(1024)
    low, high = (struct.unpack_from("<I", superblock, offset)[0] for offset in (0x4, 0x150))
    block = 1024 << struct.unpack_from("<I", superblock, 0x18)[0]
    return bool(size - (high << 32 | low) * block < block)
