"""RPC-GRP: group snapshots."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.csi.calls import Code
from pytest_csi_snapshot.csi.rpc import Rpc
from pytest_csi_snapshot.csi.snapshots import GROUPS, Group


@pytest.mark.csi_clause("RPC-GRP-001")
def test_a_name_means_one_group(csi_rpc: Rpc) -> None:
    csi_rpc.needs("RPC-GRP-001", GROUPS)
    volumes, name = [csi_rpc.volume().volume_id for _ in range(3)], csi_rpc.fresh("group")
    first = csi_rpc.granted("RPC-GRP-001", csi_rpc.try_group(volumes[:2], name=name)).group_snapshot
    again = csi_rpc.granted("RPC-GRP-001", csi_rpc.try_group(volumes[:2], name=name)).group_snapshot
    csi_rpc.check("RPC-GRP-001", expected=first.group_snapshot_id, observed=again.group_snapshot_id, about=name)
    csi_rpc.check("RPC-GRP-001", expected=members(first), observed=members(again), about=name)
    csi_rpc.answered("RPC-GRP-001", csi_rpc.try_group(volumes[1:], name=name), Code.ALREADY_EXISTS)


@pytest.mark.csi_clause("RPC-GRP-001")
def test_a_group_has_a_snapshot_of_each_volume_and_is_ready_with_them(csi_rpc: Rpc) -> None:
    csi_rpc.needs("RPC-GRP-001", GROUPS)
    volumes = sorted(csi_rpc.volume().volume_id for _ in range(2))
    group = csi_rpc.granted("RPC-GRP-001", csi_rpc.try_group(volumes)).group_snapshot
    about = group.group_snapshot_id
    sources = sorted(each.source_volume_id for each in group.snapshots)
    csi_rpc.check("RPC-GRP-001", expected=volumes, observed=sources, about=about)
    belonging = [each.group_snapshot_id for each in group.snapshots]
    csi_rpc.check("RPC-GRP-001", expected=[about] * 2, observed=belonging, about=about)
    unready = [each.snapshot_id for each in group.snapshots if not each.ready_to_use]
    holds = not (group.ready_to_use and unready)
    csi_rpc.check("RPC-GRP-001", expected="a group as ready as its members", observed=unready, holds=holds)


@pytest.mark.csi_clause("RPC-GRP-001")
def test_a_group_needs_a_name_and_volumes(csi_rpc: Rpc) -> None:
    csi_rpc.needs("RPC-GRP-001", GROUPS)
    volume = csi_rpc.volume().volume_id
    csi_rpc.answered("RPC-GRP-001", csi_rpc.try_group([volume], name=""), Code.INVALID_ARGUMENT)
    csi_rpc.answered("RPC-GRP-001", csi_rpc.try_group([]), Code.INVALID_ARGUMENT)


@pytest.mark.csi_clause("RPC-GRP-002")
def test_a_group_is_deleted_by_its_members_and_only_once(csi_rpc: Rpc) -> None:
    csi_rpc.needs("RPC-GRP-002", GROUPS)
    group = csi_rpc.group([csi_rpc.volume().volume_id for _ in range(2)])
    wrong = csi_rpc.delete_group(group.group_snapshot_id, ["csi-rpc-nobody"])
    csi_rpc.answered("RPC-GRP-002", wrong, Code.INVALID_ARGUMENT)
    csi_rpc.granted("RPC-GRP-002", csi_rpc.get_group(group.group_snapshot_id, members(group)))
    for _ in range(2):
        csi_rpc.granted("RPC-GRP-002", csi_rpc.delete_group(group.group_snapshot_id, members(group)))
    csi_rpc.answered("RPC-GRP-002", csi_rpc.get_group(group.group_snapshot_id, members(group)), Code.NOT_FOUND)


@pytest.mark.csi_clause("RPC-GRP-002")
def test_an_unknown_group_is_deleted_but_not_found(csi_rpc: Rpc) -> None:
    csi_rpc.needs("RPC-GRP-002", GROUPS)
    csi_rpc.granted("RPC-GRP-002", csi_rpc.delete_group("csi-rpc-nobody", []))
    csi_rpc.answered("RPC-GRP-002", csi_rpc.get_group("csi-rpc-nobody"), Code.NOT_FOUND)
    csi_rpc.answered("RPC-GRP-002", csi_rpc.delete_group("", []), Code.INVALID_ARGUMENT)


def members(group: Group) -> list[str]:
    """The ids of its snapshots, sorted: their order means nothing."""
    return sorted(each.snapshot_id for each in group.snapshots)
