"""Where data lies: told by the kernel of an XFS that the test makes, and compared."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_csi_snapshot.reference_impl.backend.pool import Pool
from pytest_csi_snapshot.reference_impl.backend.ranges import Range, differing, with_data
from pytest_csi_snapshot.reference_impl.backend.release import release
from pytest_csi_snapshot.reference_impl.linux import extents, syscalls
from pytest_csi_snapshot.reference_impl.linux.extents import BLOCK, Extent

from ..private_mounts import private_mounts

__all__ = ["private_mounts"]


@pytest.fixture
def folder(private_mounts: None, tmp_path: Path) -> Iterator[Path]:
    """A folder where files can share blocks."""
    Pool(tmp_path, 1 << 30).open()
    yield tmp_path / "pool"
    assert release(tmp_path) == []


def blank(path: Path, blocks: int) -> int:
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    os.ftruncate(fd, blocks * BLOCK)
    return fd


def test_a_clone_differs_from_its_source_exactly_where_either_was_written_since(folder: Path) -> None:
    source, copy = blank(folder / "source", 64), blank(folder / "copy", 0)
    os.pwrite(source, b"a" * 16 * BLOCK, 0)
    syscalls.clone_file(source, copy)
    assert differing(extents.of_file(source), extents.of_file(copy)) == []

    os.pwrite(source, b"b" * BLOCK, 3 * BLOCK)
    os.pwrite(copy, b"c" * 2 * BLOCK, 40 * BLOCK)
    extents.punch(source, 8 * BLOCK, BLOCK)

    found = differing(extents.of_file(source), extents.of_file(copy))
    assert found == [Range(at * BLOCK, length * BLOCK) for at, length in ((3, 1), (8, 1), (40, 2))]
    for fd in (source, copy):
        os.close(fd)


def test_a_shared_range_is_the_same_place_and_reserved_space_is_zeros(folder: Path) -> None:
    source, target = blank(folder / "source", 8), blank(folder / "target", 8)
    os.pwrite(source, b"a" * 4 * BLOCK, 2 * BLOCK)
    extents.clone_range(source, target, 3 * BLOCK, BLOCK)
    extents.reserve(target, 6 * BLOCK, BLOCK)

    shared, reserved = extents.of_file(target)
    first, *_ = extents.of_file(source)  # told in parts: sharing is a property of an extent

    assert (shared.start, shared.length, shared.zero) == (3 * BLOCK, BLOCK, False)
    assert shared.physical == first.physical + BLOCK
    assert (reserved.start, reserved.zero) == (6 * BLOCK, True)
    assert with_data([shared, reserved]) == [Range(3 * BLOCK, BLOCK)]
    assert os.pread(target, BLOCK, 6 * BLOCK) == bytes(BLOCK)
    for fd in (source, target):
        os.close(fd)


def test_more_extents_than_one_call_tells_are_all_found(folder: Path) -> None:
    fd = blank(folder / "file", 4096)
    for at in range(0, 4096, 2):
        os.pwrite(fd, b"x" * BLOCK, at * BLOCK)
    found = with_data(extents.of_file(fd))
    assert found == [Range(at * BLOCK, BLOCK) for at in range(0, 4096, 2)]
    os.close(fd)


def test_neighbouring_extents_of_the_same_difference_are_one_range() -> None:
    old = [Extent(0, 4 * BLOCK, 1 << 20)]
    new = [Extent(0, BLOCK, 1 << 20), Extent(BLOCK, BLOCK, 9 << 20), Extent(2 * BLOCK, BLOCK, 5 << 20)]
    assert differing(old, new) == [Range(BLOCK, 3 * BLOCK)]
