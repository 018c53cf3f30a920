"""RPC-CRS, RPC-ALL: CreateSnapshot."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.csi.calls import INDEFINITE, Code
from pytest_csi_snapshot.csi.made import pauses
from pytest_csi_snapshot.csi.rpc import Rpc
from pytest_csi_snapshot.csi.volumes import of_snapshot

SNAPSHOTS = "CREATE_DELETE_SNAPSHOT"
ROOM = 30.0
"""Seconds in which a deleted snapshot must have made room for another."""


@pytest.mark.csi_clause("RPC-CRS-001")
def test_a_snapshot_needs_a_name_and_a_source(csi_rpc: Rpc) -> None:
    csi_rpc.needs("RPC-CRS-001", SNAPSHOTS)
    volume = csi_rpc.volume()
    csi_rpc.answered("RPC-CRS-001", csi_rpc.try_snapshot(volume.volume_id, name=""), Code.INVALID_ARGUMENT)
    csi_rpc.answered("RPC-CRS-001", csi_rpc.try_snapshot(""), Code.INVALID_ARGUMENT)


@pytest.mark.csi_clause("RPC-CRS-002")
def test_a_name_means_one_snapshot(csi_rpc: Rpc) -> None:
    csi_rpc.needs("RPC-CRS-002", SNAPSHOTS)
    volume, other, name = csi_rpc.volume(), csi_rpc.volume(), csi_rpc.fresh("snapshot")
    first = csi_rpc.granted("RPC-CRS-002", csi_rpc.try_snapshot(volume.volume_id, name=name)).snapshot
    again = csi_rpc.granted("RPC-CRS-002", csi_rpc.try_snapshot(volume.volume_id, name=name)).snapshot
    csi_rpc.check("RPC-CRS-002", expected=first.snapshot_id, observed=again.snapshot_id, about=name)
    if "LIST_SNAPSHOTS" in csi_rpc.can.controller:  # an answer may have been lost: what it was about counts too
        found = [each.snapshot_id for page in csi_rpc.pages("RPC-CRS-002", source_volume_id=volume.volume_id)
                 for each in page]  # fmt: skip
        csi_rpc.check("RPC-CRS-002", expected=[first.snapshot_id], observed=found, about=volume.volume_id)
    stranger = csi_rpc.try_snapshot(other.volume_id, name=name)
    csi_rpc.answered("RPC-CRS-002", stranger, Code.ALREADY_EXISTS)


@pytest.mark.csi_clause("RPC-CRS-003")
def test_the_answer_describes_the_snapshot(csi_rpc: Rpc) -> None:
    csi_rpc.needs("RPC-CRS-003", SNAPSHOTS)
    volume, name = csi_rpc.volume(), csi_rpc.fresh("snapshot")
    snapshot = csi_rpc.granted("RPC-CRS-003", csi_rpc.try_snapshot(volume.volume_id, name=name)).snapshot
    missing = [field for field in ("snapshot_id", "source_volume_id") if not getattr(snapshot, field)]
    missing += [] if snapshot.creation_time.seconds > 0 else ["creation_time"]
    csi_rpc.check("RPC-CRS-003", expected="no field missing", observed=missing, holds=not missing, about=name)
    csi_rpc.check("RPC-CRS-003", expected=volume.volume_id, observed=snapshot.source_volume_id, about=name)
    size = snapshot.size_bytes
    csi_rpc.check("RPC-CRS-003", expected="size_bytes of at least 0", observed=size, holds=size >= 0, about=name)
    ready = csi_rpc.snapshot(volume.volume_id, name=name)
    csi_rpc.check("RPC-CRS-003", expected=snapshot.snapshot_id, observed=ready.snapshot_id, about=name)
    cut = snapshot.creation_time.ToJsonString()
    csi_rpc.check("RPC-CRS-003", expected=cut, observed=ready.creation_time.ToJsonString(), about=name)


@pytest.mark.csi_clause("RPC-CRS-003")
def test_the_answer_comes_after_the_cut(csi_rpc: Rpc) -> None:
    """What is written once the call has been answered is not in the snapshot."""
    csi_rpc.needs("RPC-CRS-003", SNAPSHOTS)
    volume = csi_rpc.volume()
    name = csi_rpc.fresh("snapshot")
    with csi_rpc.in_use(volume, "RPC-CRS-003") as place:
        place.write("before")
        csi_rpc.granted("RPC-CRS-003", csi_rpc.try_snapshot(volume.volume_id, name=name))
        place.write("after")
    snapshot = csi_rpc.snapshot(volume.volume_id, name=name)
    restored = csi_rpc.volume(source=of_snapshot(snapshot.snapshot_id))
    with csi_rpc.in_use(restored, "RPC-CRS-003") as place:
        csi_rpc.check("RPC-CRS-003", expected="before", observed=place.read(), about=snapshot.snapshot_id)


@pytest.mark.csi_clause("RPC-CRS-004")
def test_no_room_for_a_snapshot_is_told_as_such(csi_rpc: Rpc) -> None:
    csi_rpc.needs("RPC-CRS-004", SNAPSHOTS)
    limit, volume = csi_rpc.snapshot_limit, csi_rpc.volume()
    if not limit:
        csi_rpc.not_supported("RPC-CRS-004", "no limit of snapshots is declared: --csi-snapshot-limit")
    made: list[str] = []
    for _ in range(limit + 1):
        if not (answer := csi_rpc.try_snapshot(volume.volume_id)).ok:
            break
        made.append(answer.response.snapshot.snapshot_id)
    csi_rpc.answered("RPC-CRS-004", answer, Code.RESOURCE_EXHAUSTED)
    if made:
        csi_rpc.granted("RPC-CRS-004", csi_rpc.delete_snapshot(made[0]))
        for _ in pauses(ROOM):
            if (answer := csi_rpc.try_snapshot(volume.volume_id)).code is not Code.RESOURCE_EXHAUSTED:
                break
        csi_rpc.granted("RPC-CRS-004", answer)


@pytest.mark.csi_clause("RPC-ALL-001")
def test_two_calls_at_once_make_one_snapshot(csi_rpc: Rpc) -> None:
    csi_rpc.needs("RPC-ALL-001", SNAPSHOTS)
    volume, name = csi_rpc.volume(), csi_rpc.fresh("snapshot")
    answers = csi_rpc.at_once(csi_rpc.snapshot_request(volume.volume_id, name=name), 2)
    strange = [str(answer) for answer in answers if not answer.ok and answer.code not in INDEFINITE]
    csi_rpc.check("RPC-ALL-001", expected="OK or ABORTED", observed=strange, holds=not strange, about=name)
    last = csi_rpc.granted("RPC-ALL-001", csi_rpc.try_snapshot(volume.volume_id, name=name)).snapshot
    ids = {answer.response.snapshot.snapshot_id for answer in answers if answer.ok} | {last.snapshot_id}
    csi_rpc.check("RPC-ALL-001", expected=[last.snapshot_id], observed=sorted(ids), about=name)
    if "LIST_SNAPSHOTS" in csi_rpc.can.controller:
        pages = csi_rpc.pages("RPC-ALL-001", source_volume_id=volume.volume_id)
        found = [each.snapshot_id for page in pages for each in page]
        csi_rpc.check("RPC-ALL-001", expected=[last.snapshot_id], observed=found, about=volume.volume_id)


@pytest.mark.csi_clause("RPC-ALL-001")
def test_two_calls_at_once_make_one_volume(csi_rpc: Rpc) -> None:
    request = csi_rpc.volume_request()
    answers = csi_rpc.at_once(request, 2)
    strange = [str(answer) for answer in answers if not answer.ok and answer.code not in INDEFINITE]
    csi_rpc.check("RPC-ALL-001", expected="OK or ABORTED", observed=strange, holds=not strange, about=request.name)
    last = csi_rpc.granted("RPC-ALL-001", csi_rpc.insist(request)).volume
    ids = {answer.response.volume.volume_id for answer in answers if answer.ok} | {last.volume_id}
    csi_rpc.check("RPC-ALL-001", expected=[last.volume_id], observed=sorted(ids), about=request.name)
