"""Data through a snapshot and back, in each variant of volume, class and use that the driver offers."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_csi_snapshot.kube.kinds import STORAGE_CLASS
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.matrix import Variant
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.workloads import trees
from pytest_csi_snapshot.workloads.blocks import RANGE, Pattern
from pytest_csi_snapshot.workloads.pods import Workload, mount_path

HERE = mount_path(0)
BUSY = {
    "Filesystem": f'echo "$(date) busy" | dd of={HERE}/busy conv=fsync 2>/dev/null',
    "Block": f"dd if=/dev/zero of={HERE} bs={RANGE // 2} seek=2 count=1 conv=notrunc,fsync 2>/dev/null",
}
"""A write beside those of ``scripts``, for a volume that is to be written when it is cut."""


def scripts(csi: Scenario, mode: str) -> tuple[str, str]:
    """What is written before the cut, and over it afterwards."""
    if mode == "Block":
        first, last = (Pattern(seed, csi.size).write_script(HERE) for seed in ("before", "after"))
        return first, last
    return trees.A.write_script(HERE), trees.B.write_script(HERE)


def storage_class(csi: Scenario, variant: Variant) -> str:
    fields: dict[str, Any] = {"volumeBindingMode": variant.binding}
    if variant.fs_type:
        given = csi.api.get(STORAGE_CLASS, None, csi.cluster.storage_class).get("parameters") or {}
        fields["parameters"] = {**given, "csi.storage.k8s.io/fstype": variant.fs_type}
    return csi.storage_class_with(**fields)


def cut(csi: Scenario, variant: Variant, source: Handle) -> Handle:
    """A ready snapshot of what ``scripts`` wrote first; what they write last is in the volume then."""
    first, last = scripts(csi, variant.mode)
    cls = csi.snapshot_class(variant.policy)
    if variant.source == "detached":
        once = Workload(f"set -eu; {first}", {source.name: variant.mode})
        csi.answer(csi.run(once, source.namespace))
        csi.detached(source)
        snapshot = csi.ready_snapshot(source, cls=cls)
        csi.answer(csi.run(Workload(f"set -eu; {last}", {source.name: variant.mode}), source.namespace))
        return snapshot
    busy = BUSY[variant.mode] if variant.source == "written" else ""
    holder = csi.hold(source, first, last=last, busy=busy)
    snapshot = csi.ready_snapshot(source, cls=cls)
    csi.stop(holder)
    return snapshot


@pytest.mark.csi_clause("RES-001", "SNAP-DYN-005")
def test_what_was_cut_comes_back(csi: Scenario, csi_variant: Variant) -> None:
    cls, mode, access = storage_class(csi, csi_variant), csi_variant.mode, csi_variant.access
    if mode == "Block":
        csi.block_volume("RES-001")  # a driver without such volumes says so here
    source = csi.claim(mode=mode, storage_class=cls, access=access)
    snapshot = cut(csi, csi_variant, source)
    size = max(csi.size, csi.restore_size(snapshot))
    restored = csi.claim(size, source=snapshot, mode=mode, storage_class=cls, access=access)
    if mode == "Block":
        first = Pattern("before", csi.size)
        device = csi.read_block(restored, first, "RES-001")
        for clause in ("RES-001", "SNAP-DYN-005"):
            csi.holds_block(clause, first, device, restored)
    else:
        answer = csi.read(restored, "RES-001")
        for clause in ("RES-001", "SNAP-DYN-005"):
            csi.holds(clause, trees.A, answer, restored)
