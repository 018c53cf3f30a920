"""Verbs as steps: which are, in what words, nested, and heard by listeners."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pytest_csi_snapshot.conditions import READY
from pytest_csi_snapshot.csi.wire import csi_pb2
from pytest_csi_snapshot.evidence.stepping import LONGEST, Stepping, quiet
from pytest_csi_snapshot.evidence.tape import TAPE, Tape
from pytest_csi_snapshot.kube.kinds import SNAPSHOT
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.verbs.core import Core

TAKEN = Handle(SNAPSHOT, "ns", "s", "uid-s")


class Verbs(Stepping):
    def take(self, claim: str, *, cls: str = "", clause: str = "") -> str:
        self._name(claim)
        return self.wait_for_it(TAKEN, READY, "SNAP-DYN-001")

    def wait_for_it(self, what: object, condition: object, clause: str = "") -> str:
        self.known(what)
        return "ready"

    def ask(self, message: object, size: int = 0, deep: bool = False, body: object = None) -> None:
        pass

    def fail(self) -> None:
        raise ValueError("no")

    @quiet
    def known(self, what: object) -> object:
        return what

    @property
    def size(self) -> int:
        return 1

    @contextmanager
    def held(self) -> Iterator[None]:
        yield

    def _name(self, claim: str) -> None:
        pass


def test_public_verbs_are_steps_and_nothing_else(tape: Tape) -> None:
    verbs = Verbs()
    with verbs.held():
        assert verbs.take("a", cls="fast") == "ready"
        assert verbs.size == 1
    assert [(step.verb, step.text, step.depth) for step in tape.steps] == [
        ("take", "take a, cls fast", 0),
        ("wait_for_it", "wait for it VolumeSnapshot ns/s, status.readyToUse true", 1),
    ]
    outer, inner = tape.steps
    assert outer.began <= inner.began <= inner.ended <= outer.ended


def test_words_of_arguments_are_short_and_tell_no_contents(tape: Tape) -> None:
    secret = csi_pb2.CreateSnapshotRequest(secrets={"key": "hush"})
    Verbs().ask(secret, 5, deep=True, body={"data": "hush"})
    Verbs().ask("x" * 200, 0)
    Verbs().ask({"metadata": {"name": "a"}, "spec": {"b": "hush"}})
    Verbs().ask("two\nlines")
    assert [step.text for step in tape.steps] == [
        "ask CreateSnapshotRequest, size 5, deep true",
        f"ask {'x' * LONGEST} …",
        "ask a",
        "ask two …",
    ]


def test_a_step_that_fails_has_ended_and_those_after_it_lie_no_deeper(tape: Tape) -> None:
    with pytest.raises(ValueError):
        Verbs().fail()
    Verbs().ask("next")
    assert [step.depth for step in tape.steps] == [0, 0]
    assert all(step.ended for step in tape.steps)


def test_listeners_surround_the_steps_of_the_tests_own_thread(tape: Tape, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []

    @contextmanager
    def listen(verb: str, text: str) -> Iterator[None]:
        heard.append(f"begin {verb}")
        try:
            yield
        except ValueError:
            heard.append("failed")
            raise
        finally:
            heard.append(f"end {verb}")

    monkeypatch.setattr(tape, "_step_listeners", [])
    tape.on_step(listen)
    Verbs().wait_for_it(TAKEN, READY)
    with pytest.raises(ValueError):
        Verbs().fail()
    beside = threading.Thread(target=Verbs().ask, args=("beside",))
    beside.start()
    beside.join()
    assert heard == ["begin wait_for_it", "end wait_for_it", "begin fail", "failed", "end fail"]
    assert tape.steps[-1].text == "ask beside"


def test_between_tests_nothing_is_noted(tape: Tape) -> None:
    tape.end()
    Verbs().take("a")
    assert TAPE.steps == []


def test_the_verbs_of_a_scenario_are_steps() -> None:
    assert hasattr(Core.wait, "__wrapped__")
    assert not hasattr(Core.check, "__wrapped__")
