"""Known bytes on a device: the shell writes and finds what is computed here, on a file instead of a device."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pytest_csi_snapshot.quantities import MI
from pytest_csi_snapshot.workloads.blocks import RANGE, Device, Pattern, read_device

SIZE = 8 * MI + 3 * RANGE
PATTERN = Pattern("alpha", SIZE)


@pytest.fixture
def device(tmp_path: Path) -> Path:
    """A file as long as the device, in which the pattern has been written."""
    path = tmp_path / "device"
    path.touch()
    os.truncate(path, SIZE + 512)
    subprocess.run(["sh", "-euc", PATTERN.write_script(str(path))], check=True)
    return path


def read(path: Path, *, whole: bool = False) -> Device | None:
    script = PATTERN.read_script(str(path), "data", whole=whole)
    done = subprocess.run(["sh", "-euc", script], check=True, capture_output=True, text=True)
    return read_device(done.stdout, "data")


def test_a_written_pattern_is_what_was_expected(device: Path) -> None:
    assert read(device) == Device(SIZE + 512, PATTERN.digests())


def test_the_ranges_reach_both_ends_and_do_not_overlap() -> None:
    assert PATTERN.offsets[0] == 0
    assert PATTERN.offsets[-1] + RANGE == SIZE
    assert all(a + RANGE <= b for a, b in zip(PATTERN.offsets, PATTERN.offsets[1:], strict=False))


def test_another_seed_differs_in_every_range(device: Path) -> None:
    found = read(device)
    assert found is not None
    assert not set(found.digests.values()) & set(Pattern("bravo", SIZE).digests().values())


@pytest.mark.parametrize("offset", PATTERN.offsets)
def test_one_wrong_byte_shows_where_it_is(device: Path, offset: int) -> None:
    with device.open("r+b") as file:
        file.seek(offset + RANGE - 1)
        file.write(b"!")
    found = read(device)
    assert found is not None
    assert {each for each, digest in PATTERN.digests().items() if found.digests[each] != digest} == {offset}


def test_the_sum_of_the_whole_sees_what_lies_between_the_ranges(device: Path) -> None:
    before = read(device, whole=True)
    with device.open("r+b") as file:
        file.seek(RANGE + 5)
        file.write(b"!")
    after = read(device, whole=True)
    assert before is not None
    assert after is not None
    assert before.digests == after.digests
    assert before.whole != after.whole


def test_a_device_cut_short_says_its_size(device: Path) -> None:
    os.truncate(device, 5 * MI + 512)
    found = read(device)
    assert found is not None
    assert found.size == 5 * MI + 512


def test_an_answer_that_is_not_whole_is_none() -> None:
    assert read_device("data range 0 0123456789abcdef\n", "data") is None
