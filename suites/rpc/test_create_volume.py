"""RPC-CRV: CreateVolume from a source."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.csi.calls import Code
from pytest_csi_snapshot.csi.rpc import Rpc
from pytest_csi_snapshot.csi.snapshots import Snapshot
from pytest_csi_snapshot.csi.volumes import Source, Volume, capacity, of_snapshot, of_volume
from pytest_csi_snapshot.quantities import GI, MI

SNAPSHOTS = "CREATE_DELETE_SNAPSHOT"


@pytest.mark.csi_clause("RPC-CRV-001")
def test_a_snapshot_that_is_not_there_is_not_found(csi_rpc: Rpc) -> None:
    csi_rpc.needs("RPC-CRV-001", SNAPSHOTS)
    _, snapshot = source(csi_rpc)
    csi_rpc.delete_snapshot(snapshot.snapshot_id)
    answer = csi_rpc.try_volume(source=of_snapshot(snapshot.snapshot_id))
    csi_rpc.answered("RPC-CRV-001", answer, Code.NOT_FOUND)
    csi_rpc.answered("RPC-CRV-001", csi_rpc.try_volume(source=Source()), Code.INVALID_ARGUMENT)


@pytest.mark.csi_clause("RPC-CRV-001")
def test_a_volume_that_is_not_there_is_not_found(csi_rpc: Rpc) -> None:
    csi_rpc.needs("RPC-CRV-001", "CLONE_VOLUME")
    gone = csi_rpc.volume().volume_id
    csi_rpc.delete_volume(gone)
    csi_rpc.answered("RPC-CRV-001", csi_rpc.try_volume(source=of_volume(gone)), Code.NOT_FOUND)


@pytest.mark.csi_clause("RPC-CRV-001")
def test_a_restore_smaller_than_its_source_is_out_of_range(csi_rpc: Rpc) -> None:
    csi_rpc.needs("RPC-CRV-001", SNAPSHOTS)
    volume, snapshot = source(csi_rpc)
    most = (snapshot.size_bytes or capacity(volume, csi_rpc.size)) - 1
    answer = csi_rpc.try_volume(size=1, limit=most, source=of_snapshot(snapshot.snapshot_id))
    csi_rpc.answered("RPC-CRV-001", answer, Code.OUT_OF_RANGE)


@pytest.mark.csi_clause("RPC-CRV-001")
def test_a_clone_smaller_than_its_source_is_out_of_range(csi_rpc: Rpc) -> None:
    csi_rpc.needs("RPC-CRV-001", "CLONE_VOLUME")
    volume = csi_rpc.volume()
    answer = csi_rpc.try_volume(
        size=1, limit=capacity(volume, csi_rpc.size) - 1, source=of_volume(volume.volume_id)
    )
    csi_rpc.answered("RPC-CRV-001", answer, Code.OUT_OF_RANGE)


@pytest.mark.csi_clause("RPC-CRV-001")
def test_a_larger_restore_works_or_is_out_of_range(csi_rpc: Rpc) -> None:
    csi_rpc.needs("RPC-CRV-001", SNAPSHOTS)
    volume, snapshot = source(csi_rpc)
    answer = csi_rpc.try_volume(size=2 * capacity(volume, csi_rpc.size), source=of_snapshot(snapshot.snapshot_id))
    csi_rpc.answered("RPC-CRV-001", answer, Code.OK, Code.OUT_OF_RANGE)


@pytest.mark.csi_clause("RPC-CRV-001")
def test_a_name_means_one_volume(csi_rpc: Rpc) -> None:
    csi_rpc.needs("RPC-CRV-001", SNAPSHOTS)
    volume, snapshot = source(csi_rpc)
    name, whole = csi_rpc.fresh("volume"), capacity(volume, csi_rpc.size)
    first = csi_rpc.granted("RPC-CRV-001", csi_rpc.try_volume(name=name, source=of_snapshot(snapshot.snapshot_id)))
    again = csi_rpc.granted("RPC-CRV-001", csi_rpc.try_volume(name=name, source=of_snapshot(snapshot.snapshot_id)))
    csi_rpc.check("RPC-CRV-001", expected=first.volume.volume_id, observed=again.volume.volume_id, about=name)
    larger = csi_rpc.try_volume(name=name, size=4 * whole, source=of_snapshot(snapshot.snapshot_id))
    csi_rpc.answered("RPC-CRV-001", larger, Code.ALREADY_EXISTS)
    other = csi_rpc.snapshot(volume.volume_id)
    elsewhere = csi_rpc.try_volume(name=name, source=of_snapshot(other.snapshot_id))
    csi_rpc.answered("RPC-CRV-001", elsewhere, Code.ALREADY_EXISTS)


@pytest.mark.csi_clause("RPC-CRV-002")
@pytest.mark.parametrize("kind", ["snapshot", "volume"])
def test_the_answer_repeats_the_source_and_has_the_size(csi_rpc: Rpc, kind: str) -> None:
    csi_rpc.needs("RPC-CRV-002", SNAPSHOTS if kind == "snapshot" else "CLONE_VOLUME")
    volume = csi_rpc.volume()
    content = of_volume(volume.volume_id)
    if kind == "snapshot":
        content = of_snapshot(csi_rpc.snapshot(volume.volume_id).snapshot_id)
    least, most = capacity(volume, csi_rpc.size), 2 * capacity(volume, csi_rpc.size)
    made = csi_rpc.granted("RPC-CRV-002", csi_rpc.try_volume(size=least, limit=most, source=content)).volume
    csi_rpc.check("RPC-CRV-002", expected=str(content), observed=str(made.content_source), about=made.volume_id)
    size = made.capacity_bytes
    within = size == 0 or least <= size <= most
    csi_rpc.check("RPC-CRV-002", expected=f"0, or {least} to {most}", observed=size, holds=within)


@pytest.mark.csi_clause("RPC-CRV-002")
@pytest.mark.parametrize("room", [MI, GI], ids=["narrow", "wide"])
def test_an_odd_size_is_within_its_limits(csi_rpc: Rpc, room: int) -> None:
    """One byte more than a round size, which most drivers round up; where that is not allowed they refuse."""
    least = csi_rpc.size + 1
    answer = csi_rpc.try_volume(size=least, limit=least + room)
    csi_rpc.answered("RPC-CRV-002", answer, Code.OK, Code.OUT_OF_RANGE)
    if answer.ok:
        size = answer.response.volume.capacity_bytes
        within = size == 0 or least <= size <= least + room
        csi_rpc.check("RPC-CRV-002", expected=f"0, or {least} to {least + room}", observed=size, holds=within)


@pytest.mark.csi_clause("RPC-CRV-003")
def test_the_filesystem_of_a_larger_restore_is_grown(csi_rpc: Rpc) -> None:
    """The source is mounted once, so that there is a filesystem to restore."""
    csi_rpc.needs("RPC-CRV-003", SNAPSHOTS)
    volume = csi_rpc.volume()
    with csi_rpc.in_use(volume, "RPC-CRV-003") as place:
        small = place.size
    content = of_snapshot(csi_rpc.snapshot(volume.volume_id).snapshot_id)
    answer = csi_rpc.try_volume(size=2 * capacity(volume, csi_rpc.size), source=content)
    if answer.code is Code.OUT_OF_RANGE:
        csi_rpc.not_supported("RPC-CRV-003", "the driver makes no volume that is larger than its source")
    with csi_rpc.in_use(csi_rpc.granted("RPC-CRV-003", answer).volume, "RPC-CRV-003") as place:
        grown = place.size > small + capacity(volume, csi_rpc.size) // 2
        csi_rpc.check("RPC-CRV-003", expected=f"about twice {small} bytes", observed=place.size, holds=grown)


def source(csi_rpc: Rpc) -> tuple[Volume, Snapshot]:
    """An ordinary volume and a snapshot of it."""
    volume = csi_rpc.volume()
    return volume, csi_rpc.snapshot(volume.volume_id)
