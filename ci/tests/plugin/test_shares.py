"""Shares of volumes and pods: between processes, and in a run whose bounds are too narrow."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_csi_snapshot import shares
from pytest_csi_snapshot.bounds import Bounds
from pytest_csi_snapshot.prices import Price, PriceList
from pytest_csi_snapshot.recorder import OutOfBounds

from .conftest import Demo


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "shares"
    path.touch()
    return path


def holder(file: Path, number: int, of: int) -> tuple[int, int, int]:
    """Another process that holds shares until a byte is written to it: (pid, end to write, end to read)."""
    (told_out, told_in), (go_out, go_in) = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        with shares.taken(file, {"pods": (number, of)}):
            os.write(told_in, b"h")
            os.read(go_out, 1)
        os._exit(0)
    assert os.read(told_out, 1) == b"h"
    return pid, go_in, told_out


def is_free(file: int) -> bool:
    try:
        os.lockf(file, os.F_TEST, 1)
    except OSError:
        return False
    return True


def lets_go(other: tuple[int, int, int]) -> None:
    os.write(other[1], b"g")
    os.waitpid(other[0], 0)


def test_what_is_free_is_given_at_once(file: Path) -> None:
    other = holder(file, 2, 3)
    with shares.taken(file, {"pods": (1, 3), "volumes": (5, 5)}):
        pass
    lets_go(other)


def test_who_wants_more_than_is_free_gets_it_when_it_is_given_back(file: Path) -> None:
    first = holder(file, 2, 3)
    reading, writing = os.pipe()
    waiter = os.fork()
    if waiter == 0:
        with shares.taken(file, {"pods": (2, 3)}):
            os.write(writing, b"w")
        os._exit(0)
    os.set_blocking(reading, False)
    with file.open("r+b") as same:  # by the one free share that it has, it is waiting for another
        same.seek(shares._FIRST["pods"] + 2)  # noqa: SLF001
        while is_free(same.fileno()):
            pass
    with pytest.raises(BlockingIOError):
        os.read(reading, 1)
    lets_go(first)
    os.waitpid(waiter, 0)
    assert os.read(reading, 1) == b"w"


def test_who_crashes_gives_back(file: Path) -> None:
    other = holder(file, 3, 3)
    os.kill(other[0], 9)
    os.waitpid(other[0], 0)
    with shares.taken(file, {"pods": (3, 3)}):
        pass


SHARED = PriceList({}, {"test_a.py": Price(volumes=2, pods=1, volumes_at_once=2, pods_at_once=1)})


def test_what_files_share_is_set_aside_for_each_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "price_list", lambda: SHARED)
    price, bounds = Price(volumes_at_once=3, pods_at_once=2), Bounds(volumes=10, pods=6)
    assert shares.demand(price, bounds, workers=2) == {"volumes": (3, 6), "pods": (2, 4)}
    assert shares.demand(None, bounds, workers=2) == {"volumes": (6, 6), "pods": (4, 4)}
    assert shares.demand(price, Bounds(), workers=2) == {}
    with pytest.raises(OutOfBounds) as caught:
        shares.demand(price, bounds, workers=4)
    assert "atOnce.volumes: it takes 3 beside 2 that each of 4 workers may keep, of 10" in str(caught.value)


def test_a_run_whose_bounds_are_too_narrow_is_told_so(demo: Demo) -> None:
    profile = demo.path / "profile.yaml"
    profile.write_text("atOnce: {pods: 1}\n")
    result = demo.run(f"--csi-profile={profile}", "-n2")
    result.assert_outcomes(skipped=1)
    told = "atOnce.pods: it takes 1 beside 1 that each of 2 workers may keep, of 1"
    result.stdout.fnmatch_lines([f"unknown: DEL-001: {told}*"])
