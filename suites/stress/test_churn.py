"""Snapshots made and deleted over and over, and chains of copies of copies."""

from __future__ import annotations

import itertools

import pytest

from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.stress.accounting import count_gone, count_there, count_through
from pytest_csi_snapshot.stress.crowd import RESTORES, SNAPSHOTS
from pytest_csi_snapshot.stress.load import LoadTest
from pytest_csi_snapshot.suites.stress.sampling import read_all
from pytest_csi_snapshot.workloads import trees

pytestmark = [pytest.mark.csi_exclusive]

VOLUMES = 4
"""Volumes whose snapshots come and go."""

LONGEST = 30
"""Links of a chain: each takes a snapshot and a restore, one after the other."""


@pytest.mark.csi_clause("SNAP-DYN-004", "DEL-001", "RES-001")
def test_snapshots_come_and_go(csi: Scenario, csi_load: LoadTest) -> None:
    """What stays meanwhile is a snapshot of each volume, which holds at the end what it held at the beginning."""
    csi_load.within(2 * VOLUMES)
    claims = [csi.claim() for _ in range(VOLUMES)]
    for claim in claims:
        csi.bound(claim)
        csi.write(claim, trees.A)
    kept = [csi.ready_snapshot(claim) for claim in claims]
    cls = csi.snapshot_class()
    with csi_load.crowd("snapshots that come and go", SNAPSHOTS) as run:
        run.churn((run.snapshot_of(claim, cls) for claim in itertools.cycle(claims)), 60 * csi_load.minutes)
        count_through(csi, run)
        count_gone(csi, run)
    restored = [csi.restore(snapshot) for snapshot in kept]
    for claim in restored:
        csi.bound(claim, "RES-001")
    read_all(csi, "RES-001", [(claim, trees.A) for claim in restored])


@pytest.mark.csi_clause("RES-001", "SNAP-DYN-004")
def test_a_chain_of_snapshots_of_restores(csi: Scenario, csi_load: LoadTest) -> None:
    """The last link is read twice: while all the others are there, and when none is."""
    links = min(csi_load.number, LONGEST)
    csi_load.within(links + 1)
    claim, cls = csi.volume(), csi.snapshot_class()
    csi.write(claim, trees.A)
    size = csi.capacity(claim)
    snapshots = csi_load.crowd("chain: snapshots of restores", SNAPSHOTS)
    with snapshots as taken, csi_load.crowd("chain: restores of snapshots", RESTORES) as restored:
        for _ in range(links):
            snapshot = taken.make_one(taken.snapshot_of(claim, cls))
            claim = restored.make_one(restored.claim_on(snapshot, size))
        count_there(csi, taken)
        count_there(csi, restored)
        read_all(csi, "RES-001", [(claim, trees.A)])
        taken.remove(taken.crowd.members)
        restored.remove(restored.crowd.members[:-1])
        read_all(csi, "RES-001", [(claim, trees.A)])
        restored.remove(restored.crowd.members[-1:])
        count_gone(csi, taken)
        count_gone(csi, restored)
