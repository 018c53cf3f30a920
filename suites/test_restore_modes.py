"""RES: restores in another form than the source: volume mode, access mode, binding."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.conditions import has_capacity
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.scenario import Scenario, open_shared
from pytest_csi_snapshot.workloads import trees

MODES = ("Filesystem", "Block")
ALLOW = "snapshot.storage.kubernetes.io/allow-volume-mode-change"


@pytest.fixture(scope="module")
def csi_source(csi_cluster: Cluster) -> Iterator[Handle]:
    """A ready snapshot of a volume that holds tree A; no test of this file changes it."""
    with open_shared(csi_cluster, "source of restores") as csi:
        claim = csi.volume()
        csi.write(claim, trees.A)
        yield csi.ready_snapshot(claim)


def allow(csi: Scenario, what: Handle, word: str) -> None:
    """Annotate a content (or a snapshot, where that means nothing) with leave to change the volume mode."""
    csi.patch(what, {"metadata": {"annotations": {ALLOW: word}}})


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.csi_clause("RES-013", "RES-014")
def test_volume_mode_is_converted_only_where_the_content_allows_it(csi: Scenario, mode: str) -> None:
    other = next(each for each in MODES if each != mode)
    source = csi.block_volume("RES-013")  # asked for in either case: both modes are needed
    snapshot = csi.ready_snapshot(source if mode == "Block" else csi.volume())
    content = csi.content_of(snapshot)
    converted = csi.restore(snapshot, mode=other)
    csi.not_provisioned("RES-013", converted)
    allow(csi, snapshot, "true")
    for word in ("false", "yes"):
        allow(csi, content, word)
        csi.not_provisioned("RES-013", csi.restore(snapshot, mode=other))
    csi.bound(csi.restore(snapshot, mode=mode), "RES-013")
    csi.still_pending("RES-013", converted)

    allow(csi, content, "true")
    csi.nudge(converted)
    csi.bound(converted, "RES-014")


@pytest.mark.csi_clause("RES-015")
def test_restored_device_equals_its_source_byte_for_byte(csi: Scenario) -> None:
    """In a larger device too, where the driver makes such a one: there the end of the source is not the end."""
    source = csi.block_volume("RES-015")
    alpha, snapshot = csi.write_block(source, "alpha"), csi.ready_snapshot(source)
    restored = csi.restore(snapshot, mode="Block")
    larger = csi.restore(snapshot, 2 * max(csi.capacity(source), csi.restore_size(snapshot)), mode="Block")
    csi.bound(restored, "RES-015")
    readers = [csi.start_read_block(claim, alpha, whole=True) for claim in (source, restored)]
    if not csi.bound_or_refused(larger, "OutOfRange", "RES-015"):
        csi.holds_block("RES-015", alpha, csi.read_block(larger, alpha, "RES-015"), larger)
    before, after = (csi.answer_block(reader, "RES-015") for reader in readers)
    csi.holds_block("RES-015", alpha, after, restored)
    csi.check("RES-015", expected=before.whole, observed=after.whole, about=f"all bytes of {restored}")


@pytest.mark.csi_clause("RES-016")
def test_restore_that_binds_late_waits_for_its_pod(csi: Scenario, csi_source: Handle) -> None:
    late = csi.storage_class_with(volumeBindingMode="WaitForFirstConsumer")
    waiting = csi.claim(csi.restore_size(csi_source) or csi.size, source=csi_source, storage_class=late)
    csi.bound(csi.restore(csi_source), "RES-016")  # made later, of a class that binds at once: without a pod
    csi.still_pending("RES-016", waiting, blame="EP")
    reader = csi.start_read(waiting)
    csi.bound(waiting, "RES-016")
    pod, volume = csi.versions(reader)[0], csi.seen(csi.pv_of(waiting), has_capacity(1))
    order = "after" if int(pod.resource_version) < int(volume.resource_version) else "before"
    csi.check("RES-016", expected="after its pod", observed=f"{order} its pod", about=volume.name, blame="EP")
    csi.holds("RES-016", trees.A, csi.answer(reader, "RES-016"), waiting)


@pytest.mark.csi_clause("RES-022")
def test_restore_is_read_on_several_nodes_at_once(csi: Scenario, csi_source: Handle) -> None:
    csi.needs_nodes(2, "RES-022")
    size = csi.restore_size(csi_source) or csi.size
    shared = csi.claim(size, source=csi_source, access="ReadOnlyMany")
    if refusal := csi.bound_or_refused(shared, "InvalidArgument", "RES-022"):
        csi.bound_if_supported(csi.claim(size, access="ReadOnlyMany"), "RES-022")
        csi.check("RES-022", expected="bound, as a new volume with that access mode is", observed=refusal,
                  holds=False, about=shared)  # fmt: skip
    readers = [csi.start_read_only(shared, apart="readers") for _ in range(2)]
    for reader in readers:
        csi.holds("RES-022", trees.A, csi.answer(reader, "RES-022"), shared)
