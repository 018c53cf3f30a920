"""Which event about a claim is an answer to what was asked."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from pytest_csi_snapshot.conditions import BOUND
from pytest_csi_snapshot.kube.kinds import EVENT, PVC
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.outcomes import Outcome
from pytest_csi_snapshot.recorder import OutOfBounds, Recorder
from pytest_csi_snapshot.verbs import core
from pytest_csi_snapshot.verbs.answers import AnswerVerbs
from pytest_csi_snapshot.verbs.core import too_early
from pytest_csi_snapshot.verbs.ground import PreparationError
from pytest_csi_snapshot.waiting import WaitTimeout

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


@pytest.fixture
def recorder() -> Recorder:
    """Of the test that is told nothing."""
    return Recorder("t")


@pytest.fixture
def in_vain(monkeypatch: pytest.MonkeyPatch, recorder: Recorder) -> tuple[AnswerVerbs, Handle]:
    """A test that is told nothing, by controllers that keep no log."""
    verbs, claim = told()
    monkeypatch.setattr(verbs, "_recorder", recorder)
    monkeypatch.setattr(verbs, "controllers_say", lambda _about: [])
    monkeypatch.setattr(verbs, "_culprit", lambda *_about: "")
    monkeypatch.setattr(verbs, "turn_since", lambda _about: "")
    return verbs, claim


def test_an_event_that_does_not_come_is_unknown_where_who_tells_it_began(
    monkeypatch: pytest.MonkeyPatch, in_vain: tuple[AnswerVerbs, Handle], recorder: Recorder
) -> None:
    verbs, claim = in_vain
    monkeypatch.setattr(verbs, "turn_since", lambda about: f"who tells of {about.name} began")
    with pytest.raises(pytest.skip.Exception):
        verbs.event(claim, "ProvisioningFailed", "ERR-009")
    assert recorder.ending
    assert recorder.ending.outcome is Outcome.UNKNOWN
    assert recorder.ending.reason.startswith("who tells of p began, and what it had to tell may be lost; ")
    with pytest.raises(OutOfBounds, match=r"who tells of p began, .*awaited an event ProvisioningFailed"):
        verbs.event(claim, "ProvisioningFailed")


def test_how_long_it_took_is_unknown_where_who_does_it_began_meanwhile(
    monkeypatch: pytest.MonkeyPatch, in_vain: tuple[AnswerVerbs, Handle], recorder: Recorder
) -> None:
    verbs, claim = in_vain
    checked: list[bool] = []
    monkeypatch.setattr(verbs, "check", lambda _clause, **words: checked.append(words["holds"]))
    verbs.in_time("ERR-007", expected="at most 2 s", observed="after 9 s", holds=False, about=claim)
    monkeypatch.setattr(verbs, "turn_since", lambda _about: "who does it ended")
    verbs.in_time("ERR-007", expected="at most 2 s", observed="after 1 s", holds=True, about=claim)
    assert checked == [False, True]
    with pytest.raises(pytest.skip.Exception):
        verbs.in_time("ERR-007", expected="at most 2 s", observed="after 9 s", holds=False, about=claim)
    assert recorder.ending
    assert recorder.ending.reason.startswith("who does it ended: ")


def test_controllers_had_no_turn_where_the_server_was_away_but_what_they_had_to_do_is_as_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    verbs, claim = told()
    history = cast(Recorded, verbs.history)
    monkeypatch.setattr(core, "turn_since", lambda *_about: "")
    monkeypatch.setattr(verbs, "station", SimpleNamespace(client=None), raising=False)
    monkeypatch.setattr(verbs, "cluster", SimpleNamespace(driver="d"), raising=False)
    assert verbs.turn_since(claim) == "", "nothing was seen of it"
    made = {"creationTimestamp": "2026-05-04T10:20:30Z"}
    history.told(PVC, {"metadata": {**meta("p", namespace="ns"), **made}})
    assert verbs.turn_since(claim) == ""
    history.lose_sight(verbs)
    assert verbs.turn_since(claim) == "the API server was out of reach meanwhile"
    history.now += 1
    history.regain_sight(verbs)
    assert verbs.turn_since(claim) == "the API server was out of reach meanwhile"
    history.told(PVC, {"metadata": {**meta("later", namespace="ns"), **made}})
    assert verbs.turn_since(Handle.of(PVC, {"metadata": meta("later", namespace="ns")})) == ""


def test_what_is_not_seen_over_a_gap_says_nothing_about_the_driver(
    monkeypatch: pytest.MonkeyPatch, in_vain: tuple[AnswerVerbs, Handle]
) -> None:
    verbs, claim = in_vain
    monkeypatch.setattr(verbs, "_every", set(), raising=False)
    monkeypatch.setattr(verbs, "_missed", lambda _kinds: "versions were missed")
    with pytest.raises(OutOfBounds, match="versions were missed; "):
        verbs.seen(claim, BOUND)


@pytest.mark.parametrize(("clause", "error"), [("ERR-009", WaitTimeout), ("", PreparationError)])
def test_one_that_does_not_come_is_a_failure_where_nobody_began(
    in_vain: tuple[AnswerVerbs, Handle], clause: str, error: type[Exception]
) -> None:
    verbs, claim = in_vain
    with pytest.raises(error, match="an event ProvisioningFailed; not seen"):
        verbs.event(claim, "ProvisioningFailed", clause)


@pytest.mark.parametrize("message", [REFUSED, FAILED + "snapshot ns/s not found", ""])
def test_other_failures_are_answers(message: str) -> None:
    assert not too_early(message)
