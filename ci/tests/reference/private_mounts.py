"""A mount namespace for the tests that mount.

Without it every mount would be visible, and copied, by whoever makes a mount namespace on this machine meanwhile,
and a filesystem lives as long as the last copy. With it nothing is left when the tests are killed.
"""

from __future__ import annotations

import ctypes
import os

import pytest

_CLONE_NEWNS = 0x00020000
_MS_REC_SLAVE = 0x4000 | 0x80000


@pytest.fixture(scope="session")
def private_mounts() -> None:
    """This process, and what it starts, from here on; what the machine unmounts is still noticed."""
    if os.geteuid() != 0:
        pytest.skip("needs root: loop devices and mounts")
    libc = ctypes.CDLL(None, use_errno=True)
    for status in (
        libc.unshare(_CLONE_NEWNS),
        libc.mount(b"none", b"/", b"none", ctypes.c_ulong(_MS_REC_SLAVE), None),
        # Inside, mounts are shared, as in a cluster of its own: a process's copy sees what happens here.
        libc.mount(b"none", b"/", b"none", ctypes.c_ulong(0x4000 | 0x100000), None),
    ):
        if status:
            errno = ctypes.get_errno()
            raise OSError(errno, os.strerror(errno))
