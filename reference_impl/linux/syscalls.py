"""mount(2), umount2(2), fsopen(2) and its kin, and the ioctl numbers used here.

Python 3.11 has none of these calls, and mount(8) would need a shell's worth of parsing to learn what
went wrong; here an error is an OSError with the kernel's errno.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
from pathlib import Path

UMOUNT_NOFOLLOW = 8

FICLONE = 0x40049409
FIFREEZE = 0xC0045877
FITHAW = 0xC0045878
FITRIM = 0xC0185879
BLKGETSIZE64 = 0x80081272

# The same numbers on every architecture; glibc has wrappers only since 2.36.
_SYS_FSOPEN = 430
_SYS_FSCONFIG = 431
_SYS_FSMOUNT = 432
_FSCONFIG_SET_FLAG = 0
_FSCONFIG_SET_STRING = 1
_FSCONFIG_CMD_CREATE = 6
_CLOEXEC = 1

_libc = ctypes.CDLL(None, use_errno=True)


def mount(source: str, target: Path, fstype: str, flags: int = 0, data: str = "") -> None:
    """mount(2). Raises OSError."""
    status = _libc.mount(
        os.fsencode(source),
        os.fsencode(target),
        os.fsencode(fstype),
        ctypes.c_ulong(flags),
        os.fsencode(data) if data else None,
    )
    _raise_on_error(status, target)


def unmount(target: Path) -> None:
    """umount2(2) of the topmost mount at ``target``, never through a symbolic link. Raises OSError."""
    _raise_on_error(_libc.umount2(os.fsencode(target), UMOUNT_NOFOLLOW), target)


def open_filesystem(device: Path, fstype: str, *, read_only: bool = False) -> int:
    """An fd of the root directory of the filesystem on ``device``, without mounting it anywhere.

    Its mount is attached to no namespace: nobody sees it, and it goes with the fd, also when the
    process is killed. A filesystem that is mounted by someone is the same one, not a second. Raises OSError:
    EBUSY if it is mounted read-only and ``read_only`` is false, or the other way round.
    """
    context = _call(_SYS_FSOPEN, os.fsencode(fstype), _CLOEXEC)
    try:
        _call(_SYS_FSCONFIG, context, _FSCONFIG_SET_STRING, b"source", os.fsencode(device), 0)
        if read_only:
            _call(_SYS_FSCONFIG, context, _FSCONFIG_SET_FLAG, b"ro", None, 0)
        _call(_SYS_FSCONFIG, context, _FSCONFIG_CMD_CREATE, None, None, 0)
        detached = _call(_SYS_FSMOUNT, context, _CLOEXEC, 0)
    finally:
        os.close(context)
    try:
        return os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=detached)
    finally:
        os.close(detached)


def clone_file(source_fd: int, target_fd: int) -> None:
    """FICLONE: ``target_fd`` gets the content of ``source_fd`` by sharing its blocks, at one moment.

    Raises OSError: EOPNOTSUPP or EXDEV where the filesystem cannot share blocks.
    """
    fcntl.ioctl(target_fd, FICLONE, source_fd)


def device_size(fd: int) -> int:
    """Size in bytes of the block device open at ``fd``."""
    return int.from_bytes(fcntl.ioctl(fd, BLKGETSIZE64, bytes(8)), "little")


def _call(number: int, *arguments: int | bytes | None) -> int:
    """syscall(2). Raises OSError."""
    given = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    result = int(_libc.syscall(ctypes.c_long(number), *given))
    if result < 0:
        errno = ctypes.get_errno()
        raise OSError(errno, os.strerror(errno))
    return result


def _raise_on_error(status: int, path: Path) -> None:
    if status != 0:
        errno = ctypes.get_errno()
        raise OSError(errno, os.strerror(errno), str(path))
