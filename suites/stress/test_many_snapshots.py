"""Many snapshots: of a few volumes, each with as many as it may have, and of as many volumes."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.stress.accounting import count_gone, count_there
from pytest_csi_snapshot.stress.crowd import SNAPSHOTS, VOLUMES
from pytest_csi_snapshot.stress.load import LoadTest, batches_of
from pytest_csi_snapshot.suites.stress.sampling import SAMPLE, read_all, sample_of, write_all
from pytest_csi_snapshot.workloads import trees

pytestmark = [pytest.mark.csi_exclusive]

OF_ONE = 249
"""Snapshots of one volume: what Longhorn allows."""

FEWEST = 5
"""At least so many volumes, so that what belongs to one can turn up at another."""

CHANGED = {0: trees.A, 3: trees.B, 7: trees.C}
"""Batch -> what the volumes hold from then on."""


@pytest.mark.csi_clause("SNAP-DYN-004", "RES-001", "DEL-001")
def test_snapshots_of_a_few_volumes(csi: Scenario, csi_load: LoadTest) -> None:
    """The volumes change twice meanwhile: a restore must hold what there was when its snapshot was taken."""
    number = csi_load.number
    count = max(min(FEWEST, number), -(-number // OF_ONE))
    csi_load.within(count + SAMPLE)
    claims = [csi.claim() for _ in range(count)]
    for claim in claims:
        csi.bound(claim)
    cls = csi.snapshot_class()
    with csi_load.crowd("snapshots of a few volumes", SNAPSHOTS) as run:
        tree = trees.A
        for batch, numbers in enumerate(batches_of(number)):
            if batch in CHANGED:
                tree = CHANGED[batch]
                write_all(csi, claims, tree)
            run.make(run.snapshot_of(claims[each % count], cls, tree) for each in numbers)
        count_there(csi, run)
        sample = sample_of(run.crowd.members)
        restored = [(csi.restore(each.handle), each.expected) for each in sample if each.handle]
        for claim, _ in restored:
            csi.bound(claim, "RES-001")
        read_all(csi, "RES-001", restored)
        run.notes.append(f"{len(restored)} of {number} were restored and read")
        members = run.crowd.members
        for numbers in batches_of(number):
            run.remove([members[each] for each in numbers])
        count_gone(csi, run)


@pytest.mark.csi_clause("SNAP-DYN-004", "DEL-001")
def test_snapshots_of_as_many_volumes(csi: Scenario, csi_load: LoadTest) -> None:
    number = csi_load.number
    csi_load.within(number)
    cls, home = csi.snapshot_class(), csi.namespace
    with (
        csi_load.crowd("volumes", VOLUMES) as volumes,
        csi_load.crowd("snapshots, each of its own volume", SNAPSHOTS) as run,
    ):
        for numbers in batches_of(number):
            volumes.make(volumes.claim_on(None, csi.size, home) for _ in numbers)
        count_there(csi, volumes)
        claims = [each.handle for each in volumes.crowd.members if each.handle]
        for numbers in batches_of(number):
            run.make(run.snapshot_of(claims[each], cls) for each in numbers)
        count_there(csi, run)
        for crowd in (run, volumes):
            for numbers in batches_of(number):
                crowd.remove([crowd.crowd.members[each] for each in numbers])
            count_gone(csi, crowd)
