"""RPC-CEX, RPC-NEX: ControllerExpandVolume and NodeExpandVolume."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.csi.calls import Code
from pytest_csi_snapshot.csi.nodes import PUBLISHING
from pytest_csi_snapshot.csi.rpc import Rpc
from pytest_csi_snapshot.csi.volumes import capacity
from pytest_csi_snapshot.quantities import GI

EXPAND = "EXPAND_VOLUME"
IMPOSSIBLE = (1 << 33) * GI - GI
"""Bytes: the last GiB of what the field can hold."""


@pytest.mark.csi_clause("RPC-CEX-001")
def test_a_volume_grows_once(csi_rpc: Rpc) -> None:
    csi_rpc.needs("RPC-CEX-001", EXPAND)
    volume = csi_rpc.volume()
    for size in (2 * capacity(volume, csi_rpc.size), 2 * capacity(volume, csi_rpc.size), csi_rpc.size):
        told = csi_rpc.granted("RPC-CEX-001", csi_rpc.expand(volume.volume_id, size)).capacity_bytes
        csi_rpc.check("RPC-CEX-001", expected=f"at least {size}", observed=told, holds=told >= size)


@pytest.mark.csi_clause("RPC-CEX-002")
def test_an_expansion_names_its_volume_and_size(csi_rpc: Rpc) -> None:
    csi_rpc.needs("RPC-CEX-002", EXPAND)
    volume = csi_rpc.volume()
    csi_rpc.answered("RPC-CEX-002", csi_rpc.expand("", 2 * csi_rpc.size), Code.INVALID_ARGUMENT)
    csi_rpc.answered("RPC-CEX-002", csi_rpc.expand(volume.volume_id, None), Code.INVALID_ARGUMENT)
    csi_rpc.answered("RPC-CEX-002", csi_rpc.expand(volume.volume_id, IMPOSSIBLE), Code.OUT_OF_RANGE)
    csi_rpc.delete_volume(volume.volume_id)
    csi_rpc.answered("RPC-CEX-002", csi_rpc.expand(volume.volume_id, 2 * csi_rpc.size), Code.NOT_FOUND)


@pytest.mark.csi_clause("RPC-CEX-002")
def test_a_published_volume_grows_where_that_is_claimed(csi_rpc: Rpc) -> None:
    """A driver that does not say how it expands may do either."""
    csi_rpc.needs("RPC-CEX-002", EXPAND)
    if "NODE_SERVICE" not in csi_rpc.can.services:
        csi_rpc.unknown("RPC-CEX-002", "the node service is not at this socket: --csi-node-endpoint")
    volume = csi_rpc.volume()
    allowed = {"ONLINE": (Code.OK,), "OFFLINE": (Code.FAILED_PRECONDITION,)}
    codes = [code for mode in csi_rpc.can.expansion for code in allowed.get(mode, ())]
    attaches = PUBLISHING in csi_rpc.can.controller
    with csi_rpc.attached(volume) if attaches else csi_rpc.in_use(volume, "RPC-CEX-002"):
        answer = csi_rpc.expand(volume.volume_id, 2 * capacity(volume, csi_rpc.size))
        csi_rpc.answered("RPC-CEX-002", answer, *(codes or (Code.OK, Code.FAILED_PRECONDITION)))


@pytest.mark.csi_clause("RPC-NEX-001")
@pytest.mark.parametrize("block", [False, True], ids=["mount", "block"])
def test_a_node_lets_a_volume_span_its_new_size(csi_rpc: Rpc, block: bool) -> None:
    """Expanded while it is in use where the driver claims that, and between two uses elsewhere."""
    csi_rpc.needs("RPC-NEX-001", EXPAND)
    csi_rpc.needs_node("RPC-NEX-001", EXPAND)
    answer = csi_rpc.try_volume(block=block)
    if block and answer.code is Code.INVALID_ARGUMENT:
        csi_rpc.not_supported("RPC-NEX-001", f"the driver makes no raw block volumes: {answer.details}")
    volume = csi_rpc.granted("RPC-NEX-001", answer).volume
    size = 2 * capacity(volume, csi_rpc.size)
    with csi_rpc.in_use(volume, "RPC-NEX-001", block=block) as place:
        small = place.size
        if "ONLINE" in csi_rpc.can.expansion:
            csi_rpc.granted("RPC-NEX-001", csi_rpc.expand(volume.volume_id, size, block=block))
    if "ONLINE" not in csi_rpc.can.expansion:
        csi_rpc.granted("RPC-NEX-001", csi_rpc.expand(volume.volume_id, size, block=block))
    with csi_rpc.in_use(volume, "RPC-NEX-001", block=block) as place:
        response = csi_rpc.node_expand(volume.volume_id, place.path, size, staging=place.staging, block=block)
        told = csi_rpc.granted("RPC-NEX-001", response).capacity_bytes
        csi_rpc.check(
            "RPC-NEX-001", expected=f"0, or at least {size}", observed=told, holds=not told or told >= size
        )
        grown = place.size > small + capacity(volume, csi_rpc.size) // 2
        csi_rpc.check("RPC-NEX-001", expected=f"about twice {small} bytes", observed=place.size, holds=grown)


@pytest.mark.csi_clause("RPC-NEX-001")
def test_a_node_expansion_names_its_volume_and_path(csi_rpc: Rpc) -> None:
    csi_rpc.needs_node("RPC-NEX-001", EXPAND)
    volume = csi_rpc.volume()
    with csi_rpc.in_use(volume, "RPC-NEX-001") as place:
        for volume_id, path, code in (
            ("", place.path, Code.INVALID_ARGUMENT),
            (volume.volume_id, "", Code.INVALID_ARGUMENT),
            ("csi-rpc-nobody", place.path, Code.NOT_FOUND),
            (volume.volume_id, f"{place.path}-elsewhere", Code.NOT_FOUND),
        ):
            answer = csi_rpc.node_expand(
                volume_id, path, capacity(volume, csi_rpc.size), staging=place.staging if path else ""
            )
            csi_rpc.answered("RPC-NEX-001", answer, code)
