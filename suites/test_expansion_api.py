"""EXP: what the API server lets a claim ask for, and what a growth looks like that nobody takes up."""

from __future__ import annotations

from functools import partial

import pytest

from pytest_csi_snapshot.conditions import BOUND, resize_conditions
from pytest_csi_snapshot.growing import allocated
from pytest_csi_snapshot.kube.kinds import STORAGE_CLASS
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.quantities import MI, format_quantity
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.verbs.static_volumes import csi_source

OF_A_RESIZER = frozenset({"Resizing", "VolumeResizeSuccessful", "VolumeResizeFailed", "FileSystemResizeRequired"})
"""Reasons of the events of whoever takes a growth up."""


def request(size: int) -> dict[str, object]:
    return {"spec": {"resources": {"requests": {"storage": format_quantity(size)}}}}


def growing_without_end(csi: Scenario) -> Handle:
    """A claim on a volume of a driver that does not exist: its growth is accepted, and taken up by nobody."""
    driver = csi.invented_driver()
    cls = csi.storage_class_with(provisioner=driver, allowVolumeExpansion=True)
    claim = csi.static_claim(csi_source(driver, "a-volume-that-never-was"), storage_class=cls)
    csi.expand(claim, csi.larger)
    return claim


@pytest.mark.csi_clause("EXP-001")
def test_class_decides_whether_a_claim_may_grow(csi: Scenario) -> None:
    cls = csi.storage_class_with(allowVolumeExpansion=False)
    claim = csi.claim(storage_class=cls)
    csi.bound(claim)
    csi.refuses("EXP-001", "growth forbidden by the class", partial(csi.expand, claim, csi.larger), status=403)
    csi.api.patch(STORAGE_CLASS, None, cls, {"allowVolumeExpansion": True})
    csi.accepts_soon("EXP-001", "growth allowed by the class", partial(csi.expand, claim, csi.larger))


@pytest.mark.csi_clause("EXP-002")
def test_claim_that_is_not_bound_does_not_grow(csi: Scenario) -> None:
    cls = csi.storage_class_with(provisioner=csi.invented_driver(), allowVolumeExpansion=True)
    claim = csi.claim(storage_class=cls)
    csi.refuses(
        "EXP-002", "growth of a Pending claim", partial(csi.try_patch, claim, request(csi.larger)), "immutable"
    )
    csi.check("EXP-002", expected=False, observed=BOUND.holds(csi.get(claim)), about=f"{claim} is Bound")


@pytest.mark.csi_clause("EXP-003")
def test_claim_does_not_shrink(csi: Scenario) -> None:
    claim = csi.volume()
    smaller = partial(csi.try_patch, claim, request(csi.capacity(claim) - MI))
    csi.refuses("EXP-003", "a smaller request", smaller, "can not be less than")


@pytest.mark.csi_clause("EXP-003", "EXP-004")
def test_unfinished_growth_may_be_reduced_but_not_undone(csi: Scenario) -> None:
    claim = growing_without_end(csi)
    for size in (csi.size - MI, csi.size):
        attempt = partial(csi.try_patch, claim, request(size))
        csi.refuses(
            "EXP-003", f"a request of {size} with a capacity of {csi.size}", attempt, "can not be less than"
        )
    csi.accepts("EXP-004", "a request just above the capacity", partial(csi.expand, claim, csi.size + 1))


@pytest.mark.csi_clause("EXP-004")
def test_growth_that_waits_for_its_node_step_may_be_reduced(csi: Scenario) -> None:
    """The controller's part stays as it is: the claim ends with at least what it asks for in the end."""
    csi.may_grow("EXP-004")
    claim = csi.volume()
    csi.expand(claim, csi.larger)
    csi.needs_node_step(claim, csi.larger, "EXP-004")
    reduced = (csi.size + csi.larger) // 2
    csi.accepts("EXP-004", "a smaller growth", partial(csi.expand, claim, reduced))
    csi.read(claim)
    csi.grown(claim, reduced, "EXP-004")


@pytest.mark.csi_clause("EXP-028")
def test_growth_that_no_resizer_takes_up_shows_one_event_only(csi: Scenario) -> None:
    csi.may_grow("EXP-028")
    claim = growing_without_end(csi)
    csi.event(claim, "ExternalExpanding", "EXP-028")
    probe = csi.volume()  # grown after the claim: whoever grows volumes was at work meanwhile
    csi.expand(probe, csi.larger)
    csi.node_step_due(probe, csi.larger)
    body = csi.get(claim)
    csi.check(
        "EXP-028",
        expected={"conditions": [], "allocated": "", "events": [], "capacity": csi.size},
        observed={
            "conditions": sorted(resize_conditions(body)),
            "allocated": allocated(body),
            "events": sorted(OF_A_RESIZER & {event.object["reason"] for event in csi.events_of(claim)}),
            "capacity": csi.capacity(claim),
        },
        about=claim,
    )
