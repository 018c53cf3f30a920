"""Loop devices by ioctl: which file each serves is asked of the kernel, by device and inode.

A path proves nothing: it is the one of the mount namespace where the loop was set up, and two clusters
on one machine use the same. Every loop made here is AUTOCLEAR: it goes with its last opener or mount.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LOOP_MAJOR = 7
SECTOR = 512

_CLR_FD = 0x4C01
_GET_STATUS64 = 0x4C05
_SET_CAPACITY = 0x4C07
_CONFIGURE = 0x4C0A
_CTL_ADD = 0x4C80
_CTL_GET_FREE = 0x4C82

_AUTOCLEAR = 4
_DIRECT_IO = 16

_INFO64 = struct.Struct("=5Q4I64s64s32s2Q")
_CONFIG = struct.Struct(f"=2I{_INFO64.size}s64x")

_SYS_BLOCK = Path("/sys/block")
_CONTROL = Path("/dev/loop-control")


@dataclass(frozen=True)
class Backing:
    """Which file: ``device`` as os.makedev makes it, and the inode number."""

    device: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> Backing:
        """The identity of the file at ``path``. Raises FileNotFoundError."""
        found = path.stat()
        return cls(found.st_dev, found.st_ino)


@dataclass(frozen=True)
class Loop:
    """A loop device that serves a file."""

    number: int
    backing: Backing

    @property
    def rdev(self) -> int:
        """``st_rdev`` of the device node, and ``st_dev`` of files in a filesystem on it."""
        return rdev(self.number)

    @property
    def path(self) -> Path:
        return Path(f"/dev/loop{self.number}")


def rdev(number: int) -> int:
    """``st_rdev`` of /dev/loopN."""
    return os.makedev(LOOP_MAJOR, number)


def number_of(path: str) -> int:
    """N of "/dev/loopN". Raises ValueError for anything else."""
    return int(path.removeprefix("/dev/loop"))


def open_device(number: int, flags: int = os.O_RDONLY) -> int:
    """An open fd of /dev/loopN; its node is made where a private /dev lacks it. Raises OSError."""
    path = Path(f"/dev/loop{number}")
    if not path.exists():
        with contextlib.suppress(FileExistsError):  # another process made it in between: as good
            os.mknod(path, stat.S_IFBLK | 0o660, rdev(number))
    fd = os.open(path, flags | os.O_CLOEXEC)
    if os.fstat(fd).st_rdev != rdev(number):
        os.close(fd)
        raise OSError(errno.ENODEV, f"{path} is not loop device {number}")
    return fd


def serving(fd: int) -> Backing | None:
    """What the loop device open at ``fd`` serves; None if nothing."""
    try:
        raw = fcntl.ioctl(fd, _GET_STATUS64, bytes(_INFO64.size))
    except OSError as error:
        if error.errno == errno.ENXIO:
            return None
        raise
    device, inode = _INFO64.unpack(raw)[:2]
    major = (device >> 8) & 0xFFF
    minor = (device & 0xFF) | ((device >> 12) & 0xFFF00)
    return Backing(os.makedev(major, minor), inode)


def bound(name: str = "") -> Iterator[Loop]:
    """All loop devices of the machine that serve a file, or a file called ``name``; whoever set them up.

    A name spares opening the others: a device that is open somewhere cannot go.
    """
    for entry in sorted(_SYS_BLOCK.glob("loop*/loop")):
        number = int(entry.parent.name.removeprefix("loop"))
        if name and _name_shown(entry) != name:
            continue
        try:
            fd = open_device(number)
        except OSError as error:
            if error.errno in (errno.ENXIO, errno.ENOENT):
                continue  # it was detached since the directory was read
            raise
        try:
            backing = serving(fd)
        finally:
            os.close(fd)
        if backing is not None:
            yield Loop(number, backing)


def find(path: Path) -> Loop | None:
    """The loop device that serves exactly the file at ``path``. Raises FileNotFoundError."""
    backing = Backing.of(path)
    return next((loop for loop in bound(path.name) if loop.backing == backing), None)


def attach(path: Path, prefer: int | None = None) -> tuple[Loop, int]:
    """Serve ``path`` by a loop device; returns it and an fd that keeps it alive (AUTOCLEAR).

    ``prefer`` is the number it should have again: a device node handed to a pod stays right across a
    restart. Taken by another file, the next free number is used. Raises OSError.
    """
    file_fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        backing = Backing.of(path)
        if prefer is not None:
            fd = _configure(prefer, file_fd)
            if fd is not None:
                return Loop(prefer, backing), fd
        while True:
            number = _free_number()
            fd = _configure(number, file_fd)
            if fd is not None:  # else another process was quicker: ask for the next free one
                return Loop(number, backing), fd
    finally:
        os.close(file_fd)


def grow(fd: int) -> None:
    """Let the loop device open at ``fd`` have the present size of its file."""
    fcntl.ioctl(fd, _SET_CAPACITY)


def detach(fd: int) -> None:
    """Unbind the device open at ``fd``. It goes at once, or with its last other opener or mount."""
    try:
        fcntl.ioctl(fd, _CLR_FD)
    except OSError as error:
        if error.errno != errno.ENXIO:  # it served nothing any more
            raise


def _name_shown(entry: Path) -> str:
    """The last part of the path a device shows; the rest depends on who set it up. "" if it went meanwhile."""
    try:
        shown = (entry / "backing_file").read_text()
    except OSError:
        return ""
    return Path(shown.rstrip("\n").removesuffix(" (deleted)")).name


def _free_number() -> int:
    control = os.open(_CONTROL, os.O_RDWR | os.O_CLOEXEC)
    try:
        return int(fcntl.ioctl(control, _CTL_GET_FREE))
    finally:
        os.close(control)


def _add(number: int) -> None:
    control = os.open(_CONTROL, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.ioctl(control, _CTL_ADD, number)
    except OSError as error:
        if error.errno != errno.EEXIST:
            raise
    finally:
        os.close(control)


def _configure(number: int, file_fd: int) -> int | None:
    """Bind device ``number`` to ``file_fd``; None if it serves another file already."""
    if not (_SYS_BLOCK / f"loop{number}").exists():
        _add(number)
    info = _INFO64.pack(0, 0, 0, 0, 0, 0, 0, 0, _AUTOCLEAR | _DIRECT_IO, b"", b"", b"", 0, 0)
    config = _CONFIG.pack(file_fd, SECTOR, info)
    fd = open_device(number, os.O_RDWR)
    try:
        fcntl.ioctl(fd, _CONFIGURE, config)
    except OSError as error:
        os.close(fd)
        if error.errno == errno.EBUSY:
            return None
        raise
    except BaseException:
        os.close(fd)
        raise
    return fd
