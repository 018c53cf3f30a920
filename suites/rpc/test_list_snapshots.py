"""RPC-LIS, RPC-GET: ListSnapshots and GetSnapshot."""

from __future__ import annotations

from collections import Counter

import pytest

from pytest_csi_snapshot.csi.calls import Code
from pytest_csi_snapshot.csi.rpc import Rpc
from pytest_csi_snapshot.csi.snapshots import Snapshot

SNAPSHOTS = "CREATE_DELETE_SNAPSHOT"
TRIES = 5
"""Where others change the list while its pages are read, a snapshot that is missing says nothing."""


@pytest.mark.csi_clause("RPC-LIS-001")
def test_a_list_has_every_snapshot(csi_rpc: Rpc) -> None:
    csi_rpc.needs("RPC-LIS-001", SNAPSHOTS, "LIST_SNAPSHOTS")
    volume, other = csi_rpc.volume(), csi_rpc.volume()
    made = sorted(csi_rpc.snapshot(volume.volume_id).snapshot_id for _ in range(2))
    another = csi_rpc.snapshot(other.volume_id).snapshot_id
    everything = ids_of(csi_rpc.pages("RPC-LIS-001"))
    missing = [each for each in (*made, another) if each not in everything]
    csi_rpc.check("RPC-LIS-001", expected="none missing", observed=missing, holds=not missing, about="all")
    of_volume = ids_of(csi_rpc.pages("RPC-LIS-001", source_volume_id=volume.volume_id))
    csi_rpc.check("RPC-LIS-001", expected=made, observed=sorted(of_volume), about=volume.volume_id)
    one = ids_of(csi_rpc.pages("RPC-LIS-001", snapshot_id=made[0]))
    csi_rpc.check("RPC-LIS-001", expected=made[:1], observed=one, about=made[0])


@pytest.mark.csi_clause("RPC-LIS-001")
def test_a_filter_that_nothing_matches_is_no_error(csi_rpc: Rpc) -> None:
    csi_rpc.needs("RPC-LIS-001", SNAPSHOTS, "LIST_SNAPSHOTS")
    volume = csi_rpc.volume()
    gone = csi_rpc.snapshot(volume.volume_id).snapshot_id
    csi_rpc.delete_snapshot(gone)
    for field, value in (
        ("snapshot_id", gone),
        ("snapshot_id", "csi-rpc-nobody"),
        ("source_volume_id", volume.volume_id),
        ("source_volume_id", "csi-rpc-nobody"),
    ):
        found = ids_of(csi_rpc.pages("RPC-LIS-001", **{field: value}))
        csi_rpc.check("RPC-LIS-001", expected=[], observed=found, about=f"{field} {value}")


@pytest.mark.csi_exclusive
@pytest.mark.csi_clause("RPC-LIS-002")
def test_pages_have_each_snapshot_once(csi_rpc: Rpc) -> None:
    """Alone: whether pages are whole can be told only while nobody else makes and deletes snapshots."""
    csi_rpc.needs("RPC-LIS-002", SNAPSHOTS, "LIST_SNAPSHOTS")
    volume = csi_rpc.volume()
    made = [csi_rpc.snapshot(volume.volume_id).snapshot_id for _ in range(3)]
    for _ in range(TRIES):
        before = set(ids_of(csi_rpc.pages("RPC-LIS-002")))
        most = max(1, len(before) // 3)
        pages = csi_rpc.pages("RPC-LIS-002", max_entries=most)
        after = set(ids_of(csi_rpc.pages("RPC-LIS-002")))
        longest = max(len(page) for page in pages)
        csi_rpc.check("RPC-LIS-002", expected=f"at most {most} entries", observed=longest, holds=longest <= most)
        times = Counter(ids_of(pages))
        wrong = {each: times[each] for each in {*made, *(before & after)} if times[each] != 1}
        if not wrong or before == after:
            break
    else:
        csi_rpc.unknown("RPC-LIS-002", "others made and deleted snapshots all the time")
    csi_rpc.check("RPC-LIS-002", expected="each snapshot once", observed=wrong, holds=not wrong)


@pytest.mark.csi_clause("RPC-LIS-002")
def test_a_token_that_is_none_is_refused(csi_rpc: Rpc) -> None:
    csi_rpc.needs("RPC-LIS-002", "LIST_SNAPSHOTS")
    answer = csi_rpc.list_snapshots(starting_token="csi-rpc-no-token", max_entries=1)
    csi_rpc.answered("RPC-LIS-002", answer, Code.ABORTED)


@pytest.mark.csi_clause("RPC-GET-001")
def test_one_snapshot_is_got_by_its_id(csi_rpc: Rpc) -> None:
    csi_rpc.needs("RPC-GET-001", SNAPSHOTS, "GET_SNAPSHOT")
    made = csi_rpc.snapshot(csi_rpc.volume().volume_id)
    got = csi_rpc.granted("RPC-GET-001", csi_rpc.get_snapshot(made.snapshot_id)).snapshot
    csi_rpc.check("RPC-GET-001", expected=made.snapshot_id, observed=got.snapshot_id)
    csi_rpc.delete_snapshot(made.snapshot_id)
    csi_rpc.answered("RPC-GET-001", csi_rpc.get_snapshot(made.snapshot_id), Code.NOT_FOUND)
    csi_rpc.answered("RPC-GET-001", csi_rpc.get_snapshot(""), Code.INVALID_ARGUMENT)


def ids_of(pages: list[list[Snapshot]]) -> list[str]:
    """In the order of the list."""
    return [snapshot.snapshot_id for page in pages for snapshot in page]
