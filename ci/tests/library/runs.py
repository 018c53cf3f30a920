"""Runs that speak to one API server in memory, and the clock that they go by."""

from __future__ import annotations

from datetime import UTC, datetime

from pytest_csi_snapshot.history import History
from pytest_csi_snapshot.kube.kinds import LEASE
from pytest_csi_snapshot.labels import Mark
from pytest_csi_snapshot.leases import ServerClock, held_from
from pytest_csi_snapshot.leave import LeaveClient
from pytest_csi_snapshot.presence import NAME, home_of

from .api import MemoryApi

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Clock(ServerClock):
    """Shows what the test sets."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time


def of_run(api: MemoryApi, run: str) -> LeaveClient:
    """The client of a run."""
    return LeaveClient(api, History(), Mark(run, ""))


def appear(api: MemoryApi, run: str) -> None:
    """Have a run hold its Lease from now on."""
    lease = {"metadata": {"name": NAME, "namespace": home_of(run)}, "spec": held_from(NOW, f"host of {run}")}
    of_run(api, run).create(LEASE, lease)
