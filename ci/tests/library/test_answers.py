"""Which event about a claim is an answer to what was asked."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from pytest_csi_snapshot.kube.kinds import EVENT, PVC
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.recorder import Recorder
from pytest_csi_snapshot.verbs.answers import AnswerVerbs
from pytest_csi_snapshot.verbs.core import too_early

from .objects import Recorded, meta

FAILED = 'failed to provision volume with StorageClass "new": '
UNHEARD = FAILED + 'storageclass.storage.k8s.io "new" not found'
REFUSED = FAILED + "rpc error: code = NotFound desc = snapshot s not found"


def told(*messages: str) -> tuple[AnswerVerbs, Handle]:
    """A test that waits for no time at all, and a claim of it about which this was said."""
    verbs = object.__new__(AnswerVerbs)
    verbs.history, verbs._recorder = Recorded(), Recorder("t")
    verbs.limits = SimpleNamespace(reaction=0.0, bind=0.0)  # type: ignore[assignment]
    for number, message in enumerate(messages):
        about = {"involvedObject": {"uid": "uid-p"}, "reason": "ProvisioningFailed", "message": message}
        verbs.history.told(EVENT, {"metadata": meta(f"e{number}", namespace="ns"), **about})
    return verbs, Handle.of(PVC, {"metadata": meta("p", namespace="ns"), "spec": {}})


def test_a_provisioner_that_has_not_heard_of_the_class_is_waited_for() -> None:
    verbs, claim = told(UNHEARD, REFUSED)
    assert verbs.event(claim, "ProvisioningFailed")["message"] == REFUSED
    assert verbs.provisioning_error(claim) == REFUSED


@pytest.mark.parametrize("message", [REFUSED, FAILED + "snapshot ns/s not found", ""])
def test_other_failures_are_answers(message: str) -> None:
    assert not too_early(message)
