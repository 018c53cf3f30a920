"""RPC-DES, RPC-DEV: DeleteSnapshot, and DeleteVolume where there are snapshots."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.csi.calls import Code
from pytest_csi_snapshot.csi.rpc import Rpc
from pytest_csi_snapshot.csi.snapshots import GROUPS
from pytest_csi_snapshot.csi.volumes import of_snapshot

SNAPSHOTS = "CREATE_DELETE_SNAPSHOT"


def gone_or_usable(csi_rpc: Rpc, snapshot_id: str, *, gone: bool) -> None:
    """Check that a snapshot is what the answer to its deletion said: gone, or as good as before."""
    restored = csi_rpc.try_volume(source=of_snapshot(snapshot_id))
    if gone:
        csi_rpc.answered("RPC-DES-002", restored, Code.NOT_FOUND)
    else:
        csi_rpc.granted("RPC-DES-002", restored)


@pytest.mark.csi_clause("RPC-DES-001")
def test_deleting_twice_is_as_good_as_once(csi_rpc: Rpc) -> None:
    csi_rpc.needs("RPC-DES-001", SNAPSHOTS)
    snapshot = csi_rpc.snapshot(csi_rpc.volume().volume_id)
    csi_rpc.granted("RPC-DES-001", csi_rpc.delete_snapshot(snapshot.snapshot_id))
    csi_rpc.granted("RPC-DES-001", csi_rpc.delete_snapshot(snapshot.snapshot_id))


@pytest.mark.csi_clause("RPC-DES-001")
def test_an_unknown_snapshot_is_deleted_a_missing_id_is_not(csi_rpc: Rpc) -> None:
    csi_rpc.needs("RPC-DES-001", SNAPSHOTS)
    csi_rpc.granted("RPC-DES-001", csi_rpc.delete_snapshot("csi-rpc-nobody"))
    csi_rpc.answered("RPC-DES-001", csi_rpc.delete_snapshot(""), Code.INVALID_ARGUMENT)


@pytest.mark.csi_clause("RPC-DES-002")
def test_a_snapshot_in_use_stays_whole_or_its_user_does_not_need_it(csi_rpc: Rpc) -> None:
    """Whether a restored volume needs its snapshot is the driver's choice; both ways are told by one code each."""
    csi_rpc.needs("RPC-DES-002", SNAPSHOTS)
    snapshot = csi_rpc.snapshot(csi_rpc.volume().volume_id)
    csi_rpc.volume(source=of_snapshot(snapshot.snapshot_id))
    answer = csi_rpc.delete_snapshot(snapshot.snapshot_id)
    csi_rpc.answered("RPC-DES-002", answer, Code.OK, Code.FAILED_PRECONDITION)
    gone_or_usable(csi_rpc, snapshot.snapshot_id, gone=answer.ok)


@pytest.mark.csi_clause("RPC-DES-002")
def test_a_member_of_a_group_does_not_go_alone(csi_rpc: Rpc) -> None:
    """A driver whose members are free to go answers OK, and then the member is gone."""
    csi_rpc.needs("RPC-DES-002", GROUPS)
    group = csi_rpc.group([csi_rpc.volume().volume_id, csi_rpc.volume().volume_id])
    member = group.snapshots[0].snapshot_id
    answer = csi_rpc.delete_snapshot(member)
    csi_rpc.answered("RPC-DES-002", answer, Code.INVALID_ARGUMENT, Code.OK)
    gone_or_usable(csi_rpc, member, gone=answer.ok)


@pytest.mark.csi_clause("RPC-DEV-001")
def test_a_deleted_volume_leaves_its_snapshots_usable(csi_rpc: Rpc) -> None:
    csi_rpc.needs("RPC-DEV-001", SNAPSHOTS)
    volume = csi_rpc.volume()
    snapshot = csi_rpc.snapshot(volume.volume_id)
    answer = csi_rpc.delete_volume(volume.volume_id)
    csi_rpc.answered("RPC-DEV-001", answer, Code.OK, Code.FAILED_PRECONDITION)
    csi_rpc.granted("RPC-DEV-001", csi_rpc.try_volume(source=of_snapshot(snapshot.snapshot_id)))
    if not answer.ok:
        csi_rpc.granted("RPC-DEV-001", csi_rpc.try_snapshot(volume.volume_id), hint="is the volume still there?")
