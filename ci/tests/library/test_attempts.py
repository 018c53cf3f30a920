"""What the versions of a content show of the calls about it."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.history import History, Version
from pytest_csi_snapshot.kube.kinds import SNAPSHOT_CONTENT
from pytest_csi_snapshot.verbs.attempts import BEING_CREATED, attempts_in, code_of

from .objects import meta


def life(*calling: bool) -> list[Version]:
    """The versions of a content that bear the annotation or not."""
    history = History()
    for number, on in enumerate(calling):
        body = meta("content", uid="c")
        body["annotations"] = {BEING_CREATED: "yes"} if on else {}
        history.record(SNAPSHOT_CONTENT, "MODIFIED" if number else "ADDED", {"metadata": body, "spec": {}})
    return history.versions("c")


def test_a_call_lasts_while_the_annotation_does() -> None:
    versions = life(False, True, True, False, False, True)
    first, second = attempts_in(versions)
    assert (first.begun, first.ended) == (versions[1], versions[3])
    assert (second.begun, second.ended) == (versions[5], None)


def test_a_content_that_nobody_cut() -> None:
    assert attempts_in(life(False, False)) == []


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("failed: rpc error: code = NotFound desc = volume never-1 not found", "NotFound"),
        ("cannot get credentials", ""),
    ],
)
def test_the_code_in_an_error(message: str, code: str) -> None:
    assert code_of({"status": {"error": {"message": message}}}) == code


def test_the_code_of_no_error() -> None:
    assert code_of({"status": {}}) == ""
