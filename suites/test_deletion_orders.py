"""DEL: in whatever order things are deleted, the end is the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.conditions import TERMINATING, Condition, has_finalizer
from pytest_csi_snapshot.kube.kinds import SNAPSHOT_CONTENT
from pytest_csi_snapshot.ledger import BEING_DELETED, CLAIM_FINALIZER, Handle
from pytest_csi_snapshot.scenario import Scenario, open_shared
from pytest_csi_snapshot.verbs.snapshots import Taken

MARKED = Condition(
    f"annotation {BEING_DELETED}: yes",
    lambda content: (content["metadata"].get("annotations") or {}).get(BEING_DELETED) == "yes",
)
ORDERS = ("snapshot, content", "content, snapshot", "claim, snapshot", "snapshot, claim", "class, snapshot")


@pytest.fixture(scope="module")
def csi_source(csi_cluster: Cluster) -> Iterator[Taken]:
    """A ready snapshot to import; no test of this file deletes it."""
    with open_shared(csi_cluster, "source of imports") as csi:
        yield csi.taken(csi.volume())


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.csi_clause("DEL-019")
def test_any_order_of_deletion_has_the_same_end(csi: Scenario, order: str) -> None:
    claim, cls = csi.volume(), csi.derived_class("Delete")
    volume, made = csi.pv_of(claim), csi.taken(claim, cls=cls.name)
    parts = {"snapshot": made.snapshot, "content": made.content, "claim": claim, "class": cls}
    for name in order.split(", "):
        csi.delete(parts[name])
    csi.gone(made.snapshot, "DEL-019")
    csi.gone(made.content, "DEL-019")
    if "claim" in order:
        csi.gone(claim, "DEL-019")
        csi.gone(volume, "DEL-019")
    csi.backend_keeps("DEL-019", made.handle, kept=False)


@pytest.mark.csi_clause("DEL-019")
def test_snapshot_is_deleted_while_its_claim_is_terminating(csi: Scenario) -> None:
    """The claim is held by another snapshot, of a class that no driver serves.

    That one is made first: as one becomes ready, a controller may take the hold of one that it hears of just then.
    """
    claim = csi.volume()
    unready = csi.snapshot(claim, cls=csi.forsaken_class())
    forsaken = csi.content_of(unready)
    csi.wait(claim, has_finalizer(CLAIM_FINALIZER))
    volume, made = csi.pv_of(claim), csi.taken(claim)
    csi.delete(claim)
    csi.wait(claim, TERMINATING)
    csi.delete(made.snapshot)
    csi.gone(made.snapshot, "DEL-019")
    csi.gone(made.content, "DEL-019")
    csi.backend_keeps("DEL-019", made.handle, kept=False)

    csi.delete(unready)
    csi.wait(forsaken, TERMINATING)
    csi.free(forsaken)
    csi.gone(claim, "DEL-019")
    csi.gone(volume, "DEL-019")


@pytest.mark.csi_clause("DEL-019")
def test_claim_and_snapshot_that_was_just_made_go_together(csi: Scenario) -> None:
    claim = csi.volume()
    volume = csi.pv_of(claim)
    snapshot = csi.snapshot(claim)
    csi.delete(claim)
    csi.delete(snapshot)
    csi.gone(snapshot, "DEL-019")
    csi.gone(claim, "DEL-019")
    csi.gone(volume, "DEL-019")
    for body in csi.contents_of(snapshot):  # the snapshot may go before it protects its content
        csi.gone(Handle.of(SNAPSHOT_CONTENT, body), "DEL-019")


@pytest.mark.csi_clause("DEL-009")
def test_imported_content_that_nobody_claims_goes_at_once_and_leaves_the_backend(
    csi: Scenario, csi_source: Taken
) -> None:
    content = csi.import_content(csi_source.handle, policy="Delete")
    csi.backend_answers(content)
    csi.delete(content)
    csi.gone(content, "DEL-009")
    csi.backend_keeps("DEL-009", csi_source.handle, kept=True)


@pytest.mark.parametrize("policy", ["Delete", "Retain"])
@pytest.mark.csi_clause("DEL-020")
def test_snapshot_made_again_under_a_name_has_a_content_of_its_own(csi: Scenario, policy: str) -> None:
    claim, cls = csi.volume(), csi.snapshot_class(policy)
    old = csi.taken(claim, cls=cls)
    csi.delete(old.snapshot)
    csi.gone(old.snapshot)
    new = csi.snapshot(claim, cls=cls, name=old.snapshot.name)
    csi.ready(new, "DEL-020")
    content = csi.content_of(new, "DEL-020")
    csi.check("DEL-020", expected=f"not {old.content.name}", observed=content.name,
              holds=content.name != old.content.name, about=new)  # fmt: skip
    handle = csi.handle_in(csi.get(content))
    csi.check("DEL-020", expected=f"not {old.handle}", observed=handle, holds=handle != old.handle, about=content)


@pytest.mark.csi_clause("DEL-017", "DEL-007")
def test_namespace_takes_with_it_what_is_not_retained(csi: Scenario) -> None:
    home = csi.another_namespace()
    claim = csi.claim(namespace=home.name)
    csi.bound(claim)
    kept, lost = (csi.taken(claim, cls=csi.snapshot_class(policy)) for policy in ("Retain", "Delete"))
    csi.delete(home)
    for end in (kept.snapshot, lost.snapshot, lost.content, claim):
        csi.gone(end, "DEL-017")
    csi.backend_keeps("DEL-017", lost.handle, kept=False)
    csi.wait(kept.content, MARKED, "DEL-007")
    spared(csi, "DEL-017", kept.content)
    csi.backend_keeps("DEL-017", kept.handle, kept=True)


def spared(csi: Scenario, clause: str, content: Handle) -> None:
    """Check that nobody has asked for the deletion of a content."""
    asked = csi.get(content)["metadata"].get("deletionTimestamp")
    csi.check(clause, expected=None, observed=asked, about=f"deletionTimestamp of {content}")
