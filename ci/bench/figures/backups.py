"""What the backend's backups take, beside programs that read, hash and write the same bytes."""

from __future__ import annotations

import os

from bench import backup_speed
from bench.figure import Budget, Measurement, Order, Taken
from bench.troubles import BenchError

FIRST = Budget("first backup", "first backup, to sha512sum and cp", "x", backup_speed.FIRST_AT_MOST)
NEXT = Budget("next backup", "backup of a small change, to the first", "x", backup_speed.NEXT_AT_MOST)
SPEED = Budget("backup speed", "first backup", "MiB/s")


def take(order: Order) -> Taken:
    """Each run has a backend of its own; ratios are of what ran side by side in it."""
    if os.geteuid() != 0:
        raise BenchError("backups need root: the backend makes loop devices and mounts; run this as root")
    runs = []
    for number in range(order.repetitions):
        runs.append(backup_speed.measured(order.folder / str(number), number))
        order.say(backup_speed.shown(runs[-1]))
    return Taken(
        {
            FIRST.name: [run.first / run.measure for run in runs],
            NEXT.name: [run.next / run.first for run in runs],
            SPEED.name: [backup_speed.DATA / backup_speed.MIB / run.first for run in runs],
        }
    )


MEASUREMENT = Measurement(
    "backups",
    "256 MiB of noise in a volume of 1 GiB, backed up; then 2 MiB of it changed and backed up again",
    (FIRST, NEXT, SPEED),
    take,
    repetitions=5,
    quick=2,
)
