"""A backend that cuts by copying: what the check for torn snapshots must find."""

from __future__ import annotations

import os
import time

from pytest_csi_snapshot.reference_impl.linux import syscalls

from .slots import SIZE


def copy_first_cut() -> None:
    """Make the first cut in two halves, as far apart as it takes to be torn; later ones are clean."""
    clean = syscalls.clone_file
    torn = False

    def copy(source_fd: int, target_fd: int) -> None:
        nonlocal torn
        size = os.fstat(source_fd).st_size
        if torn or size == SIZE:  # it only tries whether files can share blocks
            clean(source_fd, target_fd)
            return
        torn, half = True, size // 2
        os.pwrite(target_fd, os.pread(source_fd, half, 0), 0)
        for last in (half - SIZE, size - SIZE):
            _wait_for_change(source_fd, last)
        os.pwrite(target_fd, os.pread(source_fd, half, half), half)

    syscalls.clone_file = copy


def _wait_for_change(fd: int, offset: int) -> None:
    """Until the writer has come to the slot at ``offset``; of another process only its traces can be polled."""
    before = os.pread(fd, SIZE, offset)
    while os.pread(fd, SIZE, offset) == before:
        time.sleep(0.001)
