"""HA: one controller leads, and what it was at is finished by the next."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_csi_snapshot.conditions import READY, Condition, has_capacity
from pytest_csi_snapshot.kube.kinds import SNAPSHOT_CONTENT
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.quantities import GI
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.verbs.controllers import holder_of, runs

HELD = Condition("a holder", lambda lease: bool(holder_of(lease)))


def renewed_since(lease: dict[str, Any]) -> Condition:
    before = lease["spec"]
    return Condition("a renewal", lambda body: body["spec"] != before)


def one_snapshot(csi: Scenario, snapshot: Handle) -> Handle:
    """Check that a ready snapshot has one content, which has had one handle; the content."""
    contents = csi.contents_of(snapshot)
    csi.check("HA-002", expected=1, observed=len(contents), about=f"contents of {snapshot}", blame="SC")
    content = Handle.of(SNAPSHOT_CONTENT, contents[0])
    csi.wait(content, READY)  # it is watched apart from its snapshot
    handles = {csi.handle_in(version.object) for version in csi.versions(content)} - {""}
    csi.check("HA-002", expected=1, observed=len(handles), about=f"handles that {content} has had",
              blame="SS")  # fmt: skip
    return content


@pytest.mark.csi_clause("HA-001")
@pytest.mark.parametrize("component", ["SC", "SS"])
def test_one_instance_leads_and_is_alive(csi: Scenario, component: str) -> None:
    lease = csi.lease_of(component, "HA-001")
    now = csi.wait(lease, HELD, "HA-001", within=csi.limits.failover, blame=component)
    csi.wait(lease, renewed_since(now), "HA-001", within=csi.limits.failover, blame=component)
    pod = csi.get(csi.leader(lease, "HA-001"))
    csi.check("HA-001", expected="a pod that runs", observed=pod["status"]["phase"], holds=runs(pod), about=lease,
              blame=component)  # fmt: skip


@pytest.mark.csi_exclusive
@pytest.mark.csi_clause("HA-002", "HA-003")
@pytest.mark.parametrize("component", ["SC", "SS"])
def test_snapshot_is_taken_and_deleted_although_the_leader_ends(csi: Scenario, component: str) -> None:
    csi.needs_disruption()
    claim, lease = csi.volume(), csi.lease_of(component, "HA-002")
    before = csi.get(lease)["spec"].get("leaseTransitions", 0)
    snapshot = csi.snapshot(claim)
    first = csi.end_leader(lease, "HA-002")
    began = csi.history.clock()
    now = csi.led_by_another(lease, first, "HA-003")
    took = csi.history.clock() - began
    pod = csi.get(csi.leader(lease, "HA-003"))
    transitions = now["spec"].get("leaseTransitions", 0)
    csi.check("HA-003", expected=f"more than {before} transitions, and a holder that runs", about=lease,
              observed=f"{transitions} transitions, {holder_of(now)} {pod['status']['phase']}, after {took:.1f} s",
              holds=transitions > before and runs(pod), blame=component)  # fmt: skip
    csi.wait(snapshot, READY, "HA-002", within=csi.limits.failover)
    content = one_snapshot(csi, snapshot)
    handle = csi.handle_in(csi.get(content))

    csi.delete(snapshot)
    second = csi.end_leader(lease, "HA-002")
    for each in (snapshot, content):
        csi.gone(each, "HA-002", within=csi.limits.failover)
    csi.led_by_another(lease, second, "HA-002")
    found = csi.backend_knows(handle, "HA-002")
    csi.check("HA-002", expected="not in the backend", observed=f"in the backend: {found}", holds=not found,
              about=handle, blame=csi.deletes_when_asked(handle) if found else None)  # fmt: skip


@pytest.mark.csi_exclusive
@pytest.mark.csi_clause("HA-002")
def test_restore_is_made_although_the_provisioner_ends(csi: Scenario) -> None:
    csi.needs_disruption()
    snapshot, lease = csi.ready_snapshot(csi.volume()), csi.lease_of("EP", "HA-002")
    before = csi.volumes_of_driver()
    restored = csi.restore(snapshot)
    csi.event(restored, "Provisioning")
    pod = csi.end_leader(lease, "HA-002")
    csi.led_by_another(lease, pod, "HA-002")
    csi.bound(restored, "HA-002")
    one_snapshot(csi, snapshot)
    if before is not None:  # what it had asked for in vain must be what the next one got
        made, after = csi.volume_handle(restored), csi.volumes_of_driver()
        if after is None:
            csi.unknown("HA-002", "the driver did not list its volumes again: one too many would not be seen")
        new = sorted(after - before)
        csi.check("HA-002", expected=[made], observed=new, about="volumes that the driver has made meanwhile",
                  blame="EP, DRV")  # fmt: skip


@pytest.mark.csi_exclusive
@pytest.mark.csi_clause("HA-002")
def test_volume_is_expanded_although_the_resizer_ends(csi: Scenario) -> None:
    csi.needs_disruption()
    csi.may_grow("HA-002")
    claim, lease = csi.volume(), csi.lease_of("ER", "HA-002")
    csi.expand(claim, size := csi.capacity(claim) + GI)
    pod = csi.end_leader(lease, "HA-002")
    csi.led_by_another(lease, pod, "HA-002")
    volume = csi.pv_of(claim)
    csi.wait(volume, has_capacity(size), "HA-002", within=csi.limits.failover)
