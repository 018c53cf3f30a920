"""RPC-CAP: what a driver claims, and whether it keeps it."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_csi_snapshot.csi.calls import Answer, Code
from pytest_csi_snapshot.csi.rpc import Rpc
from pytest_csi_snapshot.csi.snapshots import GROUPS
from pytest_csi_snapshot.csi.volumes import of_snapshot, of_volume

NOBODY = "csi-rpc-nobody"
"""The id of nothing; a call without its capability does not come as far as to look it up."""


@pytest.mark.csi_clause("RPC-CAP-001")
def test_snapshots_are_made_restored_and_deleted(csi_rpc: Rpc) -> None:
    csi_rpc.needs("RPC-CAP-001", "CREATE_DELETE_SNAPSHOT")
    made = csi_rpc.granted("RPC-CAP-001", csi_rpc.try_snapshot(csi_rpc.volume().volume_id)).snapshot
    restored = csi_rpc.try_volume(source=of_snapshot(made.snapshot_id))
    csi_rpc.granted("RPC-CAP-001", restored)
    csi_rpc.granted("RPC-CAP-001", csi_rpc.delete_volume(restored.response.volume.volume_id))
    csi_rpc.granted("RPC-CAP-001", csi_rpc.delete_snapshot(made.snapshot_id))


@pytest.mark.csi_clause("RPC-CAP-002")
def test_snapshots_are_made_only_where_that_is_claimed(csi_rpc: Rpc) -> None:
    answer = csi_rpc.try_snapshot(csi_rpc.volume().volume_id)
    claimed_or_unimplemented(csi_rpc, answer, "CREATE_DELETE_SNAPSHOT" in csi_rpc.can.controller)


@pytest.mark.csi_clause("RPC-CAP-002")
def test_snapshots_are_listed_only_where_that_is_claimed(csi_rpc: Rpc) -> None:
    claimed_or_unimplemented(csi_rpc, csi_rpc.list_snapshots(), "LIST_SNAPSHOTS" in csi_rpc.can.controller)


@pytest.mark.csi_clause("RPC-CAP-002")
def test_a_snapshot_is_got_only_where_that_is_claimed(csi_rpc: Rpc) -> None:
    if "GET_SNAPSHOT" not in csi_rpc.can.controller:
        csi_rpc.answered("RPC-CAP-002", csi_rpc.get_snapshot(NOBODY), Code.UNIMPLEMENTED)
        return
    snapshot = csi_rpc.snapshot(csi_rpc.volume().volume_id)
    csi_rpc.granted("RPC-CAP-002", csi_rpc.get_snapshot(snapshot.snapshot_id))


@pytest.mark.csi_clause("RPC-CAP-002")
def test_volumes_are_cloned_only_where_that_is_claimed(csi_rpc: Rpc) -> None:
    answer = csi_rpc.try_volume(source=of_volume(csi_rpc.volume().volume_id))
    if "CLONE_VOLUME" in csi_rpc.can.controller:
        csi_rpc.granted("RPC-CAP-002", answer)
    else:
        csi_rpc.answered("RPC-CAP-002", answer, Code.INVALID_ARGUMENT, Code.UNIMPLEMENTED)


@pytest.mark.csi_clause("RPC-CAP-002")
def test_volumes_are_expanded_only_where_that_is_claimed(csi_rpc: Rpc) -> None:
    answer = csi_rpc.expand(csi_rpc.volume().volume_id, 2 * csi_rpc.size)
    claimed_or_unimplemented(csi_rpc, answer, "EXPAND_VOLUME" in csi_rpc.can.controller)


@pytest.mark.csi_clause("RPC-CAP-002")
def test_a_node_expands_only_where_that_is_claimed(csi_rpc: Rpc) -> None:
    """That it works where it is claimed is shown by the tests of RPC-NEX-001."""
    if "NODE_SERVICE" not in csi_rpc.can.services:
        csi_rpc.not_supported("RPC-CAP-002", "there is no node service at this socket")
    answer = csi_rpc.node_expand(NOBODY, f"/{NOBODY}", csi_rpc.size)
    if "EXPAND_VOLUME" in csi_rpc.can.node:
        told = answer.code is not Code.UNIMPLEMENTED
        csi_rpc.check("RPC-CAP-002", expected="not UNIMPLEMENTED: it is claimed", observed=answer, holds=told)
    else:
        csi_rpc.answered("RPC-CAP-002", answer, Code.UNIMPLEMENTED)


@pytest.mark.csi_clause("RPC-CAP-002")
def test_groups_are_snapshotted_only_where_that_is_claimed(csi_rpc: Rpc) -> None:
    answer = csi_rpc.get_group(NOBODY)
    if GROUPS in csi_rpc.can.group:
        csi_rpc.answered("RPC-CAP-002", answer, Code.NOT_FOUND)
    else:
        csi_rpc.answered("RPC-CAP-002", answer, Code.UNIMPLEMENTED)


@pytest.mark.csi_clause("RPC-CAP-003")
def test_the_mode_of_expansion_is_told(csi_rpc: Rpc) -> None:
    if "EXPAND_VOLUME" not in csi_rpc.can.controller | csi_rpc.can.node:
        csi_rpc.not_supported("RPC-CAP-003", "the driver does not claim EXPAND_VOLUME")
    told = sorted(csi_rpc.can.expansion)
    csi_rpc.check("RPC-CAP-003", expected="ONLINE or OFFLINE", observed=told or "neither", holds=bool(told))


def claimed_or_unimplemented(csi_rpc: Rpc, answer: Answer[Any], claimed: bool) -> None:
    """RPC-CAP-002 for a call that is right in all else."""
    if claimed:
        csi_rpc.granted("RPC-CAP-002", answer)
    else:
        csi_rpc.answered("RPC-CAP-002", answer, Code.UNIMPLEMENTED)
