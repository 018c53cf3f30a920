"""Restores of one snapshot, and clones of one volume, all asked for at once."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.stress.accounting import count_gone, count_there
from pytest_csi_snapshot.stress.crowd import CLONES, RESTORES, Sort
from pytest_csi_snapshot.stress.load import LoadTest, batches_of
from pytest_csi_snapshot.suites.stress.sampling import SAMPLE, read_all, sample_of
from pytest_csi_snapshot.workloads import trees

pytestmark = [pytest.mark.csi_exclusive]


@pytest.mark.csi_clause("RES-001")
def test_restores_at_once(csi: Scenario, csi_load: LoadTest) -> None:
    claim = csi.volume()
    csi.write(claim, trees.A)
    snapshot = csi.ready_snapshot(claim)
    csi.write(claim, trees.B)
    copy_at_once(csi, csi_load, "restores of one snapshot at once", RESTORES, snapshot, csi.restore_size(snapshot))


@pytest.mark.csi_clause("CLN-011")
def test_clones_at_once(csi: Scenario, csi_load: LoadTest) -> None:
    claim = csi.volume()
    csi.write(claim, trees.A)
    csi.bound(csi.clone(claim), "CLN-011")  # or the driver has none
    copy_at_once(csi, csi_load, "clones of one volume at once", CLONES, claim, csi.capacity(claim))


def copy_at_once(csi: Scenario, load: LoadTest, name: str, sort: Sort, source: Handle, size: int) -> None:
    """As many copies as asked for, some of them read, and all of them removed."""
    number = load.number
    load.within(number + 2)
    with load.crowd(name, sort, at_once=number) as run:
        made = run.make((run.claim_on(source, size or csi.size) for _ in range(number)), at_once=True)
        count_there(csi, run)
        claims = [each.handle for each in sample_of(made) if each.handle]
        read_all(csi, sort.usable, [(claim, trees.A) for claim in claims])
        run.notes.append(f"{len(claims)} of {number} were read" if number > SAMPLE else "all were read")
        for numbers in batches_of(number):
            run.remove([made[each] for each in numbers])
        count_gone(csi, run)
