"""Snapshots of a block volume under ordered writes: each is what the device held after some write."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from sampling import Sampling

from . import slots
from .client import Client
from .ground import Ground
from .incarnations import NOTHING, TESTS, Preparation, Zygote
from .observing import read_snapshot
from .slots import TornError, newest
from .trial import Trial

MIB = 1 << 20
VOLUME = 4 * MIB
SNAPSHOTS = 200
CALM = 2000
"""Writes before the first snapshot."""


class Writer:
    """The process that writes, see ``slot_writer``."""

    def __init__(self, device: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.slot_writer", str(device), str(CALM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[device],
            cwd=TESTS,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"calm\n"

    def stop(self) -> dict[str, Any]:
        """Returns how long its writes took."""
        said, _ = self._process.communicate()
        figures: dict[str, Any] = json.loads(said)
        return figures

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()


@contextlib.contextmanager
def written(trial: Trial, prepare: Preparation = NOTHING) -> Iterator[tuple[Client, Writer]]:
    """A client of a backend, and a writer on the device of its volume "v"."""
    assert trial.start(prepare)
    with trial.client() as client:
        client.add_node()
        client.create_volume("v", VOLUME)
        client.attach("v")
        device = client.open_device("v")
        writer = Writer(device)
        try:
            yield client, writer
        finally:
            writer.kill()
            os.close(device)


def cut(client: Client, name: str) -> int:
    """Take a snapshot, and tell from its restore after which write it was taken."""
    client.create_snapshot("v", name)
    content = read_snapshot(client, "v", name, VOLUME)
    client.delete_snapshot(name)
    return newest(content)


def test_no_snapshot_of_a_block_volume_is_torn(ground: Ground, zygote: Zygote, sampling: Sampling) -> None:
    count = sampling.amount(SNAPSHOTS)
    with Trial(ground, zygote) as trial, written(trial) as (client, writer):
        moments = [cut(client, f"s-{number}") for number in range(count)]
        figures = writer.stop()
    assert moments == sorted(moments)
    assert moments[-1] > moments[0] >= CALM, "the writer stood still"
    sampling.tell(f"{count} snapshots of a block volume under O_DSYNC writes: none torn")
    for when, name in (("before", "without"), ("after", "with")):
        sampling.tell(f"  a write {name} snapshots: {told(figures[when])}")


def told(figures: dict[str, float]) -> str:
    times = ", ".join(f"{name} {figures[name]:.2f} ms" for name in ("median", "p99", "worst"))
    return f"{times} of {figures['writes']:.0f}"


def test_a_snapshot_by_copying_is_found_torn(ground: Ground, zygote: Zygote) -> None:
    copying = Preparation(f"{__package__}.copying:copy_first_cut")
    with Trial(ground, zygote) as trial, written(trial, copying) as (client, _):
        client.create_snapshot("v", "s")
        content = read_snapshot(client, "v", "s", VOLUME)

        with pytest.raises(TornError):
            newest(content)


def device_after(number: int, count: int = 4) -> bytearray:
    content = bytearray(count * slots.SIZE)
    for each in range(1, number + 1):
        place = slots.slot_of(each, count) * slots.SIZE
        content[place : place + slots.SIZE] = slots.record(each)
    return content


@pytest.mark.parametrize("number", range(11))
def test_the_newest_write_is_told_from_the_content(number: int) -> None:
    assert newest(bytes(device_after(number))) == number


@pytest.mark.parametrize("lost", [7, 8, 9])
def test_a_write_that_is_missing_is_a_tear(lost: int) -> None:
    content, without = device_after(10), device_after(lost - 1)
    place = slots.slot_of(lost, 4) * slots.SIZE
    content[place : place + slots.SIZE] = without[place : place + slots.SIZE]

    with pytest.raises(TornError):
        newest(bytes(content))


def test_half_a_record_is_a_tear() -> None:
    content = device_after(6)
    content[slots.SIZE + 2048 : 2 * slots.SIZE] = slots.record(2)[2048:]

    with pytest.raises(TornError):
        newest(bytes(content))
