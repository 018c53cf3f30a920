"""A volume that has as many snapshots as it may have."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.conditions import HAS_ERROR, NOT_READY, error_of
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.stress.accounting import count_gone, count_there
from pytest_csi_snapshot.stress.crowd import SNAPSHOTS, code_in
from pytest_csi_snapshot.stress.load import LoadTest, batches_of

pytestmark = [pytest.mark.csi_exclusive]


@pytest.mark.csi_clause("ERR-003", "ERR-008")
def test_a_full_volume_refuses_in_words_and_takes_one_again(csi: Scenario, csi_load: LoadTest) -> None:
    limit = csi_load.limit
    if not limit:
        pytest.skip("how many snapshots a volume may have is not known: add --csi-snapshot-limit=N")
    if csi_load.number <= limit:
        pytest.skip(f"a volume is full with {limit} snapshots, --csi-stress asks for {csi_load.number}")
    claim, cls = csi.volume(), csi.snapshot_class()
    with csi_load.crowd("snapshots of one volume, until it is full", SNAPSHOTS) as run:
        for numbers in batches_of(limit):
            run.make(run.snapshot_of(claim, cls) for _ in numbers)
        count_there(csi, run)
        first = run.crowd.members[0]

        member, spec = run.snapshot_of(claim, cls)
        over = run.create(member, spec)
        refused = csi.wait(over, HAS_ERROR & NOT_READY, "ERR-003", within=csi.limits.snapshot)
        content = csi.content_of(over)
        told = {"snapshot": error_of(refused), "content": error_of(csi.wait(content, HAS_ERROR, "ERR-003"))}
        csi.check(
            "ERR-003",
            expected="ResourceExhausted in both errors",
            observed=told,
            holds={code_in(message) for message in told.values()} == {"ResourceExhausted"},
            about=over,
        )

        run.remove([first])
        csi.nudge(content)
        csi.ready(over, "ERR-008")
        left = [each for each in run.crowd.members if each is not first]
        for numbers in batches_of(len(left)):
            run.remove([left[each] for each in numbers])
        count_gone(csi, run)
