"""FIN-011: nothing stays behind, in the orders of deletion that are known to go wrong.

Each test ends what it began even where the clause is broken: an object that stays is freed by hand.
"""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.conditions import HAS_ERROR, READY, TERMINATING, has_finalizer
from pytest_csi_snapshot.labels import fresh_name
from pytest_csi_snapshot.ledger import CLAIM_FINALIZER, Handle
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.verbs.attempts import CALLING
from pytest_csi_snapshot.verbs.secrets import RESERVED
from pytest_csi_snapshot.waiting import WaitTimeout


def goes(csi: Scenario, what: Handle) -> None:
    """See an object go; one that stays breaks the clause and is freed."""
    try:
        csi.gone(what, "FIN-011")
    except WaitTimeout:
        csi.free(what)
        csi.steady("FIN-011", what, "whether a call was made before may be forgotten, and the end waits for it")
        raise


@pytest.mark.csi_clause("FIN-011")
def test_claim_goes_whichever_of_its_unready_snapshots_goes_last(csi: Scenario) -> None:
    """The one that goes last never had a class, hence no finalizer that would announce its end."""
    claim = csi.volume()
    classless = csi.snapshot(claim, cls=csi.api.mark.fresh("class"))
    csi.wait(classless, HAS_ERROR)
    unready = csi.snapshot(claim, cls=csi.forsaken_class())
    csi.wait(claim, has_finalizer(CLAIM_FINALIZER))
    content = csi.content_of(unready)
    csi.held(content)
    csi.delete(unready)
    csi.wait(content, TERMINATING)
    csi.free(content)
    csi.gone(unready)
    csi.delete(classless)
    csi.gone(classless)
    csi.delete(claim)
    goes(csi, claim)


@pytest.mark.csi_clause("FIN-011")
def test_snapshot_goes_that_could_never_be_asked_of_the_driver(csi: Scenario) -> None:
    """The class has a reserved parameter that nobody knows (SEC-001), and keeps it."""
    cls = csi.class_with({f"{RESERVED}{fresh_name('unknown')}": "value"})
    snapshot = csi.snapshot(csi.volume(), cls=cls.name)
    content = csi.content_of(snapshot)
    csi.wait(content, HAS_ERROR & CALLING)
    csi.delete(snapshot)
    csi.seen(content, TERMINATING, "FIN-011")
    csi.nudge(content)
    try:
        goes(csi, content)
    finally:
        csi.gone(snapshot)


@pytest.mark.csi_clause("FIN-011")
def test_snapshot_goes_after_a_restore_that_failed(csi: Scenario) -> None:
    """The backend has lost the snapshot, so the driver refuses; the claim is given up, then the snapshot."""
    snapshot = csi.ready_snapshot(csi.volume())
    csi.lose_in_backend(csi.handle_in(csi.wait(csi.content_of(snapshot), READY)))
    restored = csi.restore(snapshot)
    csi.event(restored, "ProvisioningFailed")
    csi.delete(restored)
    csi.gone(restored)
    csi.delete(snapshot)
    goes(csi, snapshot)
