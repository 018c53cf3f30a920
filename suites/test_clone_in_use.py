"""CLN: clones of a volume that is being written."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.conditions import BOUND, Condition
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.verbs.pods import DATA
from pytest_csi_snapshot.workloads import trees
from pytest_csi_snapshot.workloads.logs import read_log

REFUSALS = ("FailedPrecondition", "InvalidArgument", "Unimplemented")
"""Codes by which a driver may say that it does not clone a volume in use; others only put it off."""


def refusal(csi: Scenario, clone: Handle) -> str:
    """What the driver says where it refuses the clone, "" where it does not."""
    told = (str(event.object.get("message", "")) for event in csi.events_of(clone))
    return next((message for message in told if any(code in message for code in REFUSALS)), "")


@pytest.mark.csi_clause("CLN-012")
def test_clone_of_a_volume_being_written_is_a_cut_or_refused(csi: Scenario) -> None:
    """Refused means: made once the writer is gone. A cut holds the first records of the log and no later ones."""
    source = csi.volume()
    writer = csi.writer(source)
    clone = csi.clone(source)
    settled = Condition("phase Bound, or a refusal", lambda body: BOUND.holds(body) or bool(refusal(csi, clone)))
    csi.wait(clone, settled, "CLN-012", within=csi.limits.bind)
    if refusal(csi, clone):
        csi.stop(writer)
        csi.detached(source)
        csi.nudge(clone)
        csi.bound(clone, "CLN-012")
        return
    answer = csi.read(clone, "CLN-012")
    csi.holds("CLN-012", trees.A, answer, clone)
    log = read_log(answer, DATA)
    whole = log is not None and log.is_prefix and log.records >= 3 and not log.farewell
    csi.check("CLN-012", expected="at least the 3 records that were flushed before, in order",
              observed=log, holds=whole, about=f"the log in {clone}")  # fmt: skip
